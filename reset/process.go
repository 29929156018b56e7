package reset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

// enqueue hands a job to whatever works on jobs. What is no stranger's doing
// may use room that requests may not.
func (s *Service) enqueue(ctx context.Context, job Job, paid bill) error {
	if s.cfg.Queue.Dispatch != nil {
		signed, err := s.seal.sign(job)
		if err != nil {
			return err
		}
		return guard("Config.Queue.Dispatch", func() error {
			return s.cfg.Queue.Dispatch(ctx, signed)
		})
	}

	asker := network{own: true}
	if job.Kind == mail.KindReset {
		asker = networkOf(job.Client)
	}
	return s.pool.add(&task{attempts: []attempt{{job: job}}, paid: paid}, asker)
}

// Process does one job. It looks the accounts up, makes a link for each, and
// mails it. It is what the worker of an engine behind Config.Queue.Dispatch calls.
// Without Config.Queue.Dispatch nobody needs to call it.
//
// It takes the jobs that Config.Queue.Dispatch was given, by this Service or by one
// with the same Site and a key ring that shares the signing key, for as long as
// the ring has that key. Any other job is refused with an error that matches
// [ErrJobRefused]. That includes a job that was changed or made by hand, has a
// kind that this version does not know, or is from the future by more than ten
// seconds, which is how far the clocks of two machines may disagree. Nothing is
// looked up or mailed for it, it makes an event, and no repetition makes it
// better, so the engine can cancel it.
//
// Process returns nil when there is nothing more to do, also when the mail can
// never be delivered or the job came too late. Events tell. Any other error
// means that the engine should call it again later, with the same job. That
// ends by itself once the job is older than the mail is of use, which is
// Config.Queue.Window or, for what no stranger can cause, at least a day. A
// look-up that fails is retried for as long. Engines have bounds of their own
// on attempts.
//
// Of several accounts, those whose mail failed are dispatched as jobs of their
// own, so that the others are not mailed twice. A job that is processed again
// after success mails again, under the same Message-ID, since a MAC does not
// tell a copy from the original. Each call makes its own events.
func (s *Service) Process(ctx context.Context, job Job) error {
	if reason, err := s.seal.validate(job, s.cfg.Now()); err != nil {
		s.refuseJob(ctx, job, reason, err)
		return err
	}

	left, err := s.perform(ctx, attempt{job: job})
	if len(left) == 1 && left[0].unsure && ctx.Err() == nil {
		// The engine cannot tell an attempt that may have been delivered from
		// one that was not. The one repetition that is due happens here.
		left, err = s.perform(ctx, left[0])
	}
	if len(left) == 0 {
		return err
	}

	same := left[0].job.UserID == job.UserID &&
		left[0].job.Pending == job.Pending
	if len(left) == 1 && same || s.cfg.Queue.Dispatch == nil {
		return err
	}

	for _, t := range left {
		if dispatchErr := s.enqueue(ctx, t.job, bill{}); dispatchErr != nil {
			return fmt.Errorf("reset: dispatch what is left of a job: %w",
				scrub(dispatchErr, t.job.Email))
		}
	}
	return nil
}

// refuseJob records why a job is not done. Whatever a forged one says about
// itself stays out of its event, since it must not write lines of an audit
// trail.
func (s *Service) refuseJob(
	ctx context.Context, job Job, reason Reason, err error,
) {
	ev := Event{Outcome: OutcomeJobRefused, Reason: reason, Err: err}
	if reason == reasonBadMAC {
		s.events.record(ctx, ev)
		return
	}
	s.events.recordOf(ctx, job, ev)
}

// work is what the pool calls.
func (s *Service) work(
	ctx context.Context, pooled *task,
) (wait time.Duration, done bool) {
	var left []attempt
	for _, t := range pooled.attempts {
		again, _ := s.perform(ctx, t)
		left = append(left, again...)
	}
	if len(left) == 0 {
		return 0, true
	}

	pooled.attempts = left
	for _, t := range left {
		wait = max(wait, s.backoff(t))
	}
	return wait, false
}

func (s *Service) backoff(t attempt) time.Duration {
	if t.lookUp > 0 {
		return lookupBackoff(t.lookUp)
	}
	return backoff(t.count, s.window(t.job.Kind))
}

