package reset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/lostkey-go/lostkey/token"
)

// A ConfirmInput is what a visitor of the reset page sends. It prints, logs and
// marshals without token, password and proof. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type ConfirmInput struct {
	// Token is the text of the token, without the rest of the link.
	Token string
	// Password is the new password, taken byte for byte. Nothing is trimmed,
	// folded or cut.
	Password string
	// Proof is what the page asked for beside the password, such as a code, for
	// Hooks.BeforeConfirm. More than 4 KiB are refused. Without that hook it is
	// not looked at.
	Proof string
	// Client, Locale and UserAgent are as in [RequestInput]. The last two are
	// for the notice.
	Client            netip.Addr
	Locale, UserAgent string
}

// Format prints the client alone under every verb.
func (in ConfirmInput) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.ConfirmInput{%s}", in.Client)
}

// LogValue logs the client alone.
func (in ConfirmInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client alone.
func (in ConfirmInput) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{in.Client})
}

// Confirm sets a new password by a link, from [Service.Request],
// [Service.Invite] or [Service.Link]. In this order it verifies the token's
// signature and times, charges a limit, loads the account and checks that it is
// as it was, asks Hooks.BeforeConfirm, asks the policy, hashes, and replaces
// the stored hash if it still is the one that was verified. Of any number of
// confirmations of one link, on any number of machines, one succeeds. Then it
// ends sessions, calls the hooks and queues the notice, none of which can undo
// the success.
//
// Each call charges one limit. A link that this site has signed and that is not
// too old charges its account's. Anything else charges the client's, so that
// whoever sends nonsense cannot keep others behind the same address from using
// good links.
//
// The error matches [ErrRejected] when the link is refused. It is
// [ErrProofRefused] when the second proof is refused, and a *policy.Error when
// the password is, which both spend nothing. It may also be a
// *[ThrottledError], or match [ErrUnknownOutcome]. Any other error is internal,
// such as hash.ErrBusy or a store that is down. Then nothing was written and
// the link stays good.
//
// When the store could not tell whether it wrote, Confirm looks. The new hash,
// salted at random, is proof of its own write. An old hash proves nothing,
// because the write may be committed later, and Confirm says
// [ErrUnknownOutcome]. It ends sessions all the same, and queues a job that
// looks again until the notice would be too late, which is 24 hours or
// Config.Queue.Window, whichever is longer. Once the new hash shows, the job
// ends sessions again, calls the hooks and mails the notice. With
// Config.Queue.Synchronous it looks once.
//
// The end of ctx matters until the derivation has begun. From then on the
// visitor may hang up.
func (s *Service) Confirm(ctx context.Context, in ConfirmInput) error {
	client := plainClient(in.Client)
	if s.blocked(client) {
		s.events.recordLater(Event{Outcome: OutcomeBlocked, Client: client})
		return ErrRejected
	}

	good, ev, err := s.verifyCharged(ctx, in.Token, client)
	if err != nil {
		return s.refuse(ctx, ev, OutcomeConfirmFailed, err)
	}

	user := good.user
	if err := s.prove(ctx, in, user, ev); err != nil {
		return err
	}

	encoded, err := s.makeHash(ctx, in.Password, user, ev)
	if err != nil {
		return err
	}

	err = s.replace(ctx, user, encoded, ev)
	ctx = context.WithoutCancel(ctx)
	unknown := errors.Is(err, ErrUnknownOutcome)
	if err != nil && !unknown {
		return err
	}

	after := user
	after.PasswordHash = encoded
	job := s.notice(after, client, in.Locale, in.UserAgent)
	job.Email, job.Also = user.addresses(good.to)
	if unknown {
		return s.suspect(ctx, job, user, encoded, ev, err)
	}

	job.SessionsEnded = s.conclude(ctx, user, good.to, ev)
	if !s.cfg.Mail.SkipNotice {
		s.sendNotice(ctx, job, ev)
	}
	return nil
}

