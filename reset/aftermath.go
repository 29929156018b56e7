package reset

import (
	"context"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// afterwards does what follows a stored password. The password is changed whatever happens here, so failures
// become events.
func (s *Service) afterwards(ctx context.Context, user User, claims token.Claims, ev Event, in ConfirmInput) {
	// Sessions first: whoever has the old password may be signed in right now.
	ended := s.endSessions(ctx, user, ev)
	ev.Outcome = OutcomeConfirmed
	s.record(ctx, ev)
	done := Confirmed{UserID: user.ID, TokenID: claims.TokenID, Purpose: claims.Purpose, Client: ev.Client}
	for i, hook := range s.cfg.OnConfirmed {
		err := s.patiently(ctx, fmt.Sprintf("Config.OnConfirmed[%d]", i), func(ctx context.Context) error { return hook(ctx, done) })
		if err != nil {
			failed := ev
			failed.Outcome, failed.Err = OutcomeHookFailed, scrub(err, user.Email, user.PasswordHash)
			s.record(ctx, failed)
		}
	}
	if !s.cfg.SkipNotice {
		s.notify(ctx, user, ended, ev, in)
	}
}

// sessionTries is how often a function that fails to end sessions is called.
const sessionTries = 3

func (s *Service) endSessions(ctx context.Context, user User, ev Event) (ended bool) {
	if s.cfg.Sessions.end == nil {
		return s.cfg.Sessions.inStore
	}
	var err error
	for n := range sessionTries {
		if n > 0 {
			pause(ctx, time.Duration(n)*100*time.Millisecond)
		}
		err = s.patiently(ctx, "Config.Sessions", func(ctx context.Context) error { return s.cfg.Sessions.end(ctx, user.ID) })
		if err == nil {
			return true
		}
	}
	ev.Outcome, ev.Err = OutcomeSessionsFailed, scrub(err, user.Email, user.PasswordHash)
	s.record(ctx, ev)
	return false
}

// pause lets a database that has just failed recover.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Service) patiently(ctx context.Context, step string, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, hookPatience)
	defer cancel()
	return guard(step, func() error { return call(ctx) })
}

// notify tells the owner, at the address the account had when the link was used.
func (s *Service) notify(ctx context.Context, user User, sessionsEnded bool, ev Event, in ConfirmInput) {
	job := Job{
		ID: mail.NewID(), Kind: mail.KindPasswordChanged, Email: user.Email, UserID: user.ID,
		Locale: languages(user.Locale, in.Locale), Browser: mail.CoarseClient(in.UserAgent),
		Client: ev.Client, RequestedAt: s.cfg.Now().UTC().Round(0), SessionsEnded: sessionsEnded,
	}
	if s.cfg.Synchronous {
		_ = s.workInline(ctx, job)
		return
	}
	if err := s.enqueue(ctx, job); err != nil {
		s.recordFailure(ctx, job, Event{
			UserID: user.ID, TokenID: ev.TokenID, Purpose: ev.Purpose,
			Reason: ReasonQueue, Err: scrub(err, user.Email),
		})
	}
}
