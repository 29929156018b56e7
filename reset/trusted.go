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
}

// Link makes a link for the account without sending it, for support staff or
// for a channel of the application's own. It is as good as a password while it
// lives, so the caller must make sure who gets it. No limit is charged and no
// mail is sent. An invitation may write a marker into the account, as
// [Service.Invite] says.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrNoPassword] (for a reset link) or [ErrHasPassword] (for an invitation).
// Anything else is internal, or a LinkOptions that is out of range.
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

	made, _, err := s.issue(user, opts.Purpose, opts.Lifetime)
	if err != nil {
		return Link{}, fmt.Errorf("reset: make a link: %w", err)
	}
	s.events.record(ctx, Event{
		Outcome: OutcomeLinkMade, UserID: user.ID,
		TokenID: made.tokenID, Purpose: opts.Purpose,
	})
	return made, nil
}

// SendInput names an account with a password.
type SendInput struct {
	UserID string
	// Locale is as in [RequestInput].
	Locale string
	// Lifetime is as in [RequestInput].
	Lifetime time.Duration
}

// SendReset mails the account a link to choose a new password, at the request
// of somebody who may know who has an account, such as an administrator. It
// looks the account up and says what is wrong with it. It charges no limits,
// and the worker charges none. The mail goes to the stored address, through the
// queue, and is retried for as long as an invitation is. Only [Service.Request]
// may be called for a visitor.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrNoPassword] (see [Service.Invite]), [ErrBadAddress], [ErrQueueFull] or
// [ErrClosed]. Anything else is internal, or in.Lifetime is out of range. Nil
// says that the mail is queued. With Config.Queue.Synchronous it says that the
// mailer has it, or that an event tells why not.
func (s *Service) SendReset(ctx context.Context, in SendInput) error {
	return s.sendLink(ctx, "reset link", Job{
		Kind: mail.KindReset, UserID: in.UserID,
		Locale: in.Locale, Lifetime: in.Lifetime,
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
	job.RequestedAt = s.cfg.Now().UTC().Round(0)
	if err := s.queueOwn(ctx, job); err != nil {
		return fmt.Errorf("reset: queue the %s: %w",
			what, scrub(err, append(user.secrets(), job.Email)...))
	}
	return nil
}

// InviteInput names an account without a password.
type InviteInput struct {
	UserID string
	// Locale is as in [RequestInput].
	Locale string
	// Lifetime is the link's, at most Config.Lifetimes.Invite, which zero
	// means.
	Lifetime time.Duration
}

// Invite mails the account a link that sets its first password. It is for
// callers who may know who has an account, administrators for instance. It
// looks the account up and says what is wrong with it. It charges no limits.
// Confirm takes the link as it takes any other.
//
// An invitation is bound to the stored hash, and an empty hash is a state that
// comes back. So before an account whose hash is empty is sent its link, the
// worker calls Store.ReplaceHash to write a marker that no password matches,
// "!" and 40 random letters and digits. That is a write like any other, with
// what the store does in it: ended sessions, a new stamp, an audit row. If it
// fails, the invitation is not sent and is retried. An account that holds a
// marker already is left alone, and several invitations live until one is used.
//
// The rest is up to the application. To take a password away it must write a
// fresh marker of that form, or set Disabled, or change the Stamp. It must
// never write back an old hash or marker, nor use one marker for all, since
// invitations that were bound to it would be good again.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNotEligible],
// [ErrHasPassword], [ErrBadAddress], [ErrQueueFull] or [ErrClosed]. Anything
// else is internal, or in.Lifetime is out of range.
func (s *Service) Invite(ctx context.Context, in InviteInput) error {
	return s.sendLink(ctx, "invitation", Job{
		Kind: mail.KindInvite, UserID: in.UserID,
		Locale: in.Locale, Lifetime: in.Lifetime,
	})
}

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
// itself, unless Config.Mail.SkipNotice is set, which NotifyChanged does not
// heed.
//
// The mail goes to the addresses that the account has now, so call it before
// those can be changed. It charges no limits. ctx governs the look-up and
// reaches Config.Queue.Dispatch, so that the job can be part of a transaction.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrBadAddress],
// [ErrQueueFull] or [ErrClosed]. Anything else is internal.
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
