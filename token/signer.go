package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config configures a [Signer].
type Config struct {
	// Site is the base URL of the application, as [ParseSite] reads it.
	// Required.
	Site string

	// Keys is the key ring. Required.
	Keys Keys

	// Purposes adds purposes and sets lifetimes. [PurposeReset] and
	// [PurposeInvite] are always there.
	Purposes map[Purpose]Lifetime

	// Leeway is how far in the future a token may have been issued, for servers
	// whose clocks differ: zero to a minute. It never lets a token live longer.
	Leeway time.Duration

	// Now returns the current time and must be safe for concurrent use. Nil
	// means time.Now.
	Now func() time.Time
}

const maxLeeway = time.Minute

// Signer issues and verifies the tokens of one site. Make one with [New]. The
// methods of the zero Signer return errors. A Signer does not change and is
// safe for concurrent use.
type Signer struct {
	purposes map[Purpose]policy
	keys     map[string]*purposeKey // by encoded header
	now      func() time.Time

	// Both judge exp and iat. The leeway of a Validator lengthens exp as well,
	// which ours must not, so exp is judged by the strict one.
	strict, lenient *jwt.Validator
}

// policy says how tokens of one purpose are issued.
type policy struct {
	lifetime Lifetime
	key      *purposeKey
}

// purposeKey is one key of the ring, derived for one purpose.
type purposeKey struct {
	header      string // of all its tokens, encoded
	purpose     Purpose
	keyID       string
	mac         *macKey
	fingerprint *macKey
}

// New returns a Signer for cfg, which it copies. The error names the field that
// is wrong and never shows a secret.
func New(cfg Config) (*Signer, error) {
	site, err := canonicalSite(cfg.Site)
	if err != nil {
		return nil, fmt.Errorf("token: Config.Site %w", err)
	}
	if len(cfg.Keys.keys) == 0 {
		return nil, errors.New("token: Config.Keys is empty")
	}
	if cfg.Leeway < 0 || cfg.Leeway > maxLeeway {
		return nil, fmt.Errorf("token: Config.Leeway is %v, want 0 to %v",
			cfg.Leeway, maxLeeway)
	}

	lifetimes, err := mergeLifetimes(cfg.Purposes)
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // the default of Config.Now
	}

	clock := jwt.WithTimeFunc(cfg.Now)
	s := &Signer{
		purposes: make(map[Purpose]policy),
		keys:     make(map[string]*purposeKey),
		now:      cfg.Now,
		strict: jwt.NewValidator(clock, jwt.WithExpirationRequired(),
			jwt.WithIssuedAt()),
		lenient: jwt.NewValidator(clock, jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(), jwt.WithLeeway(cfg.Leeway)),
	}

	for _, key := range cfg.Keys.keys {
		if err := s.addKey(key, site, lifetimes); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addKey derives the keys of each purpose. The first key that is added signs.
func (s *Signer) addKey(
	key ringKey, site string, lifetimes map[Purpose]Lifetime,
) error {
	fingerprint, err := key.deriveFingerprint(site)
	if err != nil {
		return err
	}

	for purpose, lifetime := range lifetimes {
		mac, err := key.deriveMAC(site, purpose)
		if err != nil {
			return err
		}

		k := &purposeKey{
			header:      encodeHeader(key.id, purpose),
			purpose:     purpose,
			keyID:       key.id,
			mac:         mac,
			fingerprint: fingerprint,
		}

		s.keys[k.header] = k
		if _, ok := s.purposes[purpose]; !ok {
			s.purposes[purpose] = policy{lifetime: lifetime, key: k}
		}
	}
	return nil
}

// Issue returns a token for the user with the given state, which the caller
// must have loaded just now. The lifetime is rounded down to seconds; zero
// means the default of the purpose.
//
// Issue writes nothing. It fails if the purpose is not configured, if the
// lifetime is below a second or above the maximum of the purpose, if the state
// breaks a rule of [State], or if the clock is before 1970 or after the year
// 33000.
func (s *Signer) Issue(
	purpose Purpose, state State, lifetime time.Duration,
) (Token, error) {
	rules, ok := s.purposes[purpose]
	if !ok {
		return Token{}, errUnknownPurpose(purpose)
	}

	if lifetime == 0 {
		lifetime = rules.lifetime.Default
	}
	if lifetime < time.Second || lifetime > rules.lifetime.Max {
		return Token{}, fmt.Errorf(
			"token: lifetime is %v, want 1s to %v for purpose %q",
			lifetime, rules.lifetime.Max, string(purpose))
	}

	if err := state.validate(purpose); err != nil {
		return Token{}, fmt.Errorf("token: %w", err)
	}

	iat := s.now().Unix()
	if iat <= 0 || iat > maxTime-int64(maxLifetime/time.Second) {
		return Token{}, errors.New("token: the clock is out of range")
	}
	c := claims{
		exp:         numericDate(iat + int64(lifetime/time.Second)),
		iat:         numericDate(iat),
		userID:      state.UserID,
		fingerprint: rules.key.fingerprintOf(state),
	}

	text, err := sign(rules.key, &c)
	if err != nil {
		return Token{}, fmt.Errorf("token: sign: %w", err)
	}
	return Token{text: Hide(text), expires: c.exp.UTC()}, nil
}

func errUnknownPurpose(purpose Purpose) error {
	return fmt.Errorf("token: purpose %q is not configured", string(purpose))
}
