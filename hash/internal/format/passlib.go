package format

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
)

// passlibScheme reads passlib's bcrypt_sha256. Version 2 is bcrypt over an HMAC
// keyed with the salt's text. Version 1, of passlib up to 1.7.2, is bcrypt over
// a plain SHA-256.
type passlibScheme struct{}

const passlibPrefix = "$bcrypt-sha256$"

func (passlibScheme) Name() string { return "passlib-bcrypt-sha256" }

func (passlibScheme) Example() string {
	return passlibPrefix + "v=2,t=2b,r=12$"
}

func (passlibScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, passlibPrefix)
}

func (s passlibScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	parts := strings.Split(strings.TrimPrefix(encoded, passlibPrefix), "$")
	if len(parts) != 3 || len(parts[1]) != 22 || len(parts[2]) != 31 {
		return Record{}, Malformed(s.Name(), "parts")
	}

	salt := parts[1]
	head, v2 := strings.CutPrefix(parts[0], "v=2,t=")
	ident, cost, ok := strings.Cut(head, ",")
	if v2 && ok {
		cost, ok = strings.CutPrefix(cost, "r=")
	}
	if !ok || len(ident) != 2 || ident[0] != '2' {
		return Record{}, Malformed(s.Name(), "parameters")
	}

	// Version 2 writes a cost below ten with one digit, bcrypt with two.
	if v2 && len(cost) == 1 {
		cost = "0" + cost
	}
	inner := "$" + ident + "$" + cost + "$" + salt + parts[2]

	shape := func(password string) string {
		sum := sha256.Sum256([]byte(password))
		return paddedBase64.EncodeToString(sum[:])
	}
	if v2 {
		shape = func(password string) string {
			mac := hmac.New(sha256.New, []byte(salt))
			mac.Write([]byte(password))
			return paddedBase64.EncodeToString(mac.Sum(nil))
		}
	}

	return bcryptRecord(s.Name(), inner, bounds, shape)
}
