package resettest_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// oldHashFaults are made by the condition on the old hash.
var oldHashFaults = []fault{
	{
		"refuses another old hash",
		"no condition on the hash",
		compares(func(a, b *reset.User) { a.PasswordHash = b.PasswordHash }),
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
		compares(func(a, b *reset.User) {
			a.PasswordHash = strings.ToLower(a.PasswordHash)
			b.PasswordHash = strings.ToLower(b.PasswordHash)
		}),
		"case-insensitive collation",
	},
	{
		"refuses an old hash with a space more or less",
		"a collation that pads",
		compares(func(a, b *reset.User) {
			a.PasswordHash = strings.TrimRight(a.PasswordHash, " ")
			b.PasswordHash = strings.TrimRight(b.PasswordHash, " ")
		}),
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
}

// emptyHashFaults are about accounts that have no password.
var emptyHashFaults = []fault{
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
}

// accountFaults are made by the conditions on the rest of the account.
var accountFaults = []fault{
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
		"refuses after the address changed",
		"no condition on the address",
		compares(func(a, b *reset.User) { a.Email = b.Email }),
		"condition on the address",
	},
	{
		"refuses after a recovery address was removed",
		"no condition on the recovery addresses",
		compares(func(a, b *reset.User) { a.Recovery = b.Recovery }),
		"neither compares the recovery addresses",
	},
	{
		"replaces the hash of an account with recovery addresses once",
		"the look-ups sort the addresses, the write does not",
		func(s *faultyStore) {
			s.replace = matching(s, func(a, b reset.User) bool {
				slices.Reverse(a.Recovery)
				return all(a, b)
			})
		},
		"in another order",
	},
	{
		"replaces the hash of an account with recovery addresses once",
		"a used link is good while there are such addresses",
		func(s *faultyStore) {
			s.replace = matching(s, func(a, b reset.User) bool {
				return all(a, b) || len(a.Recovery) > 0
			})
		},
		"compares the addresses",
	},
	{
		"replaces the hash after the label changed",
		"the label is compared as well",
		func(s *faultyStore) {
			s.replace = matching(s, func(a, b reset.User) bool {
				return all(a, b) && a.Label == b.Label
			})
		},
		"more than a link is bound to",
	},
	{
		"refuses after the stamp changed",
		"a cache has the old stamp",
		read(func(user *reset.User) {
			if user.ID != "" {
				user.Stamp = "7"
			}
		}),
		"from elsewhere",
	},
	{
		"refuses after the stamp changed",
		"no condition on the stamp",
		compares(func(a, b *reset.User) { a.Stamp = b.Stamp }),
		"condition on the stamp",
	},
	{
		"refuses a disabled account",
		"no condition on the disabled column",
		compares(func(a, _ *reset.User) { a.Disabled = false }),
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
					return nil
				}
				return s.Store.ReplaceHash(ctx, seen, encoded)
			}
		},
		"not reported as ErrStale",
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
}