// verifyCharged opens a token and charges the account of a signed one, or else
// the client.
func (s *Service) verifyCharged(
	ctx context.Context, raw string, client netip.Addr,
) (grant, Event, error) {
	charged := false
	good, ev, err := s.verify(
		ctx,
		raw,
		func(userID string, purpose token.Purpose) error {
			charged = true
			return s.limits.allow(
				ctx, &s.limits.confirmUser, s.digest(userID),
				Event{Client: client, UserID: userID, Purpose: purpose},
			)
		},
	)
	ev.Client = client
	if err == nil || charged {
		return good, ev, err
	}

	// This is cheap to tell, a MAC at most, and no attempt to use a link.
	throttled := s.limits.allowClient(ctx, &s.limits.confirmClient, client, ev)
	if throttled != nil {
		return grant{}, ev, throttled
	}
	return grant{}, ev, err
}

// A grant is a good link, with the account that it is for.
type grant struct {
	user   User
	to     string // the address that the link went to.
	claims token.Claims
}

// verify opens a token of either purpose. The event has what is known by then,
// which is the account, the token, the purpose and the reason of a rejection.
func (s *Service) verify(
	ctx context.Context, raw string, charge func(string, token.Purpose) error,
) (grant, Event, error) {
	var good grant
	ev := Event{Purpose: token.PurposeReset}
	load := func(ctx context.Context, userID string) (token.State, error) {
		ev.UserID = userID
		if charge != nil {
			if err := charge(userID, ev.Purpose); err != nil {
				return token.State{}, err
			}
		}

		found, err := s.findByID(ctx, userID)
		switch {
		case errors.Is(err, ErrUserNotFound):
			return token.State{}, token.ErrUnknownUser
		case err != nil:
			return token.State{}, err
		case len(found.Recovery) > maxRecovery:
			return token.State{}, errRecovery
		case found.Disabled:
			ev.Reason = reasonDisabled
			return token.State{}, token.ErrUnknownUser
		}

		good.user, good.to = found, found.Email
		return stateOf(found), nil
	}

	var err error
	good.claims, err = s.signer.Verify(ctx, raw, ev.Purpose, load)
	if isRejected(err, token.ReasonWrongPurpose) {
		ev.Purpose = token.PurposeInvite
		good.claims, err = s.signer.Verify(ctx, raw, ev.Purpose, load)
	}
	if isRejected(err, token.ReasonStale) {
		err = s.verifyRecovery(ctx, raw, ev.Purpose, &good, err)
	}
	if err == nil {
		ev.TokenID = good.claims.TokenID
		ev.Reason, err = s.admit(ctx, good)
	}
	if err == nil {
		return good, ev, nil
	}

	if rejected, ok := errors.AsType[*token.RejectedError](err); ok {
		ev.UserID, ev.TokenID = rejected.UserID, rejected.TokenID
		if ev.Reason == "" {
			ev.Reason = Reason(rejected.Reason)
		}
	}
	return grant{}, ev, err
}

func isRejected(err error, reason token.Reason) bool {
	rejected, ok := errors.AsType[*token.RejectedError](err)
	return ok && rejected.Reason == reason
}

// admit refuses the link of an account that may not use this flow any more. The
// answer is that for an account that is gone.
func (s *Service) admit(ctx context.Context, good grant) (Reason, error) {
	allowed, err := s.allowed(ctx, good.user)
	if err != nil || allowed {
		return "", err
	}
	return reasonNotEligible, &token.RejectedError{
		Reason: token.ReasonUnknownUser,
		UserID: good.user.ID, TokenID: good.claims.TokenID,
	}
}

// refuse records why a link was not taken. failed is the outcome of an error of
// ours.
func (s *Service) refuse(
	ctx context.Context, ev Event, failed Outcome, err error,
) error {
	if throttled, ok := errors.AsType[*ThrottledError](err); ok {
		return throttled // recorded where it was charged.
	}
	if errors.Is(err, ErrRejected) {
		ev.Outcome = OutcomeRejected
		s.events.record(ctx, ev)
		return err
	}

	err = fmt.Errorf("reset: load the account: %w", err)
	ev.Outcome, ev.Reason, ev.Err = failed, reasonOfFailure(err), err
	s.events.record(ctx, ev)
	return err
}

// reasonOfFailure says which part could not tell whether a link is good.
func reasonOfFailure(err error) Reason {
	if _, ok := errors.AsType[*hookError](err); ok {
		return reasonHook
	}
	if errors.Is(err, errRecovery) {
		return reasonBadUser
	}
	return reasonStore
}
