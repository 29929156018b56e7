package reset

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// A CheckInput is a link that a visitor has opened. It prints as its client,
// except in an unexported field.
type CheckInput struct {
	// Token is the token's text, without the rest of the link.
	Token string
	// Client is as in [RequestInput].
	Client netip.Addr
}

// CheckResult is what a page may show about a good link. It prints without
// Email, except in an unexported field.
type CheckResult struct {
	ExpiresAt time.Time
	// MaskedEmail shows the first character and the domain of Email.
	MaskedEmail string
	// Email is for the field in which a password manager looks for a name. Do
	// not show it to whoever found a link.
	Email     string
	Label     string
	Purpose   token.Purpose
	ProofKind string
}

// Format prints MaskedEmail.
func (c CheckResult) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.CheckResult{%s}", c.MaskedEmail)
}

// LogValue logs MaskedEmail.
func (c CheckResult) LogValue() slog.Value {
	return slog.StringValue(c.MaskedEmail)
}

// MarshalJSON leaves out Email.
func (c CheckResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ExpiresAt          time.Time
		MaskedEmail, Label string
		Purpose            token.Purpose
		ProofKind          string
	}{c.ExpiresAt, c.MaskedEmail, c.Label, c.Purpose, c.ProofKind})
}

// Check says whether Confirm would take the link now. It spends nothing. It
// charges Limits.Check alone, so after a *[ThrottledError] show the form all
// the same. The error may also match [ErrRejected].
func (s *Service) Check(
	ctx context.Context, in CheckInput,
) (CheckResult, error) {
	good, ev, err := s.openPassword(
		ctx, in.Token, plainClient(in.Client),
		&s.limits.check, &s.limits.check,
	)
	kind := ""
	if err == nil {
		kind, err = s.proofKind(ctx, good.user, ev)
	}
	if err != nil {
		return CheckResult{}, s.refuse(
			ctx, ev, OutcomeCheckRejected, OutcomeCheckFailed, err,
		)
	}

	result := good.result()
	result.ProofKind = kind
	return result, nil
}

// result is what a page may show about the link.
func (g grant) result() CheckResult {
	return CheckResult{
		ExpiresAt:   g.claims.ExpiresAt,
		MaskedEmail: maskAddress(g.user.Email),
		Email:       g.user.Email,
		Label:       g.user.Label,
		Purpose:     g.claims.Purpose,
	}
}
