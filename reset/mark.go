package reset

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/hash"
)

// errUnmarked is the error for a look-up that does not show what was written,
// as from a replica that lags.
var errUnmarked = errors.New("the account does not show its marker yet")

// mark writes a fresh unusable marker over an empty hash, and returns the
// account as it is then. An invitation is bound to the stored hash. Bound to an
// empty one it would be good again whenever somebody clears the hash, and no
// marker comes a second time. An account with a marker is left alone, so that
// of several invitations all live until one is used. The caller must look at
// the result as if it had just been read.
func (s *Service) mark(ctx context.Context, user User) (User, error) {
	for attempt := 0; user.PasswordHash == "" && !user.Disabled; attempt++ {
		if attempt == 2 {
			return User{}, fmt.Errorf(
				"reset: mark the account: %w", errUnmarked,
			)
		}

		writeErr := s.writeMarker(ctx, user)

		// Whatever the store said, only the row tells what a link can be bound
		// to. Another invitation may have been faster.
		var err error
		user, err = s.findByID(ctx, user.ID)
		if err == nil && user.PasswordHash == "" &&
			!errors.Is(writeErr, ErrStale) {
			err = cmp.Or(writeErr, errUnmarked)
		}
		if err != nil {
			return User{}, fmt.Errorf("reset: mark the account: %w", err)
		}
	}
	return user, nil
}

func (s *Service) writeMarker(ctx context.Context, user User) error {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	marker := hash.Unusable()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(ctx, user, marker)
	})
	return scrub(err, marker, user.Email)
}
