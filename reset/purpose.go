package reset

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A Purpose is a use of links of the application's own, such as to verify or to
// change an address. Its name is the key of Config.Pages.Purposes, the kind of
// its mails and the Purpose of its events, and has 1 to 32 lower-case letters,
// digits and hyphens. The mail is in the look of the others. Its texts are
// those of mail.TemplatesConfig.Kinds, and [New] refuses a purpose that
// Config.Mail.Renderer has no mail for.
//
// [Service.Send] and [Service.SendTo] mail a link, and [Service.Redeem] takes
// it. The page in between is the application's. It must change nothing before
// somebody presses a button, because scanners of mail open links.
type Purpose struct {
	// Path is the path under Config.Site that links lead to. It is required.
	// Pages.LinkStyle says where they carry the token.
	Path string
	// Lifetime is how long a link is good, and the longest that
	// SendInput.Lifetime may ask for. Zero means 24 hours. It is at most 30
	// days.
	Lifetime time.Duration
	// State returns what using a link changes, such as whether the address is
	// verified. Every link is bound to it, and dead once it changes. Links are
	// bound to the account's hash, address and Stamp besides, so it may be nil
	// where using a link changes one of them. It is called when a link is made
	// and when one is used. An error keeps the link from being mailed or used
	// now. It must heed its context, which ends after ten seconds.
	State func(ctx context.Context, user User) (string, error)
}

// A RedeemInput is what a visitor of a page of the application's own sends. It
// prints, logs and marshals to JSON as its client alone. That protection is
// lost in an unexported field of another struct, and under %p and %w, where the
// fmt package does not call methods.
type RedeemInput struct {
	// Token is the text of the token, without the rest of the link.
	Token string
	// To is the address that a link of [Service.SendTo] was sent to, from
	// where the application keeps it until it is proven. The link does not
	// have it, and is refused for any other. Empty is for [Service.Send].
	To string
	// Client is as in [RequestInput].
	Client netip.Addr
}

// Format prints the client alone under every verb.
func (in RedeemInput) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.RedeemInput{%s}", in.Client)
}

// LogValue logs the client alone.
func (in RedeemInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client alone.
func (in RedeemInput) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{in.Client})
}

// Send mails the account a link for a purpose of the application's own, at its
// stored address. Like [Service.SendReset] it looks the account up, says what
// is wrong with it, uses the queue and charges no limits. A page where
// strangers can cause it needs a limit of its own.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrBadAddress],
// [ErrQueueFull] or [ErrClosed]. Anything else is internal, or the purpose or
// in.Lifetime is not as configured.
func (s *Service) Send(
	ctx context.Context, purpose token.Purpose, in SendInput,
) error {
	return s.sendOwn(ctx, purpose, "", in)
}

// SendTo is [Service.Send] to an address that is not the account's yet. The
// link proves that address, and is bound to it and to the stored one. The error
// may also match [ErrInvalidAddress].
func (s *Service) SendTo(
	ctx context.Context, purpose token.Purpose, to string, in SendInput,
) error {
	if !isAddress(to) {
		return ErrInvalidAddress
	}
	return s.sendOwn(ctx, purpose, to, in)
}

func (s *Service) sendOwn(
	ctx context.Context, purpose token.Purpose, to string, in SendInput,
) error {
	if _, ok := s.cfg.Pages.Purposes[purpose]; !ok {
		return errNoPurpose(purpose)
	}
	return s.sendLink(ctx, "link", Job{
		Kind: mail.Kind(purpose), UserID: in.UserID, Email: to,
		Locale: in.Locale, Lifetime: in.Lifetime,
	})
}

func errNoPurpose(purpose token.Purpose) error {
	return fmt.Errorf(
		"reset: purpose %q is not in Config.Pages.Purposes", purpose,
	)
}

