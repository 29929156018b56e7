package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBytes is the longest password in bytes, the same as hash.MaxPasswordBytes.
const maxBytes = 1024

// The least lengths in code points. NIST SP 800-63B-4 section 3.1.1.2 asks for
// 15 when the password is the only factor, and for 8 when it is used with
// another one.
const (
	minSingleFactor = 15
	minWithMFA      = 8
	// maxMinLength bounds them. The same section asks to permit 64 characters
	// at least.
	maxMinLength = 64
)

// Config configures a Policy. The zero value refuses fewer than 15 code points,
// common passwords, and those made of the words given to Check.
type Config struct {
	// MinLength is the least length in code points, 8 to 64. Zero means 15, or
	// 8 with MFA.
	MinLength int
	// MFA says that a password alone signs nobody in.
	MFA bool
	// Words are refused like those given to Check, such as the product's name.
	Words []string
	// Blocked, if set, reports whether a password, in lower case, is on a list
	// of your own. It must not keep the password, and be safe for concurrent
	// use.
	Blocked func(lower string) bool
	// Breaches, if set, says how often a password was seen in breaches, as
	// [RangeClient.Count] does. It is asked last. It must be safe for
	// concurrent use, and keep the password out of its errors.
	Breaches func(ctx context.Context, password string) (int, error)
	// MinBreaches is how often makes a password refused. Zero means once.
	MinBreaches int
	// FailClosed makes Check return [ErrUnavailable] when Breaches fails.
	// Otherwise the password passes.
	FailClosed bool
	// OnBreachError, if set, is told why Breaches failed.
	OnBreachError func(ctx context.Context, err error)
	// Normalize is the same function as hash.Config.Normalize. Length is
	// counted, and breaches are asked, in that form. Nil means as received.
	Normalize func(string) string
}

// Policy judges new passwords. It is immutable and safe for concurrent use.
type Policy struct {
	cfg    Config
	common wordList
	site   wordList
}

// New returns a Policy, or an error that names the field.
func New(cfg Config) (*Policy, error) {
	switch {
	case cfg.MinLength == 0 && cfg.MFA:
		cfg.MinLength = minWithMFA
	case cfg.MinLength == 0:
		cfg.MinLength = minSingleFactor
	case cfg.MinLength < minWithMFA || cfg.MinLength > maxMinLength:
		return nil, fmt.Errorf(
			"policy: Config.MinLength is %d, want %d to %d",
			cfg.MinLength, minWithMFA, maxMinLength,
		)
	}

	switch {
	case cfg.MinBreaches < 0:
		return nil, fmt.Errorf(
			"policy: Config.MinBreaches is %d, want 0 or more", cfg.MinBreaches,
		)
	case cfg.FailClosed && cfg.Breaches == nil:
		return nil, errors.New(
			"policy: Config.FailClosed needs Config.Breaches",
		)
	}

	cfg.MinBreaches = max(cfg.MinBreaches, 1)
	site := newWordList(cfg.Words)
	cfg.Words = append([]string(nil), cfg.Words...)
	return &Policy{cfg: cfg, common: commonWords(), site: site}, nil
}

// MinLength returns the least length in code points.
func (p *Policy) MinLength() int { return p.cfg.MinLength }

// Check returns nil when password may be used, an [*Error] with every problem
// found, or an error that wraps [ErrUnavailable]. The words are what an
// attacker would try first for this user, such as the address and its local
// part. Those of less than three code points are not looked at. ctx governs
// Config.Breaches.
func (p *Policy) Check(
	ctx context.Context, password string, words []string,
) error {
	// Length comes first. Nothing else is worth knowing about ten megabytes.
	if len(password) > maxBytes {
		return &Error{Problems: []Problem{{Code: CodeTooLong, Max: maxBytes}}}
	}
	if !utf8.ValidString(password) {
		return &Error{Problems: []Problem{{Code: CodeInvalidUTF8}}}
	}
	form := password
	if p.cfg.Normalize != nil {
		form = p.cfg.Normalize(password)
	}

	var problems []Problem
	if utf8.RuneCountInString(form) < p.cfg.MinLength {
		problems = append(problems, Problem{
			Code: CodeTooShort, Min: p.cfg.MinLength,
		})
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		problems = append(problems, Problem{Code: CodeControl})
	}
	if code := p.guessable(form, words); code != "" {
		problems = append(problems, Problem{Code: code})
	}

	if len(problems) > 0 {
		return &Error{Problems: problems}
	}
	return p.breached(ctx, password, form)
}

// guessable returns the code of a password that a list or a rule knows, or "".
func (p *Policy) guessable(password string, words []string) Code {
	lower := strings.ToLower(password)
	switch {
	case p.common.makes(lower) || patterned(lower):
		return CodeCommon
	case p.cfg.Blocked != nil && p.cfg.Blocked(lower):
		return CodeCommon
	case append(
		append(newWordList(words), p.site...), p.common...,
	).makes(lower):
		return CodeContext
	}
	return ""
}

// breached asks for the password as received and, if it differs, in the form
// that will be hashed.
func (p *Policy) breached(ctx context.Context, password, form string) error {
	if p.cfg.Breaches == nil {
		return nil
	}
	asked := []string{password}
	if form != password {
		asked = append(asked, form)
	}

	for _, text := range asked {
		count, err := p.cfg.Breaches(ctx, text)
		if err != nil {
			if p.cfg.OnBreachError != nil {
				p.cfg.OnBreachError(ctx, err)
			}
			if p.cfg.FailClosed {
				return fmt.Errorf("%w: %w", ErrUnavailable, err)
			}
			return nil
		}
		if count >= p.cfg.MinBreaches {
			return &Error{Problems: []Problem{
				{Code: CodeBreached, Count: count},
			}}
		}
	}

	return nil
}
