package token

import (
	"runtime"

	"github.com/golang-jwt/jwt/v5"
)

// PreKeyed is the signing method with the type of key that it takes.
func PreKeyed(key []byte) (jwt.SigningMethod, any) { return hs256(), newMACKey(key) }

// EncodeClaims writes claims as Issue does.
func EncodeClaims(exp, iat int64, sub string) string {
	c := claims{exp: exp, iat: iat, sub: sub}
	return string(c.append(nil))
}

// DecodeClaims reads claims as Verify does, and writes them again.
func DecodeClaims(text string) (c jwt.Claims, again string, ok bool) {
	parsed, ok := parseClaims([]byte(text))
	return &parsed, string(parsed.append(nil)), ok
}

// CheckUserID is what decides whether an id may be in a token.
func CheckUserID(id string) error { return checkUserID(id) }

// CanonicalSite is the spelling of a site that enters the derivation.
func CanonicalSite(site string) (string, error) { return canonicalSite(site) }

// CheckTimes applies the rules on time and nothing else.
func (s *Signer) CheckTimes(exp, iat int64, purpose Purpose) (Reason, jwt.Claims) {
	c := claims{exp: exp, iat: iat}
	return s.checkTimes(&c, s.purposes[purpose].lifetime.Max), &c
}

// AddKeyCleanup runs f once a keyed state of the MAC key of a purpose is gone.
func (s *Signer) AddKeyCleanup(purpose Purpose, f func()) {
	key := s.purposes[purpose].signing.mac
	state := key.start()
	runtime.AddCleanup(state, func(func()) { f() }, f)
	key.release(state)
}

// Reveal returns the text of each key.
func (r Keys) Reveal() []string {
	var texts []string
	for _, k := range r.all() {
		texts = append(texts, k.Reveal())
	}
	return texts
}

// Pooled returns what lies in a keyed state that waits to be used again.
func (s *Signer) Pooled(purpose Purpose) (left []byte) {
	signing := s.purposes[purpose].signing
	for _, key := range []*macKey{signing.mac, signing.fingerprint} {
		state := key.start()
		left = append(append(left, state.text[:]...), state.out[:]...)
		key.release(state)
	}
	return left
}
