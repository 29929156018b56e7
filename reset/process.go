package reset

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// enqueue hands a job to whatever works on jobs. What is no stranger's doing
// may use room that requests may not.
func (s *Service) enqueue(ctx context.Context, job Job, paid bill) error {
	job.SiteName = s.name
	if s.cfg.Queue.Dispatch != nil {
		signed, err := s.seal.sign(job)
		if err != nil {
			return err
		}
		return guard("Config.Queue.Dispatch", func() error {
			return s.cfg.Queue.Dispatch(ctx, signed)
		})
	}

	asker := networkOf(job.Client)
	if job.isOwn() {
		asker = network{own: true}
	}
	return s.pool.add(&task{
		svc: s, attempts: []attempt{{job: job}}, paid: paid,
	}, asker)
}

// queueOwn queues mail that no stranger can cause, or sends it at once.
func (s *Service) queueOwn(ctx context.Context, job Job) error {
	if s.cfg.Queue.Synchronous {
		return s.workInline(ctx, job)
	}
	return s.enqueue(ctx, job, bill{})
}

// Process does one job, for the worker of an engine behind
// Config.Queue.Dispatch. It works after Shutdown too, so stop the engine's
// workers before the sink of events.
//
// Nil means that nothing is left to do, also when the mail can never be
// delivered or the job came too late. Any other error asks the engine to call
// again later with the same job, until the mail is of no use, as
// Config.Queue.Window says.
//
// After [ErrJobRefused] the engine should repeat the job a few times only, by a
// count that is not the job's. It is forged or changed, or this process lacks
// the key or the version that made it, and a MAC does not tell which. After
// [ErrUnknownSite] it keeps the job for another process.
//
// Of several accounts, those whose mail failed are dispatched as jobs of their
// own. A job that is processed again after success mails again, under the same
// Message-ID. One of a write of unknown outcome also ends sessions and calls
// Hooks.OnConfirmed again.
func (s *Service) Process(ctx context.Context, job Job) error {
	reason, err := s.seal.validate(job, s.cfg.Now(), s.window(job))
	if err != nil {
		s.refuseJob(ctx, job, reason, err)
		return err
	}

	of := s.site(job.SiteName)
	if of == nil {
		return s.keepForItsSite(ctx, job)
	}
	return of.process(ctx, job)
}

// process does a job of this site.
func (s *Service) process(ctx context.Context, job Job) error {
	retries, err := s.perform(ctx, attempt{job: job})
	if len(retries) == 1 && retries[0].unsure && ctx.Err() == nil {
		// The engine cannot tell an attempt that may have been delivered from
		// one that was not. The one repetition that is due happens here.
		retries, err = s.perform(ctx, retries[0])
	}
	if len(retries) == 0 || s.cfg.Queue.Dispatch == nil {
		return err
	}

	// The engine calls again with the job it has, if that is what is left.
	if len(retries) == 1 && retries[0].job.asksAsMuchAs(job) {
		return err
	}

	for _, a := range retries {
		if err := s.enqueue(ctx, a.job, bill{}); err != nil {
			return fmt.Errorf(
				"reset: dispatch the rest of a job: %w",
				scrub(err, append([]string{a.job.Email}, a.job.Also...)...),
			)
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
func work(
	ctx context.Context, t *task,
) (wait time.Duration, done bool) {
	var retries []attempt
	for _, a := range t.attempts {
		failed, _ := t.svc.perform(ctx, a)
		retries = append(retries, failed...)
	}
	if len(retries) == 0 {
		return 0, true
	}

	t.attempts = retries
	for _, a := range retries {
		wait = max(wait, t.svc.backoff(a))
	}
	return wait, false
}

func (s *Service) backoff(a attempt) time.Duration {
	if a.lookUp > 0 {
		return lookupBackoff(a.lookUp)
	}
	return backoff(a.count, s.window(a.job))
}

// abandon records what the pool gives up.
func abandon(t *task, reason Reason) {
	for _, a := range t.attempts {
		t.svc.events.recordFailure(context.Background(), a.job, Event{
			UserID: a.job.UserID, Reason: reason,
		})
	}
}

// dropped records what lost its place before its first attempt. The request
// that took the place must wait neither for the sink nor for a limiter.
func dropped(t *task) {
	s, job := t.svc, t.attempts[0].job
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
		s.limits.giveBack(context.Background(), t.paid, ev)
	}})
}

