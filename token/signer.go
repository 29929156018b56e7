package token

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is what [New] makes a [Signer] of. It is copied; later changes have no
// effect.
type Config struct {
	// Site is the absolute base URL of the application, such as
	// "https://app.example". Required. It enters the key derivation: a Signer
	// for another site rejects the tokens of this one, also with the same keys.
	// Spelling is brought to one form (case of scheme and host, default port,
	// slash at the end), but http and https are two sites. Plain http is
	// accepted, for development: this package makes no links.
	Site string
	// Keys is the ring. Required.
	Keys Keys
	// Purposes adds purposes of your own, or narrows those of Reset and Invite.
	// Nil leaves these two with their built-in lifetimes.
	Purposes map[Purpose]Lifetime
	// Leeway is how far in the future a token may have been issued, for
	// servers whose clocks disagree; zero means not at all, a minute is the
	// most. It never lets a token live longer.
	Leeway time.Duration
	// Now is the clock; nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time
}

const maxLeeway = time.Minute

// Signer issues and verifies the tokens of one site. Make it with [New]; the
// zero Signer knows no purpose and only returns errors. It does not change and
// is safe for concurrent use.
type Signer struct {
	site     string
	purposes map[Purpose]policy
	headers  map[string]*profile // by encoded header
	leeway   time.Duration
	now      func() time.Time
}

// policy is what one purpose issues with.
type policy struct {
	lifetime Lifetime
	signing  *profile
}

// profile is one key in one purpose: what a header stands for.
type profile struct {
	header      string // encoded, without the dot
	purpose     Purpose
	keyID       string
	mac         *macKey
	fingerprint *macKey
}

// New checks the configuration and derives the keys. The errors name the field
// and never print a secret.
func New(cfg Config) (*Signer, error) {
	site, err := canonicalSite(cfg.Site)
	if err != nil {
		return nil, err
	}
	ring := cfg.Keys.all()
	if len(ring) == 0 {
		return nil, errors.New("token: Config.Keys is empty")
	}
	if cfg.Leeway < 0 || cfg.Leeway > maxLeeway {
		return nil, fmt.Errorf("token: Config.Leeway is %v, want 0 to %v", cfg.Leeway, maxLeeway)
	}
	bounds, err := lifetimes(cfg.Purposes)
	if err != nil {
		return nil, err
	}
	s := &Signer{
		site:     site,
		purposes: make(map[Purpose]policy, len(bounds)),
		headers:  make(map[string]*profile, len(bounds)*len(ring)),
		leeway:   cfg.Leeway,
		now:      cfg.Now,
	}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the one default of Config.Now
	}
	for _, k := range ring {
		if err := s.addKey(k.material, bounds); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addKey derives what one key needs, for each purpose. The first key that is
// added signs.
func (s *Signer) addKey(m *material, bounds map[Purpose]Lifetime) error {
	fingerprint, err := m.deriveFingerprint(s.site)
	if err != nil {
		return err
	}
	for purpose, lifetime := range bounds {
		mac, err := m.deriveMAC(s.site, purpose)
		if err != nil {
			return err
		}
		// Nothing in it needs an escape: checkKeyID and checkPurpose see to that.
		header := `{"alg":"` + hs256().Alg() + `","kid":"` + m.id + `","typ":"` + string(purpose) + `+jwt"}`
		p := &profile{
			header:      base64url.EncodeToString([]byte(header)),
			purpose:     purpose,
			keyID:       m.id,
			mac:         mac,
			fingerprint: fingerprint,
		}
		s.headers[p.header] = p
		if _, ok := s.purposes[purpose]; !ok {
			s.purposes[purpose] = policy{lifetime: lifetime, signing: p}
		}
	}
	return nil
}

// Issue makes a token for purpose that is good while the user's state stays
// what it is, for lifetime, rounded down to seconds; zero means the purpose's
// default. It writes nothing and looks nothing up: the caller must have loaded
// the state just now, and must send the token to state.Email and nowhere else.
//
// The errors are the caller's: an unknown purpose, a lifetime under a second or
// over the purpose's maximum, a state that [State] does not allow, a clock before
// 1970 or beyond the year 33000. With an error the Token is zero.
func (s *Signer) Issue(purpose Purpose, state State, lifetime time.Duration) (Token, error) {
	rules, ok := s.purposes[purpose]
	if !ok {
		return Token{}, errUnknownPurpose(purpose)
	}
	if lifetime == 0 {
		lifetime = rules.lifetime.Default
	}
	if lifetime < time.Second || lifetime > rules.lifetime.Max {
		return Token{}, fmt.Errorf("token: a lifetime of %v for purpose %q, want 1s to %v", lifetime, string(purpose), rules.lifetime.Max)
	}
	if err := state.check(purpose); err != nil {
		return Token{}, fmt.Errorf("token: %w", err)
	}
	iat := s.now().Unix()
	if iat <= 0 || iat > maxTime-int64(maxLifetime/time.Second) {
		return Token{}, errors.New("token: the clock is out of range")
	}
	key := rules.signing
	c := claims{
		exp:         iat + int64(lifetime/time.Second),
		iat:         iat,
		fingerprint: key.fingerprint.fingerprint(purpose, state),
		sub:         state.UserID,
	}
	text, err := s.sign(key, &c)
	if err != nil {
		return Token{}, err
	}
	return Token{&issued{text: func() string { return text }, exp: c.exp}}, nil
}

// sign writes the compact serialisation of RFC 7515, section 7.1.
func (s *Signer) sign(key *profile, c *claims) (string, error) {
	var payload [usualClaims]byte
	var encoded [usualClaims * 4 / 3]byte
	body := base64url.AppendEncode(encoded[:0], c.append(payload[:0]))
	var b strings.Builder
	b.Grow(len(key.header) + 1 + len(body) + 1 + signatureChars)
	b.WriteString(key.header)
	b.WriteByte('.')
	b.Write(body)
	// A Builder only appends, so this string stays as it is below.
	sig, err := hs256().Sign(b.String(), key.mac)
	if err != nil {
		return "", fmt.Errorf("token: sign: %w", err)
	}
	b.WriteByte('.')
	b.Write(base64url.AppendEncode(encoded[:0], sig))
	return b.String(), nil
}

func errUnknownPurpose(purpose Purpose) error {
	return fmt.Errorf("token: purpose %q is not configured", string(purpose))
}
