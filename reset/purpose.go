package reset

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A Purpose is a use of links of the application's own, such as to verify or to
// change an address. Its name is the key of Config.Pages.Purposes, the kind of
// its mails and the Purpose of its events, and has 1 to 32 lower-case letters,
// digits and hyphens. Its mail is in the look of the others, with texts of
// mail.TemplatesConfig.Kinds. [New] refuses a purpose that Config.Mail.Renderer
// has no mail for.
//
// [Service.Send] and [Service.SendTo] mail a link, and [Service.Redeem] takes
// it. The page in between is the application's. It must change nothing before
// somebody presses a button, because scanners of mail open links.
type Purpose struct {
	// Path, which is required, is the path of the page under Config.Site. Links
	// lead to Path and "/#token=", or "/?token=" as Pages.LinkStyle says, so
	// route Path also with a slash behind it.
	Path string
	// Lifetime is how long a link is good, and the longest that
	// SendInput.Lifetime may ask for, a minute to 30 days. Zero means 24 hours.
	Lifetime time.Duration
	// State returns what using a link changes, such as whether the address is
	// verified. Links die once it changes, as with the account's hash, address
	// and Stamp, so it may be nil where using a link changes one of them. It is
	// called when a link is made and when one is used, which then fails as with
	// [Hooks].
	State func(ctx context.Context, user User) (string, error)
}

// A RedeemInput is what a visitor of a page of the application's own sends. It
// prints and marshals as its client alone, except in an unexported field.
type RedeemInput struct {
	// Token is as in [CheckInput].
	Token string
	// To is the address that [Service.SendTo] was given, which the application
	// keeps until it is proven. The link does not have it, and is refused for
	// any other. It is empty after [Service.Send].
	To string
	// Client is as in [RequestInput].
	Client netip.Addr
}

// Send mails the account a link for a purpose of the application's own, at its
// stored address. Where strangers can cause it, the page needs a limit of its
// own. The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrBadAddress],
// [ErrQueueFull] or [ErrClosed].
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
// link, reads the account and calls apply with it. Limits are those of Confirm.
//
// A link is used once because apply changes what it is bound to. If it is still
// good afterwards, by a mistake in apply or a replica that lags, the error
// matches [ErrStillValid]. Two calls at the same time may both get as far as
// apply. Where that must not be, apply writes on condition that the row still
// is as it was given, as Store.ReplaceHash does, and returns [ErrStale] when it
// is not.
//
// The error matches [ErrRejected], also after ErrStale, or is a
// *[ThrottledError]. After any other, such as the wrapped one of apply, the
// link stays good. ctx governs all but apply, which the visitor cannot cut
// short. It runs on the caller's goroutine, with a context that ends after ten
// seconds and that it must heed.
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
	good, ev, err := s.open(ctx, opening{
		raw: in.Token, client: client, purposes: []token.Purpose{purpose},
		signed: &s.limits.confirmUser, junk: &s.limits.confirmClient,
		bound: bound,
	})
	if err != nil {
		return s.refuse(ctx, ev, OutcomeRejected, OutcomeRedeemFailed, err)
	}
	user := good.user

	ctx = context.WithoutCancel(ctx)
	applying, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	err = guard("apply", func() error { return apply(applying, user) })
	if errors.Is(err, ErrStale) {
		return s.lostRace(ctx, ev)
	}
	if err != nil {
		err = fmt.Errorf("reset: use a link for %q: %w", purpose,
			scrub(err, append(user.secrets(), in.To, in.Token)...))
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
	ctx context.Context, purpose token.Purpose, raw string, bound binding,
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
func (s *Service) boundOwn(purpose token.Purpose, to string) binding {
	return func(
		ctx context.Context, user User,
	) (token.State, Reason, error) {
		if user.Disabled {
			return token.State{}, reasonDisabled, nil
		}

		own := ""
		if load := s.cfg.Pages.Purposes[purpose].State; load != nil {
			var err error
			own, err = ask(
				ctx, "Purpose.State",
				func(ctx context.Context) (string, error) {
					return load(ctx, user)
				},
			)
			if err != nil {
				return token.State{}, "", scrub(
					err, append(user.secrets(), to)...,
				)
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
