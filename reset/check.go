package reset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// A CheckInput is a link that is looked at before it is used. It prints, logs
// and marshals to JSON as its client alone. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type CheckInput struct {
	// Token is the text from the link.
	Token string
	// Client is where the request comes from, for limits and events. The zero
	// Addr means unknown.
	Client netip.Addr
}

// Format prints the client alone under every verb.
func (in CheckInput) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.CheckInput{%s}", in.Client)
}

// LogValue logs the client alone.
func (in CheckInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client alone.
func (in CheckInput) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{in.Client})
}

// CheckResult is what a page may show about a good link. It prints, logs and
// marshals to JSON without the whole address. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type CheckResult struct {
	ExpiresAt time.Time
	// MaskedEmail is the account's address with all but its first character and
	// its domain hidden.
	MaskedEmail string
	// Email is the whole address, for the field of a form where a password
	// manager looks for the name to save the password under. Show MaskedEmail
	// instead. Whoever found a link need not learn which account it opens.
	Email string
	// Label is the account's User.Label.
	Label string
	// Purpose is token.PurposeReset or token.PurposeInvite.
	Purpose token.Purpose
	// Proof is what Hooks.NeedsProof said. If it is not empty, the page asks
	// for that kind of proof, and sends it as ConfirmInput.Proof.
	Proof string
}

// Format prints the masked address alone under every verb.
func (c CheckResult) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.CheckResult{%s}", c.MaskedEmail)
}

// LogValue logs the masked address alone.
func (c CheckResult) LogValue() slog.Value {
	return slog.StringValue(c.MaskedEmail)
}

// MarshalJSON writes everything but the whole address.
func (c CheckResult) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ExpiresAt          time.Time
		MaskedEmail, Label string
		Purpose            token.Purpose
		Proof              string
	}{c.ExpiresAt, c.MaskedEmail, c.Label, c.Purpose, c.Proof})
}

// Check says whether Confirm would take the link now. It changes nothing,
// spends nothing and may be called by every page that opens a link.
//
// It charges Limits.Check, and none of the limits of Confirm. A link that this
// site has signed and that is in time charges its account, before the store is
// read. Anything else charges the client, which bounds the events it makes. A
// page that gets a *[ThrottledError] should show its form as it would without
// a check, because Confirm has limits of its own.
//
// The error matches [ErrRejected] when the link is refused, is a
// *[ThrottledError], or is internal.
func (s *Service) Check(
	ctx context.Context, in CheckInput,
) (CheckResult, error) {
	client := plainClient(in.Client)
	charged := false
	good, ev, err := s.verify(
		ctx,
		in.Token,
		func(userID string, purpose token.Purpose) error {
			charged = true
			ev := Event{Client: client, UserID: userID, Purpose: purpose}
			return s.limits.allow(ctx, &s.limits.check, s.digest(userID), ev)
		},
	)
	ev.Client = client
	kind := ""
	if err == nil {
		kind, err = s.proofKind(ctx, good.user, ev)
	}
	if err == nil {
		return CheckResult{
			ExpiresAt:   good.claims.ExpiresAt,
			MaskedEmail: maskAddress(good.user.Email),
			Email:       good.user.Email,
			Label:       good.user.Label,
			Purpose:     good.claims.Purpose,
			Proof:       kind,
		}, nil
	}

	if !charged {
		if err := s.limits.allowClient(ctx, &s.limits.check, client, ev); err != nil {
			return CheckResult{}, err
		}
	}
	if _, ok := errors.AsType[*ThrottledError](err); ok {
		return CheckResult{}, err // recorded where it was charged.
	}

	ev.Outcome = OutcomeCheckRejected
	if !errors.Is(err, ErrRejected) {
		err = fmt.Errorf("reset: check the link: %w", err)
		ev.Outcome, ev.Reason, ev.Err = OutcomeCheckFailed, reasonOfFailure(err), err
	}
	s.events.record(ctx, ev)
	return CheckResult{}, err
}
