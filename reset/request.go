package reset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// Request asks for a link for whatever accounts have the typed address. It checks the address, charges the
// limits and queues a job; it neither looks anything up, nor signs, nor mails, so that neither its answer nor
// its time tells whether there is an account.
//
// It returns nil for every address that could be one, whether it has an account, has used up its tries, or
// found the queue full. [ErrInvalidAddress] says that the text is no mail address, *[ThrottledError] that this
// client, its network or the site has asked too often. After Shutdown it is [ErrClosed]. Any other error says that
// Config.Dispatch failed, which has nothing to do with the address, or that in.Lifetime is out of range.
//
// ctx reaches limiters and Config.Dispatch, not the work that follows.
func (s *Service) Request(ctx context.Context, in RequestInput) error {
	typed, err := s.parseTyped(in.Email)
	if err != nil {
		return err
	}
	if err := s.checkLifetime(token.Reset, in.Lifetime); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	client := plainClient(in.Client)
	ev := Event{Client: client, Purpose: token.Reset}
	if s.blocked(client) {
		ev.Outcome = OutcomeBlocked
		s.recordLater(ev)
		return nil
	}
	paid, mute, err := s.chargeRequest(ctx, client, typed, ev)
	if err != nil {
		return err
	}
	return s.submit(ctx, Job{
		ID: mail.NewID(), Kind: mail.KindReset, Email: typed, Locale: plainLocale(in.Locale), Client: client,
		RequestedAt: s.cfg.Now().UTC().Round(0), Lifetime: in.Lifetime, Throttled: mute,
	}, paid, ev)
}

// submit queues a job, also one that sends nothing: whatever the queue does,
// slow or down, it must do for every address.
func (s *Service) submit(ctx context.Context, job Job, paid bill, ev Event) error {
	ev.RequestID, ev.Outcome = job.ID, OutcomeRequested
	if s.cfg.Synchronous {
		if !job.Throttled {
			s.recordLater(ev)
		}
		_ = s.workInline(ctx, job) // told by events alone: an error here would tell who has an account
		return nil
	}
	err := s.enqueue(ctx, job)
	if err != nil {
		s.giveBack(ctx, paid, ev)
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrQueueFull):
		ev.Outcome, err = OutcomeDropped, nil
	case errors.Is(err, ErrClosed):
		return err
	default:
		err = fmt.Errorf("reset: dispatch: %w", scrub(err, job.Email))
		ev.Outcome, ev.Err = OutcomeDispatchFailed, err
	}
	if !job.Throttled || err != nil {
		s.recordLater(ev) // of a throttled one, that it was throttled is recorded
	}
	return err
}

// enqueue hands a job to whatever works on jobs. What is no stranger's doing may use room that requests may
// not.
func (s *Service) enqueue(ctx context.Context, job Job) error {
	if s.cfg.Dispatch != nil {
		return guard("Config.Dispatch", func() error { return s.cfg.Dispatch(ctx, job) })
	}
	return s.pool.add(&errand{tries: []try{{job: job}}}, job.Kind != mail.KindReset)
}

// plainLocale drops what cannot be a language tag (RFC 5646 section 4.4.1: 35 characters hold every one): it
// may come from a header.
func plainLocale(locale string) string {
	if len(locale) > 35 {
		return ""
	}
	for i := range len(locale) {
		c := locale[i] | 0x20
		if (c < 'a' || c > 'z') && (locale[i] < '0' || locale[i] > '9') && locale[i] != '-' {
			return ""
		}
	}
	return locale
}

// InviteInput names an account without a password.
type InviteInput struct {
	UserID string
	// Locale is the language to write in if the account has none of its own.
	Locale string
	// Lifetime of the link, at most Config.InviteLifetime, which zero means.
	Lifetime time.Duration
}

// Invite mails the account a link that sets its first password. It is for callers who may know who has an
// account, administrators for instance: it looks the account up and says what is wrong with it. It charges no
// limits. Confirm takes the link as it takes any other.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrHasPassword], [ErrQueueFull] or [ErrClosed];
// anything else is internal, or in.Lifetime is out of range.
func (s *Service) Invite(ctx context.Context, in InviteInput) error {
	if err := s.checkLifetime(token.Invite, in.Lifetime); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	user, err := s.loadEligible(ctx, in.UserID, token.Invite)
	if err != nil {
		return err
	}
	job := Job{
		ID: mail.NewID(), Kind: mail.KindInvite, UserID: user.ID, Locale: plainLocale(in.Locale),
		RequestedAt: s.cfg.Now().UTC().Round(0), Lifetime: in.Lifetime,
	}
	if s.cfg.Synchronous {
		return s.workInline(ctx, job)
	}
	if err := s.enqueue(ctx, job); err != nil {
		return fmt.Errorf("reset: queue the invitation: %w", err)
	}
	return nil
}
