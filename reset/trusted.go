package reset

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// LinkOptions says which link to make.
type LinkOptions struct {
	// Purpose is token.PurposeReset, also when empty, or token.PurposeInvite.
	Purpose token.Purpose
	// Lifetime and ReturnTo are as in [SendInput].
	Lifetime time.Duration
	ReturnTo string
}

// Link makes a link for the account without mailing it. It is as good as a
// password while it lives, so make sure who gets it. An invitation may write a
// mark, as [Service.Invite] says.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrNoPassword] or [ErrHasPassword].
func (s *Service) Link(
	ctx context.Context, userID string, opts LinkOptions,
) (Link, error) {
	switch opts.Purpose {
	case token.PurposeReset, token.PurposeInvite:
	case "":
		opts.Purpose = token.PurposeReset
	default:
		return Link{}, fmt.Errorf(
			"reset: purpose %q is neither reset nor invite", opts.Purpose,
		)
	}
	if err := s.checkLifetime(opts.Purpose, opts.Lifetime); err != nil {
		return Link{}, err
	}

	user, err := s.loadEligible(ctx, userID, opts.Purpose)
	if err != nil {
		return Link{}, err
	}
	if opts.Purpose == token.PurposeInvite {
		if user, err = s.mark(ctx, user); err != nil {
			return Link{}, err
		}
		if err := s.checkEligible(user, opts.Purpose); err != nil {
			return Link{}, err
		}
	}

	made, _, err := s.issue(
		user, opts.Purpose, opts.Lifetime, opts.ReturnTo,
	)
	if err != nil {
		return Link{}, fmt.Errorf("reset: make a link: %w", err)
	}
	s.events.record(ctx, Event{
		Outcome: OutcomeLinkMade, UserID: user.ID,
		TokenID: made.tokenID, Purpose: opts.Purpose,
	})
	return made, nil
}

// SendInput names an account that is mailed a link.
type SendInput struct {
	UserID string
	// Locale is as in [RequestInput].
	Locale string
	// Lifetime is from a minute to Config.Lifetimes.MaxReset,
	// Config.Lifetimes.Invite or Purpose.Lifetime. Zero means
	// Config.Lifetimes.Reset, or the longest of the others.
	Lifetime time.Duration
	// ReturnTo is as in [RequestInput]. Links for a [Purpose] have none.
	ReturnTo string
}

// SendReset mails the account a link to choose a new password, at its stored
// address. For a visitor only [Service.Request] may be called.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrNoPassword], [ErrNoAddress], [ErrQueueFull] or [ErrClosed]. Nil says that
// the mail is queued or, with Config.Queue.Synchronous, sent or given up.
func (s *Service) SendReset(ctx context.Context, in SendInput) error {
	return s.sendLink(ctx, "reset link", Job{
		Kind: mail.KindReset, UserID: in.UserID, Locale: in.Locale,
		Lifetime: in.Lifetime, ReturnTo: in.ReturnTo,
	})
}

// sendLink queues a mail with a link for an account that a trusted caller
// names.
func (s *Service) sendLink(ctx context.Context, what string, job Job) error {
	purpose := purposeOf(job.Kind)
	if err := s.checkLifetime(purpose, job.Lifetime); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}

	user, err := s.loadEligible(ctx, job.UserID, purpose)
	if err != nil {
		return err
	}
	if job.Email == "" && !isAddress(user.Email) {
		return ErrNoAddress
	}

	job.ID, job.Locale = mail.NewID(), languages(job.Locale)
	job.ReturnTo = s.cfg.Pages.returnKey(job.ReturnTo)
	job.RequestedAt = s.cfg.Now().UTC().Round(0)
	if err := s.queueOwn(ctx, job); err != nil {
		return fmt.Errorf("reset: queue the %s: %w",
			what, scrub(err, append(user.secrets(), job.Email)...))
	}
	return nil
}

// Invite is [Service.SendReset] for an account's first password. Its error
// matches [ErrHasPassword] in place of ErrNoPassword. Several invitations live
// until one is used.
//
// An invitation is bound to the stored hash. Over an empty one the worker first
// writes a mark that no password matches, made by hash.NewUnusable, through
// Store.ReplaceHash.
//
// To take a password away, write a fresh mark, set Disabled, or change the
// Stamp. An old hash or mark that is written back, or one mark for all, makes
// old invitations good again.
func (s *Service) Invite(ctx context.Context, in SendInput) error {
	return s.sendLink(ctx, "invitation", Job{
		Kind: mail.KindInvite, UserID: in.UserID, Locale: in.Locale,
		Lifetime: in.Lifetime, ReturnTo: in.ReturnTo,
	})
}

// NotifyInput says whose password was changed.
type NotifyInput struct {
	UserID string
	// Client is who changed it. Locale and UserAgent are as in [RequestInput].
	Client            netip.Addr
	Locale, UserAgent string
	SessionsEnded     bool
}

// NotifyChanged mails the owner of an account that the application's own page
// has changed its password, whatever Config.Mail.SkipNotice says. The mail goes
// to the addresses that the account has now, so call it before those can be
// changed.
//
// ctx governs the look-up and reaches Config.Queue.Dispatch, so that the job
// can be part of a transaction. The error matches [ErrUserNotFound],
// [ErrUserDisabled], [ErrNoAddress], [ErrQueueFull] or [ErrClosed].
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
	if !isAddress(job.Email) && len(job.Also) == 0 {
		return ErrNoAddress
	}
	job.SessionsEnded = in.SessionsEnded

	if err := s.queueOwn(ctx, job); err != nil {
		return fmt.Errorf(
			"reset: queue the notice: %w", scrub(err, user.secrets()...),
		)
	}
	return nil
}
