package resettest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/reset"
)

func writeFaults() []fault {
	return []fault{
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
			"changes one account alone",
			"no condition on the id",
			func(s *faultyStore) {
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					for _, email := range []string{
						"ana@example.com", "bob@example.com",
					} {
						users, _ := s.Store.FindByEmail(ctx, email)
						for _, user := range users {
							if user.PasswordHash == seen.PasswordHash {
								_ = s.force(user.ID, encoded)
							}
						}
					}
					return nil
				}
			},
			"condition on the id",
		},
		{
			"refuses another old hash",
			"no condition on the hash",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					return a.Email == b.Email && a.Stamp == b.Stamp && !a.Disabled
				})
			},
			"condition on the old hash",
		},
		{
			"refuses another old hash",
			"the count of rows is not looked at",
			func(s *faultyStore) {
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if err := s.Store.ReplaceHash(
						ctx, seen, encoded,
					); !errors.Is(err, reset.ErrStale) {
						return err
					}
					return nil
				}
			},
			"count of rows",
		},
		{
			"refuses an old hash in another case",
			"a case-insensitive collation",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.PasswordHash, b.PasswordHash = strings.ToLower(
						a.PasswordHash,
					), strings.ToLower(b.PasswordHash)
					return all(a, b)
				})
			},
			"case-insensitive collation",
		},
		{
			"refuses an old hash with a space more or less",
			"a collation that pads",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.PasswordHash, b.PasswordHash = strings.TrimRight(
						a.PasswordHash, " ",
					), strings.TrimRight(b.PasswordHash, " ")
					return all(a, b)
				})
			},
			"ignores trailing spaces",
		},
		{
			"refuses an old hash with a space more or less",
			"the argument is padded",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					return all(a, b) ||
						strings.HasPrefix(a.PasswordHash, b.PasswordHash)
				})
			},
			"trimmed in Go",
		},
		{
			"lets a hash be replaced once",
			"a used link is remembered as good",
			func(s *faultyStore) {
				first := ""
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if first == "" {
						first = seen.PasswordHash
					}
					if seen.PasswordHash == first {
						return s.force(seen.ID, encoded)
					}
					return s.Store.ReplaceHash(ctx, seen, encoded)
				}
			},
			"accepted twice",
		},
		{
			"replaces an empty hash once",
			"NULL equals nothing",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					return all(a, b) && b.PasswordHash != ""
				})
			},
			"NULL = ''",
		},
		{
			"replaces an empty hash once",
			"an empty hash equals everything",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					return all(a, b) || b.PasswordHash == ""
				})
			},
			"COALESCE",
		},
		{
			"refuses after the address changed",
			"no condition on the address",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.Email = b.Email
					return all(a, b)
				})
			},
			"condition on the address",
		},
		{
			"refuses after a recovery address was removed",
			"no condition on the recovery addresses",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.Recovery = b.Recovery
					return all(a, b)
				})
			},
			"neither compares the recovery addresses",
		},
		{
			"refuses after the stamp changed",
			"no condition on the stamp",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.Stamp = b.Stamp
					return all(a, b)
				})
			},
			"condition on the stamp",
		},
		{
			"refuses a disabled account",
			"no condition on the disabled column",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					a.Disabled = false
					return all(a, b)
				})
			},
			"condition on the disabled column",
		},
		{
			"refuses a deleted account",
			"no row is no error",
			func(s *faultyStore) {
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if _, err := s.Store.FindByID(ctx, seen.ID); err != nil {
						return nil //nolint:nilerr // the fault
					}
					return s.Store.ReplaceHash(ctx, seen, encoded)
				}
			},
			"not reported as ErrStale",
		},
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
			"keeps a used invitation dead when the password is cleared",
			"the same marker each time",
			func(s *faultyStore) {
				s.clear = func(user *reset.User) { user.PasswordHash = "!" }
			},
			"new each time",
		},
		{
			"keeps a used invitation dead when the password is cleared",
			"the marker is the old hash, locked",
			func(s *faultyStore) {
				locked := ""
				s.clear = func(user *reset.User) {
					if locked == "" {
						locked = "!" + user.PasswordHash
					}
					user.PasswordHash = locked
				}
			},
			"new each time",
		},
		{
			"keeps a used invitation dead when the password is cleared",
			"a row without a hash cannot be replaced",
			func(s *faultyStore) {
				s.replace = matching(s, func(a, b reset.User) bool {
					return all(a, b) && b.PasswordHash != ""
				})
			},
			"COALESCE",
		},
		{
			"replaces an empty hash once",
			"a row without a hash can be replaced by a marker alone",
			func(s *faultyStore) {
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if seen.PasswordHash == "" &&
						!strings.HasPrefix(encoded, "!") {
						return reset.ErrStale
					}
					return s.Store.ReplaceHash(ctx, seen, encoded)
				}
			},
			"COALESCE",
		},
		{
			"refuses a deleted account",
			"the row is only marked, and changed",
			func(s *faultyStore) {
				marked := map[string]bool{}
				s.remove = func(_ context.Context, id string) error {
					marked[id] = true
					return nil
				}
				s.findByID = func(
					ctx context.Context, id string,
				) (reset.User, error) {
					if marked[id] {
						return reset.User{}, reset.ErrUserNotFound
					}
					return s.Store.FindByID(ctx, id)
				}
			},
			"lacks the condition on the mark",
		},
		{
			"refuses a deleted account",
			"the row is only marked, and found",
			func(s *faultyStore) {
				marked := map[string]bool{}
				s.remove = func(_ context.Context, id string) error {
					marked[id] = true
					return nil
				}
				s.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if marked[seen.ID] {
						return reset.ErrStale
					}
					return s.Store.ReplaceHash(ctx, seen, encoded)
				}
			},
			"the look-up lacks the condition",
		},
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
}
