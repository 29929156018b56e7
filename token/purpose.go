package token

import (
	"errors"
	"fmt"
	"time"
)

// Purpose is what a token may be used for: 1 to 32 lower-case letters, digits
// and hyphens. It is part of the key derivation and of the header, as
// "typ":"<purpose>+jwt", so a token for one purpose never verifies under
// another. Define your own for e-mail confirmation, e-mail change and the like,
// in [Config.Purposes].
type Purpose string

// The purposes that every [Signer] has.
const (
	// Reset lets the holder choose a new password. Lives 1 hour unless told
	// otherwise (OWASP WSTG-ATHN-09: rarely more), 24 hours at most (NIST SP
	// 800-63B-4, section 4.2.1.2, for recovery codes sent by e-mail).
	Reset Purpose = "reset"
	// Invite lets the holder of a new account choose a first password. Lives
	// 72 hours unless told otherwise, 7 days at most.
	Invite Purpose = "invite"
)

// maxLifetime bounds purposes of the host's own: a link that lives longer than
// a month is a credential, and wants a table.
const maxLifetime = 30 * 24 * time.Hour

// Lifetime bounds how long the tokens of one purpose live. Max also binds when
// verifying: a token that was signed for longer is rejected. A zero field is
// taken from the built-in values for [Reset] and [Invite], and from the other
// field for a purpose of your own.
type Lifetime struct {
	Default time.Duration // used when Issue is given no lifetime
	Max     time.Duration // at least a second; at most 24 hours for Reset, 7 days for Invite, 30 days for others
}

func builtIn(p Purpose) (Lifetime, bool) {
	switch p {
	case Reset:
		return Lifetime{Default: time.Hour, Max: 24 * time.Hour}, true
	case Invite:
		return Lifetime{Default: 72 * time.Hour, Max: 7 * 24 * time.Hour}, true
	default:
		return Lifetime{}, false
	}
}

// lifetimes merges the configured purposes into the built-in ones.
func lifetimes(configured map[Purpose]Lifetime) (map[Purpose]Lifetime, error) {
	merged := make(map[Purpose]Lifetime, len(configured)+2)
	for _, p := range []Purpose{Reset, Invite} {
		merged[p], _ = builtIn(p)
	}
	for p, l := range configured {
		if err := checkPurpose(p); err != nil {
			return nil, fmt.Errorf("token: Config.Purposes: %w", err)
		}
		l, err := l.complete(p)
		if err != nil {
			return nil, fmt.Errorf("token: Config.Purposes[%q]: %w", string(p), err)
		}
		merged[p] = l
	}
	return merged, nil
}

func (l Lifetime) complete(p Purpose) (Lifetime, error) {
	own, known := builtIn(p)
	ceiling := own.Max
	if !known {
		own, ceiling = Lifetime{Default: l.Max, Max: l.Default}, maxLifetime
	}
	if l.Max == 0 {
		l.Max = own.Max
	}
	if l.Default == 0 {
		l.Default = min(own.Default, l.Max)
	}
	switch {
	case l.Default == 0:
		return l, errors.New("both lifetimes are zero")
	case l.Default < time.Second || l.Max < time.Second:
		return l, errors.New("a lifetime is under one second")
	case l.Max > ceiling:
		return l, fmt.Errorf("the maximum is %v, over the ceiling of %v", l.Max, ceiling)
	case l.Default > l.Max:
		return l, fmt.Errorf("the default is %v, over the maximum of %v", l.Default, l.Max)
	}
	return l, nil
}

func checkPurpose(p Purpose) error {
	if p == "" || len(p) > 32 {
		return fmt.Errorf("a purpose has %d characters, want 1 to 32", len(p))
	}
	for i := range len(p) {
		if c := p[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return errors.New("a purpose has characters other than lower-case letters, digits and hyphens")
		}
	}
	return nil
}
