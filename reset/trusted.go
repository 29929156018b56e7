package reset

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// LinkOptions says which link to make. The zero value is a reset link of the
// default lifetime.
type LinkOptions struct {
	// Purpose is token.PurposeReset, also when empty, or token.PurposeInvite.
	Purpose token.Purpose
	// Lifetime is at most the purpose's longest. Zero means its default.
	Lifetime time.Duration
	// ReturnTo is as in [RequestInput].
	ReturnTo string
}

// Link makes a link for the account without mailing it, for support staff or a
// channel of the application's own. It is as good as a password while it lives,
// so the caller must make sure who gets it. An invitation may write a marker,
// as [Service.Invite] says.
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
	// ReturnTo is as in [RequestInput]. Send and SendTo ignore it.
	ReturnTo string
}

// SendReset mails the account a link to choose a new password, at its stored
// address, and retries for at least a day. For a visitor only [Service.Request]
// may be called.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrNoPassword], [ErrBadAddress], [ErrQueueFull] or [ErrClosed]. Nil says
// that the mail is queued or, with Config.Queue.Synchronous, that the mailer
// has it or an event tells why not.
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
		return ErrBadAddress
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
// matches [ErrHasPassword] in place of ErrNoPassword.
//
// An invitation is bound to the stored hash, and an empty hash is a state that
// comes back. So over an empty hash the worker first writes a marker that no
// password matches, "!" and 40 random letters and digits, by Store.ReplaceHash,
// which may end sessions, set a new stamp or write an audit row as always. If
// that fails, the invitation is retried. A marker that is there stays, and
// several invitations live until one is used.
//
// To take a password away, the application must write a fresh marker of that
// form, set Disabled, or change the Stamp. It must never write back an old hash
// or marker, nor use one marker for all, since invitations that were bound to
// it would be good again.
func (s *Service) Invite(ctx context.Context, in SendInput) error {
	return s.sendLink(ctx, "invitation", Job{
		Kind: mail.KindInvite, UserID: in.UserID, Locale: in.Locale,
		Lifetime: in.Lifetime, ReturnTo: in.ReturnTo,
	})
}

// NotifyInput says whose password was changed.
type NotifyInput struct {
	UserID string
	// Client is who changed it.
	Client netip.Addr
	// Locale and UserAgent are as in [RequestInput].
	Locale, UserAgent string
	// SessionsEnded lets the mail say that the account was signed out.
	SessionsEnded bool
}

// NotifyChanged mails the owner of an account that its password was changed,
// for the application's own page for that. [Service.Confirm] does so by itself.
// NotifyChanged does not heed Config.Mail.SkipNotice.
//
// The mail goes to the addresses that the account has now, so call it before
// those can be changed. ctx governs the look-up and reaches
// Config.Queue.Dispatch, so that the job can be part of a transaction.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrBadAddress],
// [ErrQueueFull] or [ErrClosed].
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
		return ErrBadAddress
	}
	job.SessionsEnded = in.SessionsEnded

	if err := s.queueOwn(ctx, job); err != nil {
		return fmt.Errorf(
			"reset: queue the notice: %w", scrub(err, user.secrets()...),
		)
	}
	return nil
}
