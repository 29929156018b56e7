package token

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims is the payload of a token. It has one form:
//
//	{"exp":<int>,"fp":"<22 chars>","iat":<int>,"sub":"<user id>"}
//
// It is written and read by hand. encoding/json accepts duplicate names, names
// in another case and fractions, turns bad UTF-8 into U+FFFD, and costs five
// times as much. The order is fixed and there is no white space. Strings have
// the escapes that encoding/json writes with HTML escaping off.
type claims struct {
	exp, iat    jwt.NumericDate
	fingerprint [fingerprintBytes]byte
	userID      string
}

var _ jwt.Claims = (*claims)(nil)

// A time in the claims has up to 12 digits, which last until the year 33658.
const (
	maxTimeDigits = 12
	maxTime       = 1e12 - 1
)

// numericDate does not use [jwt.NewNumericDate], which rounds to a precision
// that any other user of golang-jwt in the process can set.
func numericDate(seconds int64) jwt.NumericDate {
	return jwt.NumericDate{Time: time.Unix(seconds, 0)}
}

// usualClaims is the stack space for claims with an id of up to 100 characters.
// Longer ones are allocated.
const usualClaims = 192

// append appends the claims to b.
func (c *claims) append(b []byte) []byte {
	b = append(b, `{"exp":`...)
	b = strconv.AppendInt(b, c.exp.Unix(), 10)
	b = append(b, `,"fp":"`...)
	b = base64url.AppendEncode(b, c.fingerprint[:])
	b = append(b, `","iat":`...)
	b = strconv.AppendInt(b, c.iat.Unix(), 10)
	b = append(b, `,"sub":"`...)
	b = appendEscaped(b, c.userID)
	return append(b, `"}`...)
}

// parseClaims reads what append has written and refuses everything else, even
// what JSON parsers take for the same values. We are the only issuer, so any
// other spelling was made by somebody else. The MAC must have been checked.
func parseClaims(text []byte) (*claims, bool) {
	exp, rest := cutNumber(text, `{"exp":`)
	fingerprint, rest := cutText(rest, `,"fp":"`, fingerprintChars)
	iat, rest := cutNumber(rest, `","iat":`)
	rest = bytes.TrimPrefix(rest, []byte(`,"sub":"`))
	rest = bytes.TrimSuffix(rest, []byte(`"}`))

	c := &claims{
		exp:    numericDate(exp),
		iat:    numericDate(iat),
		userID: unescape(string(rest)),
	}
	_, _ = base64url.Decode(c.fingerprint[:], fingerprint)

	// Nothing has been checked so far. Text in another form has given other
	// values, which give other text.
	var reencoded [usualClaims]byte
	if !bytes.Equal(c.append(reencoded[:0]), text) {
		return nil, false
	}
	return c, validateUserID(c.userID) == nil
}

// cutNumber returns the digits after prefix as a number, and what follows.
func cutNumber(s []byte, prefix string) (n int64, rest []byte) {
	s = bytes.TrimPrefix(s, []byte(prefix))
	end := 0
	for end < len(s) && end < maxTimeDigits && s[end] >= '0' && s[end] <= '9' {
		n = n*10 + int64(s[end]-'0')
		end++
	}
	return n, s[end:]
}

// cutText returns length bytes after prefix, and what follows.
func cutText(s []byte, prefix string, length int) (text, rest []byte) {
	s = bytes.TrimPrefix(s, []byte(prefix))
	length = min(length, len(s))
	return s[:length], s[length:]
}

// JSON allows the line and the paragraph separator in strings, but older
// JavaScript ends a line at them. encoding/json escapes them, and so do we.
const (
	lineSeparator      = "\u2028"
	paragraphSeparator = "\u2029"
)

// appendEscaped appends s as the inside of a JSON string. validateUserID has
// refused control characters and bad UTF-8.
func appendEscaped(b []byte, s string) []byte {
	if strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 &&
		strings.IndexByte(s, lineSeparator[0]) < 0 {
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

// unescape undoes appendEscaped. What it makes of other escapes does not encode
// to the same text again.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(
		`\\`, `\`, `\"`, `"`,
		`\u2028`, lineSeparator, `\u2029`, paragraphSeparator,
	).Replace(s)
}

// With the methods below the claims are a [jwt.Claims], whose times golang-jwt
// judges for [Signer.Verify].

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return &c.exp, nil
}

func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return &c.iat, nil }

func (c *claims) GetNotBefore() (*jwt.NumericDate, error) {
	return nil, nil //nolint:nilnil // nil says that the claim is absent
}

func (c *claims) GetIssuer() (string, error) { return "", nil }

func (c *claims) GetSubject() (string, error) { return c.userID, nil }

func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return nil, nil }
