package reset

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// Request asks for a link for whatever accounts have the typed address. It
// checks the address, charges the limits and queues a job. It neither looks
// anything up, nor makes a link, nor mails, so that neither its answer nor its
// time tells whether there is an account.
//
// It returns nil for every address that could be one, whether it has an
// account, has used up its attempts, or found the queue full.
// [ErrInvalidAddress] says that the text is no mail address, *[ThrottledError]
// that this client, its network or the site has asked too often. After Shutdown
// it is [ErrClosed]. Any other error says that Config.Queue.Dispatch failed, which
// has nothing to do with the address, or that in.Lifetime is out of range.
//
// ctx reaches limiters and Config.Queue.Dispatch, not the work that follows.
func (s *Service) Request(ctx context.Context, in RequestInput) error {
	typed, err := s.parseTyped(in.Email)
	if err != nil {
		return err
	}
	if err := s.checkLifetime(token.PurposeReset, in.Lifetime); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}

	client := plainClient(in.Client)
	ev := Event{Client: client, Purpose: token.PurposeReset}
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
		ID: mail.NewID(), Kind: mail.KindReset, Email: typed,
		Locale: languages(in.Locale), Client: client,
		Browser:     mail.CoarseClient(in.UserAgent),
		RequestedAt: s.cfg.Now().UTC().Round(0),
		Lifetime:    in.Lifetime, Throttled: mute,
	}, paid, ev)
}

// submit queues a job, also one that sends nothing. Whatever the queue does,
// slow or down, it must do for every address.
func (s *Service) submit(
	ctx context.Context, job Job, paid bill, ev Event,
) error {
	ev.RequestID, ev.Outcome = job.ID, OutcomeRequested
	if s.cfg.Queue.Synchronous {
		if !job.Throttled {
			s.recordLater(ev)
		}
		// Only events tell of it. An error here would tell who has an account.
		_ = s.workInline(ctx, job)
		return nil
	}

	err := s.enqueue(ctx, job, paid)
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

	// Of a throttled job, that it was throttled is recorded already.
	if !job.Throttled || err != nil {
		s.recordLater(ev)
	}
	return err
}

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

// languages puts lists together, those of the first before those of the next.
func languages(lists ...string) string {
	var tags []string
	for _, list := range lists {
		tags = append(tags, mail.Languages(list)...)
	}
	return strings.Join(tags, ",")
}
