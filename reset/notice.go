package reset

import (
	"context"
	"fmt"
	"net/netip"
)

// NotifyInput says whose password was changed.
type NotifyInput struct {
	UserID string
	// Client is who changed it, for events, or the zero Addr.
	Client netip.Addr
	// Locale and UserAgent are as in [RequestInput].
	Locale, UserAgent string
	// SessionsEnded lets the mail say that the account was signed out.
	SessionsEnded bool
}

// NotifyChanged mails the owner of an account that its password was changed. It
// is for the application's own page for that. If it was somebody else, this
// mail is how the owner learns of it. [Service.Confirm] does the same by
// itself, unless Config.Mail.SkipNotice is set, which NotifyChanged does not heed.
//
// The mail goes to the address that the account has now, so call it before that
// can be changed. It charges no limits. ctx governs the look-up and reaches
// Config.Queue.Dispatch, so that the job can be part of a transaction.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrQueueFull] or
// [ErrClosed]. Anything else is internal.
func (s *Service) NotifyChanged(ctx context.Context, in NotifyInput) error {
	if s.closed.Load() {
		return ErrClosed
	}

	user, err := s.findByID(ctx, in.UserID)
	if err != nil {
		return fmt.Errorf("reset: load the account: %w", err)
	}
	if user.Disabled {
		return ErrUserDisabled
	}

	job := s.notice(user, plainClient(in.Client), in.Locale, in.UserAgent)
	job.SessionsEnded = in.SessionsEnded

	if s.cfg.Queue.Synchronous {
		return s.workInline(ctx, job)
	}
	if err := s.enqueue(ctx, job, bill{}); err != nil {
		return fmt.Errorf(
			"reset: queue the notice: %w", scrub(err, user.Email),
		)
	}
	return nil
}
