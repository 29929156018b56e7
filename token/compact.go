package token

import (
	"encoding/base64"
	"strings"
)

// A token is a JWS in compact serialization (RFC 7515, section 7.1): header,
// payload and signature in base64url, with a dot between them.

const (
	// maxTokenChars bounds what Verify reads, so that input of any size costs
	// the same. The longest token that Issue makes has fewer than 1,000
	// characters: its user id has 255, each of which needs an escape.
	maxTokenChars = 1024

	// signatureChars is the length of 32 bytes in base64url.
	signatureChars = 43
)

// base64url is the encoding of RFC 7515, section 2: the URL alphabet without
// padding. It is strict, or the spare bits of the last character would give
// each token four spellings. Even so it skips line breaks; see split.
var base64url = base64.RawURLEncoding.Strict()

// encodeHeader returns the header of all tokens with this key and purpose. No
// id and no purpose has a character that JSON would escape.
func encodeHeader(keyID string, purpose Purpose) string {
	return base64url.EncodeToString([]byte(`{"alg":"` + hs256().Alg() +
		`","kid":"` + keyID + `","typ":"` + string(purpose) + `+jwt"}`))
}

// sign returns the token with these claims.
func sign(key *purposeKey, c *claims) (string, error) {
	var payload [usualClaims]byte
	var encoded [usualClaims * 4 / 3]byte
	body := base64url.AppendEncode(encoded[:0], c.append(payload[:0]))

	var b strings.Builder
	b.Grow(len(key.header) + 1 + len(body) + 1 + signatureChars)
	b.WriteString(key.header)
	b.WriteByte('.')
	b.Write(body)

	// The Builder only appends, so this string stays as it is.
	sig, err := hs256().Sign(b.String(), key.mac)
	if err != nil {
		return "", err
	}

	b.WriteByte('.')
	b.Write(base64url.AppendEncode(encoded[:0], sig))
	return b.String(), nil
}

// split cuts a token at its two dots. It finds the signature by its length, so
// that the cost does not depend on what is in between.
func split(raw string) (header, payload, signature string, ok bool) {
	if len(raw) > maxTokenChars {
		return "", "", "", false
	}

	// If raw is short, last is negative and first cannot be below it.
	last := len(raw) - signatureChars - 1
	first := strings.IndexByte(raw, '.')
	if first < 1 || first+1 >= last || raw[last] != '.' {
		return "", "", "", false
	}

	// The decoder skips line breaks, even when strict. Each one would be
	// another spelling of the token, made without the key.
	if strings.IndexByte(raw, '\n') >= 0 || strings.IndexByte(raw, '\r') >= 0 {
		return "", "", "", false
	}
	return raw[:first], raw[first+1 : last], raw[last+1:], true
}

func isBase64URL(s string) bool {
	for i := range len(s) {
		if !isBase64URLChar(s[i]) {
			return false
		}
	}
	return true
}

// isBase64URLChar reports whether c is in the alphabet of RFC 4648, section 5.
func isBase64URLChar(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
		c >= '0' && c <= '9' || c == '-' || c == '_'
}
