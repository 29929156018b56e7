package token

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims is the payload in its one canonical form:
//
//	{"exp":<int>,"fp":"<22 chars>","iat":<int>,"sub":"<user id>"}
//
// It is written and read by hand: encoding/json takes duplicate names, names in
// another case, fractions and U+FFFD for bad UTF-8, and costs five times as
// much. The order is fixed, there is no white space, and a string escapes only
// what encoding/json with HTML escaping off escapes.
type claims struct {
	exp, iat    int64
	fingerprint [fingerprintBytes]byte
	sub         string
}

// maxTimeDigits bounds a time in the claims: 12 digits last until the year
// 33658, and no sum of two such times overflows.
const (
	maxTimeDigits = 12
	maxTime       = 1e12 - 1
)

// usualClaims is room for the claims with an id of up to 100 characters, on the
// stack. Longer ones take an allocation.
const usualClaims = 192

// append adds the canonical form to b.
func (c *claims) append(b []byte) []byte {
	b = append(b, `{"exp":`...)
	b = strconv.AppendInt(b, c.exp, 10)
	b = append(b, `,"fp":"`...)
	b = base64url.AppendEncode(b, c.fingerprint[:])
	b = append(b, `","iat":`...)
	b = strconv.AppendInt(b, c.iat, 10)
	b = append(b, `,"sub":"`...)
	b = appendEscaped(b, c.sub)
	return append(b, `"}`...)
}

// parseClaims reads text that append has written. Everything else is refused,
// also what any JSON parser would read as the same values: since we are the
// only issuer, another spelling was made by somebody else. The caller must
// have checked the MAC.
func parseClaims(text []byte) (claims, bool) {
	var c claims
	var fingerprint []byte
	rest := text
	c.exp, rest = cutNumber(rest, `{"exp":`)
	fingerprint, rest = cutText(rest, `,"fp":"`, fingerprintChars)
	c.iat, rest = cutNumber(rest, `","iat":`)
	rest = bytes.TrimPrefix(rest, []byte(`,"sub":"`))
	rest = bytes.TrimSuffix(rest, []byte(`"}`))
	c.sub = unescape(string(rest))
	_, _ = base64url.Decode(c.fingerprint[:], fingerprint)
	// So far values were found and nothing was checked. Text that is not in our
	// form gave some other values, and these give other text.
	var again [usualClaims]byte
	return c, bytes.Equal(c.append(again[:0]), text) && checkUserID(c.sub) == nil
}

func cutNumber(s []byte, prefix string) (n int64, rest []byte) {
	s = bytes.TrimPrefix(s, []byte(prefix))
	end := 0
	for end < len(s) && end < maxTimeDigits && s[end] >= '0' && s[end] <= '9' {
		n = n*10 + int64(s[end]-'0')
		end++
	}
	return n, s[end:]
}

func cutText(s []byte, prefix string, length int) (text, rest []byte) {
	s = bytes.TrimPrefix(s, []byte(prefix))
	length = min(length, len(s))
	return s[:length], s[length:]
}

// Line and paragraph separator are printable to JSON but end a line in older
// JavaScript; encoding/json escapes them, so we do.
const (
	lineSeparator      = "\u2028"
	paragraphSeparator = "\u2029"
)

// appendEscaped adds s as the inside of a JSON string. Control characters and
// bad UTF-8 do not come here: checkUserID refuses them.
func appendEscaped(b []byte, s string) []byte {
	if strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, lineSeparator[0]) < 0 {
		return append(b, s...) // nearly every id
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\\':
			b = append(b, '\\', s[i])
		case strings.HasPrefix(s[i:], lineSeparator):
			b = append(b, `\u2028`...)
			i += len(lineSeparator) - 1
		case strings.HasPrefix(s[i:], paragraphSeparator):
			b = append(b, `\u2029`...)
			i += len(paragraphSeparator) - 1
		default:
			b = append(b, s[i])
		}
	}
	return b
}

// unescape undoes appendEscaped. Of other escapes it makes something that does
// not encode to the same text again.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\u2028`, lineSeparator, `\u2029`, paragraphSeparator).Replace(s)
}

// The methods below make claims a [jwt.Claims], so that golang-jwt's validator
// can be asked about the same values. Signer.Verify compares the two times
// itself, which a test holds against that validator at every boundary.
var _ jwt.Claims = (*claims)(nil)

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.exp, 0)), nil
}

func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.iat, 0)), nil
}

func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil } //nolint:nilnil // jwt.Claims: nil says the claim is absent

func (c *claims) GetIssuer() (string, error) { return "", nil }

func (c *claims) GetSubject() (string, error) { return c.sub, nil }

func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return nil, nil }
