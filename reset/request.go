package reset

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
// client or the site has asked too often. After Shutdown it is [ErrClosed]. Any other error says that
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
	if err := s.allowClient(ctx, &s.limits.client, client, ev); err != nil {
		return err
	}
	if err := s.allow(ctx, &s.limits.global, LimitGlobal, ev); err != nil {
		return err
	}
	if s.limits.account.limiter != nil {
		if err := s.allow(ctx, &s.limits.account, s.digest(foldASCII(typed)), ev); err != nil {
			return nil //nolint:nilerr // silent: an answer of its own would tell which addresses somebody else asked for
		}
	}
	return s.submit(ctx, Job{
		ID: mail.NewID(), Kind: mail.KindReset, Email: typed, Locale: languages(in.Locale), Client: client,
		Browser: mail.CoarseClient(in.UserAgent), RequestedAt: s.cfg.Now().UTC().Round(0), Lifetime: in.Lifetime,
	}, ev)
}

func (s *Service) submit(ctx context.Context, job Job, ev Event) error {
	ev.RequestID, ev.Outcome = job.ID, OutcomeRequested
	if s.cfg.Synchronous {
		s.recordLater(ev)
		_ = s.workInline(ctx, job) // told by events alone: an error here would tell who has an account
		return nil
	}
	err := s.enqueue(ctx, job)
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
	s.recordLater(ev)
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

// languages puts lists together, those of the first before those of the next.
func languages(lists ...string) string {
	var tags []string
	for _, list := range lists {
		tags = append(tags, mail.Languages(list)...)
	}
	return strings.Join(tags, ",")
}

// InviteInput names an account without a password.
type InviteInput struct {
	UserID string
	// Locale as in [RequestInput].
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
		ID: mail.NewID(), Kind: mail.KindInvite, UserID: user.ID, Locale: languages(in.Locale),
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
