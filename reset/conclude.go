package reset

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

// conclude does everything that follows a stored password, except for the
// notice. The password is changed whatever happens here, so failures become
// events.
func (s *Service) conclude(
	ctx context.Context, user User, ev Event,
) (sessionsEnded bool) {
	// Sessions come first, since whoever has the old password may be signed in
	// right now.
	sessionsEnded = s.endSessions(ctx, user, ev)
	ev.Outcome = OutcomeConfirmed
	s.record(ctx, ev)

	done := Confirmation{
		UserID:  user.ID,
		TokenID: ev.TokenID,
		Purpose: ev.Purpose,
		Client:  ev.Client,
	}
	for i, hook := range s.cfg.Hooks.OnConfirmed {
		err := s.callHook(
			ctx,
			fmt.Sprintf("Config.Hooks.OnConfirmed[%d]", i),
			func(ctx context.Context) error { return hook(ctx, done) },
		)
		if err != nil {
			failed := ev
			failed.Outcome, failed.Err = OutcomeHookFailed,
				scrub(err, user.Email, user.PasswordHash)
			s.record(ctx, failed)
		}
	}

	return sessionsEnded
}

// sessionAttempts is how often a function that fails to end sessions is called.
const sessionAttempts = 3

func (s *Service) endSessions(
	ctx context.Context, user User, ev Event,
) (ended bool) {
	if s.cfg.Sessions.end == nil {
		return s.cfg.Sessions.inStore
	}

	var err error
	for n := range sessionAttempts {
		if n > 0 {
			pause(ctx, time.Duration(n)*100*time.Millisecond)
		}
		err = s.callHook(
			ctx,
			"Config.Sessions",
			func(ctx context.Context) error {
				return s.cfg.Sessions.end(ctx, user.ID)
			},
		)
		if err == nil {
			return true
		}
	}

	ev.Outcome, ev.Err = OutcomeSessionsFailed,
		scrub(err, user.Email, user.PasswordHash)
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

func (s *Service) callHook(
	ctx context.Context, step string, call func(context.Context) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()

	return guard(step, func() error { return call(ctx) })
}

// deliver queues a notice, or does it at once.
func (s *Service) deliver(ctx context.Context, job Job, ev Event) {
	if s.cfg.Queue.Synchronous {
		_ = s.workInline(ctx, job)
		return
	}
	if err := s.enqueue(ctx, job, bill{}); err != nil {
		s.recordFailure(ctx, job, Event{
			UserID: job.UserID, TokenID: ev.TokenID, Purpose: ev.Purpose,
			Reason: reasonQueue, Err: scrub(err, job.Email),
		})
	}
}

// notice is the job that tells the owner of a changed password, at the address
// the account had when the link was used.
func (s *Service) notice(
	user User, client netip.Addr, locale, userAgent string,
) Job {
	return Job{
		ID: mail.NewID(), Kind: mail.KindPasswordChanged,
		Email: user.Email, UserID: user.ID,
		Locale:  languages(user.Locale, locale),
		Browser: mail.CoarseClient(userAgent), Client: client,
		RequestedAt: s.cfg.Now().UTC().Round(0),
	}
}
