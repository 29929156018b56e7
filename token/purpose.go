package token

import (
	"errors"
	"fmt"
	"time"
)

// Purpose is what a token may be used for, in 1 to 32 lower-case letters,
// digits and hyphens. Add your own to [Config].Purposes, for example to confirm
// or to change an address.
type Purpose string

// The purposes of every [Signer].
const (
	// PurposeReset lets the user choose a new password. Tokens live for 1 hour
	// unless configured otherwise (OWASP WSTG-ATHN-09: rarely more), and at
	// most 24 hours (NIST SP 800-63B-4, section 4.2.1.2, for codes sent by
	// e-mail).
	PurposeReset Purpose = "reset"

	// PurposeInvite lets the user of a new account choose the first password.
	// Tokens live for 72 hours unless configured otherwise, and at most 7 days.
	PurposeInvite Purpose = "invite"
)

// Lifetime bounds how long tokens of a purpose live. In [PurposeReset] and
// [PurposeInvite], a zero field has its built-in value. In other purposes, it
// has the value of the other field.
type Lifetime struct {
	// Default is used when Issue is given none.
	Default time.Duration

	// Max is the longest lifetime, from a second to what [PurposeReset] and
	// [PurposeInvite] say, or to 30 days for other purposes. Verify rejects
	// tokens that live longer.
	Max time.Duration
}

// maxLifetime bounds purposes that are not built in. A link that lives for more
// than a month is a credential and needs a table.
const maxLifetime = 30 * 24 * time.Hour

// builtIn returns the lifetimes of the purposes of every Signer.
func builtIn() map[Purpose]Lifetime {
	return map[Purpose]Lifetime{
		PurposeReset:  {Default: time.Hour, Max: 24 * time.Hour},
		PurposeInvite: {Default: 72 * time.Hour, Max: 7 * 24 * time.Hour},
	}
}

// mergeLifetimes returns the built-in purposes and the configured ones.
func mergeLifetimes(
	configured map[Purpose]Lifetime,
) (map[Purpose]Lifetime, error) {
	merged := builtIn()
	for purpose, lifetime := range configured {
		if err := validateName(string(purpose)); err != nil {
			return nil, fmt.Errorf("token: Config.Purposes: name %w", err)
		}

		fallback, ok := merged[purpose]
		ceiling := fallback.Max
		if !ok {
			fallback = Lifetime{Default: lifetime.Max, Max: lifetime.Default}
			ceiling = maxLifetime
		}
		if lifetime.Max == 0 {
			lifetime.Max = fallback.Max
		}
		if lifetime.Default == 0 {
			lifetime.Default = min(fallback.Default, lifetime.Max)
		}

		if err := lifetime.validate(ceiling); err != nil {
			return nil, fmt.Errorf("token: Config.Purposes[%q]%w",
				string(purpose), err)
		}
		merged[purpose] = lifetime
	}
	return merged, nil
}

func (l Lifetime) validate(ceiling time.Duration) error {
	if l.Max < time.Second || l.Max > ceiling {
		return fmt.Errorf(".Max is %v, want 1s to %v", l.Max, ceiling)
	}
	if l.Default < time.Second || l.Default > l.Max {
		return fmt.Errorf(".Default is %v, want 1s to %v", l.Default, l.Max)
	}
	return nil
}

// validateName checks a purpose or a label. No character of it has to be
// escaped anywhere.
func validateName(name string) error {
	const longest = 32
	if name == "" || len(name) > longest {
		return fmt.Errorf("has %d characters, want 1 to %d", len(name), longest)
	}

	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return errors.New("has characters other than " +
				"lower-case letters, digits and hyphens")
		}
	}
	return nil
}
