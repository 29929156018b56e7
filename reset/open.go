package reset

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/lostkey-go/lostkey/token"
)

// An opening is a link that is to be opened.
type opening struct {
	raw    string
	client netip.Addr
	// purposes are those that the link may have, the likeliest first.
	purposes []token.Purpose
	// signed is charged for a link that this site has signed, by the link, and
	// junk for anything else, by the client.
	signed, junk *throttle
	bound        binding
	// anyAddress takes a link that went to any of the account's addresses. Else
	// it must be the one that bound says.
	anyAddress bool
}

// A binding returns what links of an account are bound to, or the reason for
// which it takes none.
type binding func(
	ctx context.Context, user User,
) (token.State, Reason, error)

// A grant is a good link, with the account that it is for.
type grant struct {
	user   User
	to     string // the address that the link went to, unless SendPurposeTo sent it.
	claims token.Claims
}

// open verifies a link. Signature and times come first, then a limit, then the
// account. The event has what is known by then, which is the client, the
// account, the token, the purpose and the reason of a rejection.
func (s *Service) open(
	ctx context.Context, o opening,
) (grant, Event, error) {
	var good grant
	var state token.State
	ev := Event{Client: o.client}
	charged := false
	load := func(ctx context.Context, userID string) (token.State, error) {
		charged, ev.UserID = true, userID
		// By the account, whoever has a dead link of it could use up what its
		// owner needs.
		err := s.limits.allow(ctx, o.signed, s.digest(o.raw), ev)
		if err != nil {
			return token.State{}, err
		}

		good.user, state, ev.Reason, err = s.loadBound(ctx, userID, o.bound)
		return state, err
	}

	var err error
	for _, purpose := range o.purposes {
		ev.Purpose = purpose
		good.claims, err = s.signer.Verify(ctx, o.raw, purpose, load)
		if !isRejected(err, token.ReasonWrongPurpose) {
			break
		}
	}
	good.to = good.user.Email
	if o.anyAddress && isRejected(err, token.ReasonStale) {
		err = s.verifyOthers(ctx, o.raw, ev.Purpose, state, &good, err)
	}
	if err == nil {
		ev.TokenID = good.claims.TokenID
		return good, ev, nil
	}

	if rejected, ok := errors.AsType[*token.RejectedError](err); ok {
		ev.UserID, ev.TokenID = rejected.UserID, rejected.TokenID
		if ev.Reason == "" {
			ev.Reason = Reason(rejected.Reason)
		}
	}
	if !charged {
		// This is cheap to tell, a MAC at most, and no attempt to use a link.
		throttled := s.limits.allowClient(ctx, o.junk, o.client, ev)
		if throttled != nil {
			err = throttled
		}
	}
	return grant{}, ev, err
}

func isRejected(err error, reason token.Reason) bool {
	rejected, ok := errors.AsType[*token.RejectedError](err)
	return ok && rejected.Reason == reason
}

// loadBound reads an account and what its links are bound to.
func (s *Service) loadBound(
	ctx context.Context, userID string, bound binding,
) (User, token.State, Reason, error) {
	user, err := s.findByID(ctx, userID)
	if errors.Is(err, ErrUserNotFound) {
		return User{}, token.State{}, "", token.ErrUnknownUser
	}
	if err != nil {
		return User{}, token.State{}, "", err
	}

	state, reason, err := bound(ctx, user)
	if err == nil && reason != "" {
		err = token.ErrUnknownUser
	}
	return user, state, reason, err
}

// openPassword opens a link that sets a password, whichever of the two purposes
// it has.
func (s *Service) openPassword(
	ctx context.Context, raw string, client netip.Addr,
	signed, junk *throttle,
) (grant, Event, error) {
	good, ev, err := s.open(ctx, opening{
		raw: raw, client: client, signed: signed, junk: junk,
		purposes: []token.Purpose{token.PurposeReset, token.PurposeInvite},
		bound:    boundPassword, anyAddress: true,
	})
	if err == nil {
		ev.Reason, err = s.admit(ctx, good)
	}
	if err != nil {
		return grant{}, ev, err
	}
	return good, ev, nil
}

// boundPassword is what a link that sets a password is bound to.
func boundPassword(
	_ context.Context, user User,
) (token.State, Reason, error) {
	switch {
	case len(user.Recovery) > maxRecovery:
		return token.State{}, "", errRecovery
	case user.Disabled:
		return token.State{}, reasonDisabled, nil
	}
	return stateOf(user), "", nil
}

// admit refuses the link of an account that may not use this flow any more. The
// answer is that for an account that is gone.
func (s *Service) admit(ctx context.Context, good grant) (Reason, error) {
	allowed, err := s.allowed(ctx, good.user)
	if err != nil || allowed {
		return "", err
	}
	return reasonNotEligible, &token.RejectedError{
		Reason: token.ReasonUnknownUser,
		UserID: good.user.ID, TokenID: good.claims.TokenID,
	}
}

// refuse records why a link was not taken, as the outcome rejected or, for an
// error of ours, failed.
func (s *Service) refuse(
	ctx context.Context, ev Event, rejected, failed Outcome, err error,
) error {
	if throttled, ok := errors.AsType[*ThrottledError](err); ok {
		return throttled // recorded where it was charged.
	}
	if errors.Is(err, ErrRejected) {
		ev.Outcome = rejected
		s.events.record(ctx, ev)
		return err
	}

	err = fmt.Errorf("reset: open the link: %w", err)
	ev.Outcome, ev.Reason, ev.Err = failed, reasonOfFailure(err), err
	s.events.record(ctx, ev)
	return err
}

// reasonOfFailure says which part could not tell whether a link is good.
func reasonOfFailure(err error) Reason {
	if _, ok := errors.AsType[*hookError](err); ok {
		return reasonHook
	}
	if errors.Is(err, errRecovery) {
		return reasonBadUser
	}
	return reasonStore
}
