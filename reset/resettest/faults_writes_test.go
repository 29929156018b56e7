package resettest_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/reset"
)

// storageFaults are about what one write stores, and whether it runs.
var storageFaults = []fault{
	{"stores a long hash exactly", "a short column", func(s *faultyStore) {
		s.replace = func(
			ctx context.Context, seen reset.User, encoded string,
		) error {
			return s.Store.ReplaceHash(
				ctx, seen, encoded[:min(60, len(encoded))],
			)
		}
	}, "too short"},
	{
		"stores a long hash exactly",
		"a column that is one too short",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				return s.Store.ReplaceHash(
					ctx, seen, encoded[:min(127, len(encoded))],
				)
			}
		},
		"too short",
	},
	{
		"does nothing with a cancelled context",
		"ctx is not passed on",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				return s.Store.ReplaceHash(
					context.WithoutCancel(ctx), seen, encoded,
				)
			}
		},
		"not passed on to the database",
	},
}

// concurrencyFaults show when there are several callers at once.
var concurrencyFaults = []fault{
	{
		"has one winner of 64 at a barrier",
		"read, compare, write",
		func(s *faultyStore) {
			var compared sync.WaitGroup
			compared.Add(64)
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				stored, err := s.Store.FindByID(ctx, seen.ID)
				compared.Done()
				compared.Wait()
				if err != nil || !all(stored, seen) {
					return reset.ErrStale
				}
				return s.force(seen.ID, encoded)
			}
		},
		"two steps",
	},
	{
		"has one winner of 64 at a barrier",
		"a conflict is passed on",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				if err := s.Store.ReplaceHash(
					ctx, seen, encoded,
				); err != nil {
					return errors.New("40001: could not serialize access")
				}
				return nil
			}
		},
		"not mapped to ErrStale",
	},
	{
		"serves many at once",
		"one at a time, or an error",
		func(s *faultyStore) {
			var callers atomic.Int64
			second := make(chan struct{})
			s.findByEmail = func(
				ctx context.Context, email string,
			) ([]reset.User, error) {
				switch callers.Add(1) {
				case 1:
					<-second
				case 2:
					close(second)
					return nil, errors.New("database is locked")
				}
				return s.Store.FindByEmail(ctx, email)
			}
		},
		"without a lock",
	},
	{
		"serves many at once",
		"the second of two gets the conflict",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				err := s.Store.ReplaceHash(ctx, seen, encoded)
				if errors.Is(err, reset.ErrStale) {
					return errors.New("Error 1020 (HY000): Record has changed")
				}
				return err
			}
		},
		"because of another transaction",
	},
	{
		"serves many at once",
		"a conflict between two accounts is passed on",
		func(s *faultyStore) {
			var calls atomic.Int64
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				if calls.Add(1)%8 == 0 {
					return errors.New("40P01: deadlock detected")
				}
				return s.Store.ReplaceHash(ctx, seen, encoded)
			}
		},
		"because of another transaction",
	},
}

// sessionFaults are about the sessions that end with the password.
var sessionFaults = []fault{
	{
		"ends the account's sessions in the same write",
		"sessions are forgotten",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				n := s.Sessions(seen.ID)
				err := s.Store.ReplaceHash(ctx, seen, encoded)
				for range n {
					s.AddSession(seen.ID)
				}
				return err
			}
		},
		"does not end sessions",
	},
	{
		"keeps sessions when the write is refused",
		"sessions are ended first",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				stored, err := s.Store.FindByID(ctx, seen.ID)
				if err != nil {
					return reset.ErrStale
				}
				_ = s.Store.ReplaceHash(ctx, stored, stored.PasswordHash)
				return s.Store.ReplaceHash(ctx, seen, encoded)
			}
		},
		"ended before",
	},
	{
		"keeps the old hash when sessions cannot be ended",
		"two transactions",
		func(s *faultyStore) {
			s.replace = func(
				ctx context.Context, seen reset.User, encoded string,
			) error {
				err := s.Store.ReplaceHash(ctx, seen, encoded)
				if err == nil && s.sessionsFail {
					return errSessions
				}
				return err
			}
		},
		"one transaction",
	},
	{
		"keeps the old hash when sessions cannot be ended",
		"the failure is swallowed",
		func(s *faultyStore) { s.replace = s.Store.ReplaceHash },
		"one transaction",
	},
}
