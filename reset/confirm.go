package reset

import (
	"context"
	"errors"
	"net/netip"
)

// A ConfirmInput is what a visitor of the reset page sends. It prints and
// marshals as its client alone, except in an unexported field.
type ConfirmInput struct {
	// Token is as in [CheckInput].
	Token string
	// Password is the new password, byte for byte.
	Password string
	// Proof is for Hooks.BeforeConfirm, such as a code. More than 4 KiB are
	// refused.
	Proof string
	// Client, Locale and UserAgent are as in [RequestInput]. The last two are
	// for the notice.
	Client            netip.Addr
	Locale, UserAgent string
}

// Confirm sets a new password by a link. In this order it verifies the token's
// signature and times, charges a limit, loads the account and checks that it is
// as it was, asks Hooks.BeforeConfirm, asks the policy, hashes, and replaces
// the stored hash if it still is the one that was verified. Then it ends
// sessions, calls the hooks and queues the notice, none of which can undo the
// success. Once hashing has begun, the end of ctx does not matter.
//
// The error matches [ErrRejected], [ErrProofRefused] or [ErrUnknownOutcome], or
// is a *[ThrottledError] or a *policy.Error. After any other, such as
// hash.ErrBusy, nothing was written. Only the first and the third may mean a
// dead link.
//
// When the store could not tell whether it wrote, Confirm looks. The new hash,
// salted at random, proves its own write. An old one proves nothing, because
// the write may be committed later, and Confirm says ErrUnknownOutcome. It ends
// sessions all the same, and queues a job that looks again for 24 hours or
// Config.Queue.Window, whichever is longer, and then ends sessions again, calls
// the hooks and mails the notice. With Config.Queue.Synchronous it looks once.
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
