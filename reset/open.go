package reset

import (
	"context"
	"errors"
	"net/netip"

	"github.com/lostkey-go/lostkey/token"
)

// An opening is a link of one purpose that is to be opened.
type opening struct {
	purpose token.Purpose
	raw     string
	client  netip.Addr
	// signed is charged for a link that this site has signed, by the account,
	// and junk for anything else, by the client.
	signed, junk *throttle
	// bound returns what the link is bound to, or the reason for which the
	// account does not take it.
	bound func(ctx context.Context, user User) (token.State, Reason, error)
}

// open verifies a link. Signature and times come first, then a limit, then the
// account. The event has what is known by then, as that of verify has.
func (s *Service) open(
	ctx context.Context, o opening,
) (User, token.Claims, Event, error) {
	var user User
	var state token.State
	ev := Event{Client: o.client, Purpose: o.purpose}
	charged := false
	claims, err := s.signer.Verify(
		ctx, o.raw, o.purpose,
		func(ctx context.Context, userID string) (token.State, error) {
			charged, ev.UserID = true, userID
			if err := s.limits.allow(
				ctx, o.signed, s.digest(userID), ev,
			); err != nil {
				return token.State{}, err
			}

			var err error
			user, state, ev.Reason, err = s.loadBound(ctx, userID, o.bound)
			return state, err
		},
	)
	if o.purpose == PurposeDispute && isRejected(err, token.ReasonStale) {
		_, claims, err = s.verifyOthers(ctx, o.raw, o.purpose, state, user, err)
	}
	if err == nil {
		ev.TokenID = claims.TokenID
		return user, claims, ev, nil
	}

	if !charged {
		if limited := s.limits.allowClient(
			ctx, o.junk, o.client, ev,
		); limited != nil {
			err = limited
		}
	}
	if rejected, ok := errors.AsType[*token.RejectedError](err); ok {
		ev.UserID, ev.TokenID = rejected.UserID, rejected.TokenID
		if ev.Reason == "" {
			ev.Reason = Reason(rejected.Reason)
		}
	}
	return User{}, token.Claims{}, ev, err
}

// loadBound reads an account and what its links are bound to.
func (s *Service) loadBound(
	ctx context.Context, userID string,
	bound func(ctx context.Context, user User) (token.State, Reason, error),
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
