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

// A Purpose is a use of links of the application's own, such as to verify an
// address. Its name is the key of Config.Pages.Purposes, the kind of its mails
// and the Purpose of its events, and has 1 to 32 lower-case letters, digits and
// hyphens. The Renderer must have a mail for it, as by
// mail.TemplatesConfig.Kinds.
//
// [Service.SendPurpose] mails a link, and [Service.Redeem] takes it. The page
// in between must wait for somebody to press a button, because scanners of mail
// open links.
type Purpose struct {
	// Path is the required path of the page under Config.Site. Links lead to
	// Path and "/#token=" or, by Pages.LinkStyle, "/?token=", so route Path
	// also with a slash behind it.
	Path string
	// Lifetime is how long a link is good, and the longest that a caller may
	// ask for, a minute to 30 days. Zero means 24 hours.
	Lifetime time.Duration
	// State returns what using a link changes, such as whether the address is
	// verified. Links die once it changes, or the account's hash, address or
	// Stamp. Nil is for uses that change one of those. State fails as [Hooks]
	// do.
	State func(ctx context.Context, user User) (string, error)
}

// A RedeemInput is what a visitor of a page for a [Purpose] sends. It prints as
// its client, except in an unexported field.
type RedeemInput struct {
	// Token and Client are as in [CheckInput].
	Token string
	// To is the address that [Service.SendPurposeTo] was given, or empty. The
	// link does not have it, so the application keeps it until it is proven.
	To     string
	Client netip.Addr
}

// SendPurpose mails the account a link for a [Purpose], at its stored address.
// A page where strangers can cause it needs a limit of its own. The error
// matches [ErrUserNotFound], [ErrUserDisabled], [ErrNoAddress], [ErrQueueFull]
// or [ErrClosed].
func (s *Service) SendPurpose(
	ctx context.Context, purpose token.Purpose, in SendInput,
) error {
	return s.sendOwn(ctx, purpose, "", in)
}

// SendPurposeTo is [Service.SendPurpose] to an address that is not the
// account's yet. The link proves that address, and is bound to it and to the
// stored one. The error may also match [ErrInvalidAddress].
func (s *Service) SendPurposeTo(
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

// Redeem uses a link for a [Purpose]: it verifies the link, reads the account
// and calls apply. Limits are those of Confirm.
//
// A link is used once because apply changes what it is bound to. If it is still
// good afterwards, the error matches [ErrStillValid]. Two calls at the same
// time may both get as far as apply. Where that must not be, apply writes on
// condition that the row is as it was given, and else returns [ErrStale].
//
// The error matches [ErrRejected], also after ErrStale, or is a
// *[ThrottledError]. After any other, such as that of apply, the link stays
// good. ctx governs what comes before apply, which gets ten seconds of its own.
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
				ctx, s, "Purpose.State",
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