// workInline does a job in the caller's request, to its end even if the visitor
// hangs up. There is no later time at which to retry.
func (s *Service) workInline(ctx context.Context, job Job) error {
	ctx = context.WithoutCancel(ctx)
	retries, err := s.perform(ctx, attempt{job: job})
	if len(retries) == 0 {
		return err
	}

	var failed error
	for _, a := range retries {
		if a.unsure {
			if again, _ := s.perform(ctx, a); len(again) == 0 {
				continue
			}
		}

		failed = err
		s.events.recordFailure(ctx, a.job, Event{
			UserID: a.job.UserID, Reason: reasonGaveUp, Err: err,
		})
	}
	return failed
}

// window returns for how long after it was asked for a mail is of use. Whoever
// asks for a link waits for it. What no visitor waits for can be late.
func (s *Service) window(job Job) time.Duration {
	if !job.isOwn() {
		return s.cfg.Queue.Window
	}
	return max(s.cfg.Queue.Window, 24*time.Hour)
}

// perform makes one attempt at the mails of a job. It returns the attempts that
// are due later, with the last error.
func (s *Service) perform(
	ctx context.Context, a attempt,
) (retries []attempt, err error) {
	if a.job.Throttled {
		return nil, nil
	}
	if age := s.cfg.Now().Sub(a.job.RequestedAt); age > s.window(a.job) {
		s.tooLate(ctx, a)
		return nil, nil
	}

	if a.job.Unresolved != "" {
		job, err := s.resolve(ctx, a.job)
		if err != nil {
			a.count++
			return []attempt{a}, err
		}
		if job.Kind == "" {
			return nil, nil
		}
		a.job = job
	}

	due, several, err := s.deliveries(ctx, a)
	if err != nil {
		return s.lookUpFailed(ctx, a, err)
	}

	a.lookUp = 0
	for _, d := range due {
		retry, sendErr := s.sendLimited(ctx, a, d)
		if retry == nil {
			continue
		}
		if several {
			// The others are dealt with, or have their own attempts.
			retry.job = retry.job.only(d)
		}
		retries, err = append(retries, *retry), sendErr
	}
	return retries, err
}

// lookUpFailed says whether a look-up is worth another attempt. A stranger's is
// repeated a few times only.
func (s *Service) lookUpFailed(
	ctx context.Context, a attempt, err error,
) (retries []attempt, _ error) {
	err = fmt.Errorf("reset: look up accounts: %w", scrub(err, a.job.Email))
	if errors.Is(err, ErrJobRefused) {
		s.refuseJob(ctx, a.job, reasonBadKind, err)
		return nil, err
	}

	a.count++
	a.lookUp++
	if !a.job.isOwn() && a.lookUp > lookupRetries {
		s.events.recordFailure(ctx, a.job, Event{
			UserID: a.job.UserID, Reason: reasonOfFailure(err), Err: err,
		})
		return nil, err
	}

	s.events.recordRetry(
		ctx, a.job, Event{Reason: reasonOfFailure(err), Err: err},
	)
	return []attempt{a}, err
}

func (s *Service) tooLate(ctx context.Context, a attempt) {
	if a.job.Unresolved != "" {
		return // the write has not shown, so there is nothing to tell.
	}

	ev := Event{UserID: a.job.UserID, Reason: reasonGaveUp}
	if a.count > 0 || a.job.isOwn() {
		s.events.recordFailure(ctx, a.job, ev)
		return
	}
	ev.Outcome, ev.Reason = OutcomeSkipped, reasonTooLate
	s.events.recordOf(ctx, a.job, ev)
}
