package reset

import (
	"context"
	"errors"
	"net/netip"
)

// A ConfirmInput is what a visitor of the reset page sends. It prints as its
// client, except in an unexported field.
type ConfirmInput struct {
	Token string
	// Password is taken byte for byte.
	Password string
	// Proof is for Hooks.BeforeConfirm, such as a code. More than 4 KiB are
	// refused.
	Proof string
	// Token and Client are as in [CheckInput], Locale and UserAgent as in
	// [RequestInput].
	Client            netip.Addr
	Locale, UserAgent string
}

// Confirm sets a new password by a link. In this order it verifies the token's
// signature and times, charges a limit, loads the account and checks that it is
// as it was, asks Hooks.BeforeConfirm and the policy, hashes, and replaces the
// stored hash if it still is the one that was verified. Then it ends sessions,
// calls the hooks and queues the notice, none of which can undo the success.
// Once hashing has begun, the end of ctx does not matter.
//
// The error matches [ErrRejected], [ErrProofRefused] or [ErrUnknownOutcome], or
// is a *[ThrottledError] or a *policy.Error. After any other, such as
// hash.ErrBusy, nothing was written. Only the first and the third may mean a
// dead link.
//
// A store that cannot tell whether it wrote is asked for the row. Where that
// has the old hash, the write may yet come. Confirm then ends sessions, returns
// ErrUnknownOutcome, and has a job look again and finish, for 24 hours or
// Config.Queue.Window, whichever is longer. With Config.Queue.Synchronous it
// looks once.
func (s *Service) Confirm(ctx context.Context, in ConfirmInput) error {
	client := plainClient(in.Client)
	if s.blocked(client) {
		s.events.recordLater(Event{Outcome: OutcomeBlocked, Client: client})
		return ErrRejected
	}

	good, ev, err := s.openPassword(
		ctx, in.Token, client, &s.limits.confirmUser, &s.limits.confirmClient,
	)
	if err != nil {
		return s.refuse(ctx, ev, OutcomeRejected, OutcomeConfirmFailed, err)
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