// Redeem uses a link for a purpose of the application's own. It verifies the
// link, reads the account and calls apply with it, which does what the link is
// for. The limits are those of [Service.Confirm].
//
// A link is used once because apply changes what it is bound to, which is the
// account's hash, address or Stamp, or what Purpose.State returns. Redeem looks
// afterwards, and returns an error that matches [ErrStillValid] when the link
// would be taken again. That is a mistake in apply, or a store that reads from
// a replica which lags. Two calls at the same time may both get as far as
// apply. Where that must not be, apply writes on condition that the row still
// is as it was given, as Store.ReplaceHash does, and returns [ErrStale] when it
// is not.
//
// The error matches [ErrRejected] when the link is refused, also after
// ErrStale, or is a *[ThrottledError]. Any other error is internal, and the
// link stays good: the store or Purpose.State failed, or apply did, whose error
// is wrapped. ctx governs all but apply, which the visitor cannot cut short and
// which has ten seconds.
func (s *Service) Redeem(
	ctx context.Context, purpose token.Purpose, in RedeemInput,
	apply func(ctx context.Context, user User) error,
) error {
	if _, ok := s.cfg.Pages.Purposes[purpose]; !ok {
		return errNoPurpose(purpose)
	}
	if apply == nil {
		return errors.New("reset: Redeem was given no function")
	}
	client := plainClient(in.Client)
	if s.blocked(client) {
		s.events.recordLater(Event{
			Outcome: OutcomeBlocked, Client: client, Purpose: purpose,
		})
		return ErrRejected
	}

	bound := s.boundOwn(purpose, in.To)
	user, _, ev, err := s.open(ctx, opening{
		purpose: purpose, raw: in.Token, client: client,
		signed: &s.limits.confirmUser, junk: &s.limits.confirmClient,
		bound: bound,
	})
	if err != nil {
		return s.refuse(ctx, ev, OutcomeRedeemFailed, err)
	}

	ctx = context.WithoutCancel(ctx)
	err = s.callHook(ctx, "apply", func(ctx context.Context) error {
		return apply(ctx, user)
	})
	if errors.Is(err, ErrStale) {
		return s.lostRace(ctx, ev)
	}
	if err != nil {
		err = fmt.Errorf("reset: use a link for %q: %w", purpose,
			scrub(err, append(user.secrets(), in.To)...))
		return s.redeemFailed(ctx, ev, reasonHook, err)
	}
	if s.takesAgain(ctx, purpose, in.Token, bound) {
		return s.redeemFailed(ctx, ev, reasonStillValid,
			fmt.Errorf("%w: purpose %q", ErrStillValid, purpose))
	}

	ev.Outcome = OutcomeRedeemed
	s.events.record(ctx, ev)
	return nil
}

func (s *Service) redeemFailed(
	ctx context.Context, ev Event, reason Reason, err error,
) error {
	ev.Outcome, ev.Reason, ev.Err = OutcomeRedeemFailed, reason, err
	s.events.record(ctx, ev)
	return err
}

// takesAgain says whether a link that was just used is certainly still good.
func (s *Service) takesAgain(
	ctx context.Context, purpose token.Purpose, raw string,
	bound func(ctx context.Context, user User) (token.State, Reason, error),
) bool {
	_, err := s.signer.Verify(
		ctx, raw, purpose,
		func(ctx context.Context, userID string) (token.State, error) {
			_, state, _, err := s.loadBound(ctx, userID, bound)
			return state, err
		},
	)
	return err == nil
}

// boundOwn returns what links of a purpose are bound to. to is the address that
// is to be proven, or empty for the stored one.
func (s *Service) boundOwn(
	purpose token.Purpose, to string,
) func(ctx context.Context, user User) (token.State, Reason, error) {
	return func(
		ctx context.Context, user User,
	) (token.State, Reason, error) {
		if user.Disabled {
			return token.State{}, reasonDisabled, nil
		}

		own := ""
		if load := s.cfg.Pages.Purposes[purpose].State; load != nil {
			err := s.callHook(
				ctx, "Purpose.State", func(ctx context.Context) (err error) {
					own, err = load(ctx, user)
					return err
				},
			)
			if err != nil {
				return token.State{}, "", fmt.Errorf("reset: Purpose.State: %w",
					scrub(err, append(user.secrets(), to)...))
			}
		}

		// The stored address counts also where the link goes to another one. A
		// digest has one length, whatever the state's.
		fields, err := json.Marshal([]string{user.Stamp, user.Email, own})
		if err != nil {
			return token.State{}, "", err
		}
		digest := sha256.Sum256(fields)
		state := stateOf(user)
		state.Stamp = token.Hide(string(digest[:]))
		if to != "" {
			state.Email = token.Hide(to)
		}
		return state, "", nil
	}
}

// ownDelivery looks up whom a job for a purpose of the application's own is
// for.
func (s *Service) ownDelivery(
	ctx context.Context, job Job,
) ([]delivery, error) {
	purpose := token.Purpose(job.Kind)
	if _, ok := s.cfg.Pages.Purposes[purpose]; !ok {
		return nil, errKind
	}

	user, state, reason, err := s.loadBound(
		ctx, job.UserID, s.boundOwn(purpose, job.Email),
	)
	d := delivery{kind: job.Kind, to: job.Email, user: user, state: state}
	if d.to == "" {
		d.to = user.Email
	}
	switch {
	case reason == "" && errors.Is(err, token.ErrUnknownUser):
		reason = Reason(token.ReasonUnknownUser)
	case reason == "" && err != nil:
		return nil, err
	case reason == "" && !isAddress(d.to):
		reason = reasonBadAddress
	}

	if reason != "" {
		s.events.recordOf(ctx, job, Event{
			Outcome: OutcomeSkipped, UserID: job.UserID, Reason: reason,
		})
		return nil, nil
	}
	return []delivery{d}, nil
}
