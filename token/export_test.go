package token

import (
	"runtime"

	"github.com/golang-jwt/jwt/v5"
)

// PreKeyed returns the signing method and a key of the type that it takes.
func PreKeyed(key []byte) (jwt.SigningMethod, any) {
	return hs256(), newMACKey(key)
}

// EncodeClaims writes claims as Issue does.
func EncodeClaims(exp, iat int64, userID string) string {
	c := newClaims(exp, iat)
	c.userID = userID
	return string(c.append(nil))
}

// DecodeClaims reads claims as Verify does, and writes them again.
func DecodeClaims(text string) (c jwt.Claims, encoded string, ok bool) {
	parsed, ok := parseClaims([]byte(text))
	if !ok {
		return nil, "", false
	}
	return parsed, string(parsed.append(nil)), true
}

// ValidateUserID is what decides whether an id may be in a token.
func ValidateUserID(id string) error { return validateUserID(id) }

// ValidateTimes applies the rules on time and nothing else.
func (s *Signer) ValidateTimes(
	exp, iat int64, purpose Purpose,
) (Reason, jwt.Claims) {
	c := newClaims(exp, iat)
	return s.validateTimes(c, s.purposes[purpose].lifetime.Max), c
}

func newClaims(exp, iat int64) *claims {
	return &claims{exp: numericDate(exp), iat: numericDate(iat)}
}

// AddKeyCleanup runs f once a keyed state of the MAC key of a purpose is gone.
func (s *Signer) AddKeyCleanup(purpose Purpose, f func()) {
	key := s.purposes[purpose].key.mac
	state := key.start()
	runtime.AddCleanup(state, func(func()) { f() }, f)
	key.release(state)
}

// Pooled returns what lies in a keyed state that waits to be used again.
func (s *Signer) Pooled(purpose Purpose) (pooled []byte) {
	signing := s.purposes[purpose].key
	for _, key := range []*macKey{signing.mac, signing.fingerprint} {
		state := key.start()
		pooled = append(append(pooled, state.text[:]...), state.out[:]...)
		key.release(state)
	}
	return pooled
}

// IDs returns the ids of the keys, the signing one first.
func (k Keys) IDs() []string {
	var ids []string
	for _, key := range k.keys {
		ids = append(ids, key.id)
	}
	return ids
}

// IsZero reports whether t is the zero Token.
func (t Token) IsZero() bool { return t.text.text == nil && t.expires.IsZero() }