// abandon records what the pool gives up.
func (s *Service) abandon(pooled *task, reason Reason) {
	for _, t := range pooled.attempts {
		s.events.recordFailure(context.Background(), t.job, Event{
			UserID: t.job.UserID, Reason: reason,
		})
	}
}

// dropped records what lost its place before its first attempt. The request
// that took the place must wait neither for the sink nor for a limiter.
func (s *Service) dropped(pooled *task) {
	job := pooled.attempts[0].job
	ev := Event{
		Time: s.cfg.Now(), RequestID: job.ID,
		Client: plainClient(job.Client), Purpose: purposeOf(job.Kind),
	}

	// A throttled job was never accepted. Its charges are given back all the
	// same, or they would tell it from others.
	if !job.Throttled {
		ev.Outcome = OutcomeDropped
	}
	s.events.add(entry{event: ev, then: func() {
		s.limits.giveBack(context.Background(), pooled.paid, ev)
	}})
}

// workInline does a job in the caller's request, to its end even if the visitor
// hangs up. There is no later time at which to retry.
func (s *Service) workInline(ctx context.Context, job Job) error {
	ctx = context.WithoutCancel(ctx)
	left, err := s.perform(ctx, attempt{job: job})

	for _, t := range left {
		if t.unsure {
			if again, _ := s.perform(ctx, t); len(again) == 0 {
				continue
			}
		}
		s.events.recordFailure(ctx, t.job, Event{
			UserID: t.job.UserID, Reason: reasonGaveUp, Err: err,
		})
	}

	return err
}

// window returns for how long after it was asked for a mail is of use. Whoever
// asks for a link waits for it. Invitations and notices can be late.
func (s *Service) window(kind mail.Kind) time.Duration {
	if kind == mail.KindReset {
		return s.cfg.Queue.Window
	}
	return max(s.cfg.Queue.Window, 24*time.Hour)
}

// perform sends the mails of one job. What remains to be retried comes back,
// with the last error.
func (s *Service) perform(ctx context.Context, t attempt) (left []attempt, err error) {
	if t.job.Throttled {
		return nil, nil
	}
	if age := s.cfg.Now().Sub(t.job.RequestedAt); age > s.window(t.job.Kind) {
		s.tooLate(ctx, t)
		return nil, nil
	}

	if t.job.Pending != "" {
		job, err := s.resolve(ctx, t.job)
		if err != nil {
			t.count++
			return []attempt{t}, err
		}
		if job.Kind == "" {
			return nil, nil
		}
		t.job = job
	}

	due, several, err := s.deliveries(ctx, t)
	if err != nil {
		err = fmt.Errorf("reset: look up accounts: %w", scrub(err, t.job.Email))
		if errors.Is(err, ErrJobRefused) {
			s.refuseJob(ctx, t.job, reasonBadKind, err)
			return nil, err
		}

		t.count++
		t.lookUp++
		if t.job.Kind == mail.KindReset && t.lookUp > lookupRetries {
			s.events.recordFailure(ctx, t.job, Event{
				UserID: t.job.UserID, Reason: reasonStore, Err: err,
			})
			return nil, err
		}
		s.events.recordRetry(ctx, t.job, Event{Reason: reasonStore, Err: err})
		return []attempt{t}, err
	}

	t.lookUp = 0
	for _, l := range due {
		again, sendErr := s.sendLimited(ctx, t, l)
		if again == nil {
			continue
		}
		if several {
			// The others on this address are dealt with, or have their own
			// attempts.
			again.job.UserID = l.user.ID
		}
		left, err = append(left, *again), sendErr
	}
	return left, err
}

func (s *Service) tooLate(ctx context.Context, t attempt) {
	if t.job.Pending != "" {
		return // the write has not shown, so there is nothing to tell.
	}

	ev := Event{UserID: t.job.UserID, Reason: reasonGaveUp}
	if t.count > 0 || t.job.Kind != mail.KindReset {
		s.events.recordFailure(ctx, t.job, ev)
		return
	}
	ev.Outcome, ev.Reason = OutcomeSkipped, reasonTooLate
	s.events.recordOf(ctx, t.job, ev)
}
