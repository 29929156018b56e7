package reset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// An errand is a job as the pool works on it: the mails of it that are still to be sent.
type errand struct {
	tries []try
	last  bool // the pool is closing: what fails now is given up
}

// A try is a job with what its earlier tries have shown.
type try struct {
	job    Job
	count  int  // of tries that failed
	unsure bool // the mailer could not tell whether one of them was delivered
	// hint is the kind of a mail without a link that failed: why it has no link is recorded already.
	hint mail.Kind
}

// Process does one job: it looks the accounts up, makes a link for each, and mails it. It is what the worker of
// an engine behind Config.Dispatch calls; without Config.Dispatch nobody needs to call it.
//
// It returns nil when there is nothing more to do, also when the mail can never be delivered or the job came
// too late: events tell. An error means that the engine should call it again later, with the same job. Of
// several accounts, those whose mail failed are dispatched as jobs of their own, so that the others are not
// mailed twice. A job that is processed again after success mails again, under the same Message-ID. Each call
// makes its own events.
func (s *Service) Process(ctx context.Context, job Job) error {
	if job.Kind == "" {
		job.Kind = mail.KindReset
	}
	left, err := s.attempt(ctx, try{job: job})
	if len(left) == 1 && left[0].unsure && ctx.Err() == nil {
		// The engine cannot tell a try that may have been delivered from one that was not: the one repetition
		// that is due happens here.
		left, err = s.attempt(ctx, left[0])
	}
	if len(left) == 0 {
		return err
	}
	if len(left) == 1 && left[0].job == job || s.cfg.Dispatch == nil {
		return err
	}
	for _, t := range left {
		if dispatchErr := s.enqueue(ctx, t.job); dispatchErr != nil {
			return fmt.Errorf("reset: dispatch what is left of a job: %w", scrub(dispatchErr, t.job.Email))
		}
	}
	return nil
}

// work is what the pool calls.
func (s *Service) work(ctx context.Context, e *errand) (wait time.Duration, done bool) {
	var left []try
	for _, t := range e.tries {
		again, _ := s.attempt(ctx, t)
		left = append(left, again...)
	}
	if len(left) == 0 {
		return 0, true
	}
	e.tries = left
	count := 0
	for _, t := range left {
		count = max(count, t.count)
	}
	return backoff(count, s.window(left[0].job.Kind)), false
}

// abandon records what the pool gives up.
func (s *Service) abandon(e *errand) {
	for _, t := range e.tries {
		s.recordFailure(context.Background(), t.job, Event{UserID: t.job.UserID, Reason: ReasonShutdown})
	}
}

// workInline does a job in the caller's request, to its end even if the visitor hangs up. There is no later to
// try again in.
func (s *Service) workInline(ctx context.Context, job Job) error {
	ctx = context.WithoutCancel(ctx)
	left, err := s.attempt(ctx, try{job: job})
	for _, t := range left {
		if t.unsure {
			if again, _ := s.attempt(ctx, t); len(again) == 0 {
				continue
			}
		}
		s.recordFailure(ctx, t.job, Event{UserID: t.job.UserID, Reason: ReasonGaveUp, Err: err})
	}
	return err
}

// window is for how long after it was asked for a mail is of use. Whoever asks for a link waits for it;
// invitations and notices can be late.
func (s *Service) window(kind mail.Kind) time.Duration {
	if kind == mail.KindReset {
		return s.cfg.MailWindow
	}
	return max(s.cfg.MailWindow, 24*time.Hour)
}

// attempt sends the mails of one job. What is left to try again comes back, with the last error.
func (s *Service) attempt(ctx context.Context, t try) (left []try, err error) {
	if age := s.cfg.Now().Sub(t.job.RequestedAt); age > s.window(t.job.Kind) {
		s.tooLate(ctx, t)
		return nil, nil
	}
	letters, several, err := s.letters(ctx, t)
	if err != nil {
		err = fmt.Errorf("reset: look up accounts: %w", scrub(err, t.job.Email))
		if errors.Is(err, errKind) {
			return nil, err
		}
		t.count++
		s.recordTry(ctx, t.job, Event{Reason: ReasonStore, Err: err})
		return []try{t}, err
	}
	for _, l := range letters {
		again, sendErr := s.send(ctx, t, l)
		if again == nil {
			continue
		}
		if several {
			again.job.UserID = l.user.ID // the others on this address are dealt with, or have their own tries
		}
		left, err = append(left, *again), sendErr
	}
	return left, err
}

func (s *Service) tooLate(ctx context.Context, t try) {
	ev := Event{UserID: t.job.UserID, Reason: ReasonGaveUp}
	if t.count > 0 || t.job.Kind != mail.KindReset {
		s.recordFailure(ctx, t.job, ev)
		return
	}
	ev.Outcome, ev.Reason = OutcomeSkipped, ReasonTooLate
	s.recordOf(ctx, t.job, ev)
}

// send makes and sends one mail. again is the try to repeat, or nil when the mail is sent or given up.
func (s *Service) send(ctx context.Context, t try, l letter) (again *try, err error) {
	ev := Event{UserID: l.user.ID, Purpose: l.purpose()}
	msg, made, err := s.compose(t.job, l)
	if err != nil {
		// Whatever cannot be made now cannot be made later.
		ev.Reason, ev.Err = ReasonRender, err
		s.recordFailure(ctx, t.job, ev)
		return nil, err
	}
	ev.TokenID = made.link.tokenID
	sendCtx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	err = guard("Mailer.Send", func() error { return s.cfg.Mailer.Send(sendCtx, msg) })
	if err == nil {
		ev.Outcome, ev.Reason = l.outcome()
		s.recordOf(ctx, t.job, ev)
		return nil, nil
	}
	err = fmt.Errorf("reset: send mail: %w", scrub(err, made.raw, t.job.Email, l.to, l.user.PasswordHash))
	ev.Err = err
	t.count++
	verdict := mail.VerdictOf(err)
	_, panicked := errors.AsType[*PanicError](err)
	switch {
	case panicked:
		ev.Reason = ReasonPanic
	case verdict == mail.VerdictPermanent:
		ev.Reason = ReasonRefused
	case verdict == mail.VerdictUnknown && t.unsure && ctx.Err() == nil:
		ev.Reason = ReasonUnknown
	default:
		if !l.hasLink() {
			t.hint = l.kind
		}
		t.unsure = t.unsure || verdict == mail.VerdictUnknown && ctx.Err() == nil
		s.recordTry(ctx, t.job, ev)
		return &t, err
	}
	s.recordFailure(ctx, t.job, ev)
	return nil, err
}

// recordOf records an event of a job.
func (s *Service) recordOf(ctx context.Context, job Job, ev Event) {
	ev.RequestID, ev.Client = job.ID, plainClient(job.Client)
	if ev.Purpose == "" {
		ev.Purpose = purposeOf(job.Kind)
	}
	s.record(ctx, ev)
}

func (s *Service) recordTry(ctx context.Context, job Job, ev Event) {
	ev.Outcome = OutcomeMailDelayed
	s.recordOf(ctx, job, ev)
}

func (s *Service) recordFailure(ctx context.Context, job Job, ev Event) {
	ev.Outcome = OutcomeMailFailed
	if job.Kind == mail.KindPasswordChanged {
		ev.Outcome = OutcomeNoticeFailed
	}
	s.recordOf(ctx, job, ev)
}

func purposeOf(kind mail.Kind) token.Purpose {
	if kind == mail.KindInvite {
		return token.Invite
	}
	return token.Reset
}
