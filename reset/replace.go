package reset

import (
	"context"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/token"
)

// replace writes the new hash if the account is still as it was verified, and
// finds out what happened when the store cannot tell. It returns nil when the
// new hash is in force, and an error that matches ErrUnknownOutcome when it may
// be, now or later.
func (s *Service) replace(
	ctx context.Context, seen User, encoded string, ev Event,
) error {
	// A write that was sent cannot be called back, only lost sight of. The
	// visitor's hanging up must not end it half way.
	ctx = context.WithoutCancel(ctx)
	writeCtx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(writeCtx, seen, encoded)
	})
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrStale) {
		return s.lostRace(ctx, ev)
	}

	// A reply may be lost after the server has committed, by a reset
	// connection, a deadline or a failing pool. Only the row knows.
	now, readErr := s.findByID(ctx, seen.ID)
	switch {
	case readErr == nil && now.PasswordHash == encoded:
		return nil
	case readErr == nil && now.PasswordHash != seen.PasswordHash,
		errors.Is(readErr, ErrUserNotFound):
		return s.lostRace(ctx, ev)
	}

	// The old hash proves nothing. The server may still hold the write, or the
	// row came from a replica that lags.
	err = scrub(
		errors.Join(err, readErr),
		encoded, seen.PasswordHash, seen.Email,
	)
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// lostRace returns the answer to a link that was good when verified, but after
// another confirmation or a changed password or address that came first.
func (s *Service) lostRace(ctx context.Context, ev Event) error {
	ev.Outcome, ev.Reason = OutcomeLostRace, Reason(token.ReasonStale)
	s.record(ctx, ev)
	return &token.RejectedError{
		Reason: token.ReasonStale, UserID: ev.UserID, TokenID: ev.TokenID,
	}
}
