package policy

import (
	"context"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is the longest password in bytes, the same as hash.MaxPasswordBytes.
const MaxBytes = 1024

// The least lengths in code points. NIST SP 800-63B-4 section 3.1.1.2: 15 when
// the password is the only factor, 8 when it is used with another one.
const (
	minSingleFactor = 15
	minWithMFA      = 8
)

// Config is what a [Policy] is made of. The zero value asks for 15 code points.
type Config struct {
	// MinLength is the least length in code points, 8 to 64. Zero means 15, or
	// 8 with MFA.
	MinLength int
	// MFA says that a password alone signs nobody in.
	MFA bool
}

// Policy judges new passwords. It is immutable and safe for concurrent use.
type Policy struct {
	minLength int
}

// New returns a Policy, or an error that names the field.
func New(cfg Config) (*Policy, error) {
	p := &Policy{minLength: cfg.MinLength}
	switch {
	case cfg.MinLength == 0 && cfg.MFA:
		p.minLength = minWithMFA
	case cfg.MinLength == 0:
		p.minLength = minSingleFactor
	case cfg.MinLength < minWithMFA:
		return nil, fmt.Errorf("policy: Config.MinLength is below %d", minWithMFA)
	case cfg.MinLength > 64:
		// The same section asks to permit passwords of at least 64 characters.
		return nil, errors.New("policy: Config.MinLength is above 64")
	}
	return p, nil
}

// Check returns nil or an [*Error] that lists what is wrong with password.
// words are what an attacker would try first for this user and site.
func (p *Policy) Check(ctx context.Context, password string, words []string) error {
	_ = ctx
	_ = words
	if problems := p.shape(password); len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return nil
}

// shape judges the text alone. Length first: nothing else is worth knowing
// about ten megabytes.
func (p *Policy) shape(password string) []Problem {
	if len(password) > MaxBytes {
		return []Problem{{Code: CodeTooLong, Max: MaxBytes}}
	}
	if !utf8.ValidString(password) {
		return []Problem{{Code: CodeInvalidUTF8}}
	}
	var problems []Problem
	if utf8.RuneCountInString(password) < p.minLength {
		problems = append(problems, Problem{Code: CodeTooShort, Min: p.minLength})
	}
	for _, r := range password {
		if unicode.IsControl(r) {
			problems = append(problems, Problem{Code: CodeControl})
			break
		}
	}
	return problems
}
