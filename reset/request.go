package reset

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A RequestInput is what a visitor of the forgot page sends. It prints as its
// client, except in an unexported field.
type RequestInput struct {
	// Email is what was typed. White space around it is dropped.
	Email string
	// Locale is a list of languages, or an Accept-Language header as it came,
	// for accounts without a User.Locale.
	Locale string
	// UserAgent is the visitor's header as it came. Mails show what
	// mail.CoarseClient makes of it.
	UserAgent string
	// Client is the visitor's address, as the application trusts it. Never pass
	// one address for all visitors, such as a proxy's, nor what a header named
	// unless your own proxy set it.
	Client netip.Addr
	// ReturnTo is a key of Config.Pages.ReturnTo. An unknown one is dropped.
	ReturnTo string
	// Lifetime is as in [SendInput].
	Lifetime time.Duration
}

// Request asks for a link for whatever accounts have the typed address. It
// checks the address, charges the limits and queues a job. ctx governs that
// alone.
//
// It returns nil for every address that could be one, whether it has an
// account, has used up its attempts, or found the queue full. Else it returns
// [ErrInvalidAddress], a *[ThrottledError], [ErrClosed], or an error of
// Config.Queue.Dispatch.
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
		s.events.recordLater(ev)
		return nil
	}

	paid, mute, err := s.limits.chargeRequest(
		ctx, client, s.digest(foldASCII(typed)), ev,
	)
	if err != nil {
		return err
	}
	return s.submit(ctx, Job{
		ID: mail.NewID(), Kind: mail.KindReset, Email: typed,
		Locale: languages(in.Locale), Client: client,
		Browser:     mail.CoarseClient(in.UserAgent),
		RequestedAt: s.cfg.Now().UTC().Round(0),
		Lifetime:    in.Lifetime, Throttled: mute,
		ReturnTo: s.cfg.Pages.returnKey(in.ReturnTo),
	}, paid, ev)
}

// parseTyped checks what a visitor typed, length first.
func (s *Service) parseTyped(typed string) (text string, err error) {
	// A form may send some white space around. Anything beyond that is no
	// address, and to trim a megabyte is work.
	if len(typed) > maxTyped+16 {
		return "", ErrInvalidAddress
	}

	text = strings.Trim(typed, " \t\r\n")
	if isAddress(text) {
		return text, nil
	}
	if s.cfg.Hooks.FindByIdentifier == nil || !isIdentifier(text) {
		return "", ErrInvalidAddress
	}
	return text, nil
}

func isIdentifier(text string) bool {
	return text != "" && len(text) <= maxTyped && utf8.ValidString(text) &&
		strings.IndexFunc(text, func(r rune) bool {
			return !unicode.IsGraphic(r)
		}) < 0
}

// submit queues a job, also one that sends nothing. Whatever the queue does,
// slow or down, it must do for every address.
func (s *Service) submit(
	ctx context.Context, job Job, paid bill, ev Event,
) error {
	ev.RequestID, ev.Outcome = job.ID, OutcomeRequested
	if s.cfg.Queue.Synchronous {
		if !job.Throttled {
			s.events.recordLater(ev)
		}
		// Only events tell of it. An error here would tell who has an account.
		_ = s.workInline(ctx, job)
		return nil
	}

	err := s.enqueue(ctx, job, paid)
	if err != nil {
		s.limits.giveBack(ctx, paid, ev)
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
		s.events.recordLater(ev)
	}
	return err
}
