package reset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A RequestInput is what a visitor of the forgot page sends. It prints, logs
// and marshals without the address. That protection is lost in an unexported
// field of another struct, and under %p and %w, where the fmt package does not
// call methods.
type RequestInput struct {
	// Email is the typed address. White space around it is dropped.
	Email string
	// Locale is a list of the languages that the visitor reads, for accounts
	// without one of their own that there are templates for. It may be an
	// Accept-Language header as it came. See mail.Languages.
	Locale string
	// UserAgent is the visitor's User-Agent header as it came. Of it the mail,
	// and the job, only have what mail.CoarseClient makes of it, such as
	// "Firefox, Linux". Empty leaves that out.
	UserAgent string
	// Client is the visitor's address, as the application trusts it. The zero
	// Addr means unknown, and charges no client's limit. Never pass one address
	// for all visitors, such as a proxy's.
	Client netip.Addr
	// ReturnTo is a key of Config.Pages.ReturnTo, or empty. The link carries
	// it, for the page to lead the visitor there in the end. A key that is not
	// there is dropped and no error, because it may come from a form.
	ReturnTo string
	// Lifetime is that of the link, at most Config.Lifetimes.MaxReset. Zero
	// means Config.Lifetimes.Reset.
	Lifetime time.Duration
}

// Format prints the client alone under every verb.
func (in RequestInput) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.RequestInput{%s}", in.Client)
}

// LogValue logs the client alone.
func (in RequestInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client alone.
func (in RequestInput) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{in.Client})
}

// Request asks for a link for whatever accounts have the typed address. It
// checks the address, charges the limits and queues a job. It neither looks
// anything up, nor makes a link, nor mails, so that neither its answer nor its
// time tells whether there is an account.
//
// It returns nil for every address that could be one, whether it has an
// account, has used up its attempts, or found the queue full.
// [ErrInvalidAddress] says that the text is no mail address, *[ThrottledError]
// that this client, its network or the site has asked too often. After Shutdown
// it is [ErrClosed]. Any other error says that Config.Queue.Dispatch failed,
// which has nothing to do with the address, or that in.Lifetime is out of
// range.
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
