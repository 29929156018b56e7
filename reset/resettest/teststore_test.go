package resettest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/stretchr/testify/require"
)

// A world is a store that is right, unless a test replaces one of its functions by a wrong one.
type world struct {
	*memstore.Store
	sessionsFail bool

	findByEmail func(ctx context.Context, email string) ([]reset.User, error)
	findByID    func(ctx context.Context, id string) (reset.User, error)
	replace     func(ctx context.Context, seen reset.User, encoded string) error
}

var errSessions = errors.New("no table of sessions")

func newWorld() *world {
	w := &world{Store: memstore.New()}
	w.findByEmail, w.findByID = w.Store.FindByEmail, w.Store.FindByID
	w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
		if w.sessionsFail {
			return errSessions
		}
		return w.Store.ReplaceHash(ctx, seen, encoded)
	}
	return w
}

func (w *world) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	return w.findByEmail(ctx, email)
}

func (w *world) FindByID(ctx context.Context, id string) (reset.User, error) {
	return w.findByID(ctx, id)
}

func (w *world) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	return w.replace(ctx, seen, encoded)
}

// force writes without any condition.
func (w *world) force(id, encoded string) error {
	return w.Update(id, func(user *reset.User) { user.PasswordHash = encoded })
}

func (w *world) fixture() resettest.Fixture {
	return resettest.Fixture{
		Store: w,
		Create: func(_ context.Context, user reset.User) (string, error) {
			return user.ID, w.Add(user)
		},
		Disable: func(_ context.Context, id string) error {
			return w.Update(id, func(user *reset.User) { user.Disabled = true })
		},
		ChangeEmail: func(_ context.Context, id, value string) error {
			return w.Update(id, func(user *reset.User) { user.Email = value })
		},
		ChangeStamp: func(_ context.Context, id, value string) error {
			return w.Update(id, func(user *reset.User) { user.Stamp = value })
		},
		Delete: func(_ context.Context, id string) error { return w.Delete(id) },
		AddSession: func(_ context.Context, id string) error {
			w.AddSession(id)
			return nil
		},
		Sessions: func(_ context.Context, id string) (int, error) { return w.Sessions(id), nil },
		FailSessions: func(context.Context) error {
			w.sessionsFail = true
			return nil
		},
	}
}

func TestARightStorePassesEveryCheck(t *testing.T) {
	t.Parallel()
	for _, name := range resettest.Names() {
		skipped, err := resettest.Run(t.Context(), name, newWorld().fixture())
		require.NoError(t, err, name)
		require.False(t, skipped, name)
	}
	resettest.TestStore(t, func(*testing.T) resettest.Fixture { return newWorld().fixture() })
}

func TestChecksThatNeedMoreAreSkipped(t *testing.T) {
	t.Parallel()
	skips := 0
	for _, name := range resettest.Names() {
		full := newWorld().fixture()
		skipped, err := resettest.Run(t.Context(), name, resettest.Fixture{Store: full.Store, Create: full.Create, UniqueEmail: true})
		if skipped {
			require.ErrorContains(t, err, "needs")
			skips++
			continue
		}
		require.NoError(t, err, name)
	}
	require.Equal(t, 8, skips)
}

// fault is one mistake, as implementers make it.
type fault struct {
	check string
	name  string
	plant func(w *world)
}

// matching is ReplaceHash with the condition left to the caller.
func matching(w *world, condition func(stored, seen reset.User) bool) func(context.Context, reset.User, string) error {
	return func(ctx context.Context, seen reset.User, encoded string) error {
		stored, err := w.Store.FindByID(ctx, seen.ID)
		if errors.Is(err, reset.ErrUserNotFound) || err == nil && !condition(stored, seen) {
			return reset.ErrStale
		}
		if err != nil {
			return err
		}
		if err := w.Store.ReplaceHash(ctx, stored, encoded); err != nil {
			return w.force(seen.ID, encoded)
		}
		return nil
	}
}

func all(a, b reset.User) bool {
	return a.PasswordHash == b.PasswordHash && a.Email == b.Email && a.Stamp == b.Stamp && !a.Disabled
}

func faults() []fault {
	return []fault{
		{"finds an account by its address", "a column is not read", func(w *world) {
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				users, err := w.Store.FindByEmail(ctx, email)
				for i := range users {
					users[i].PasswordHash = ""
				}
				return users, err
			}
		}},
		{"finds nothing without an error", "no row is an error", func(w *world) {
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				users, err := w.Store.FindByEmail(ctx, email)
				if len(users) == 0 && err == nil {
					return nil, reset.ErrUserNotFound
				}
				return users, err
			}
		}},
		{"folds ASCII letters in addresses", "compared byte for byte", func(w *world) {
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				users, err := w.Store.FindByEmail(ctx, email)
				if len(users) > 0 && users[0].Email != email {
					return nil, nil
				}
				return users, err
			}
		}},
		{"never returns a typed address as the stored one", "a wide collation, and the typed address in the result", func(w *world) {
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				plain := strings.NewReplacer("\u212a", "k", "\u0131", "i", "\u017f", "s").Replace(email)
				users, err := w.Store.FindByEmail(ctx, plain)
				for i := range users {
					users[i].Email = email
				}
				return users, err
			}
		}},
		{"returns every account on one address", "the first row alone", func(w *world) {
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				users, err := w.Store.FindByEmail(ctx, email)
				return users[:min(1, len(users))], err
			}
		}},
		{"reads an account by its id", "a padded column", func(w *world) {
			w.findByID = func(ctx context.Context, id string) (reset.User, error) {
				user, err := w.Store.FindByID(ctx, id)
				user.PasswordHash = fmt.Sprintf("%-120s", user.PasswordHash)
				return user, err
			}
		}},
		{"refuses unknown and malformed ids", "space around an id is ignored", func(w *world) {
			w.findByID = func(ctx context.Context, id string) (reset.User, error) {
				return w.Store.FindByID(ctx, strings.TrimSpace(id))
			}
		}},
		{"refuses unknown and malformed ids", "a syntax error of the database is passed on", func(w *world) {
			w.findByID = func(ctx context.Context, id string) (reset.User, error) {
				if strings.ContainsAny(id, " '{") {
					return reset.User{}, errors.New("22P02: invalid input syntax for type uuid")
				}
				return w.Store.FindByID(ctx, id)
			}
		}},
		{"reads disabled accounts as disabled", "the column is not read", func(w *world) {
			w.findByID = func(ctx context.Context, id string) (reset.User, error) {
				user, err := w.Store.FindByID(ctx, id)
				user.Disabled = false
				return user, err
			}
		}},
		{"stores a long hash exactly", "a short column", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				return w.Store.ReplaceHash(ctx, seen, encoded[:min(128, len(encoded))])
			}
		}},
		{"changes one account alone", "no condition on the id", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				for _, email := range []string{"ana@example.com", "bob@example.com"} {
					users, _ := w.Store.FindByEmail(ctx, email)
					for _, user := range users {
						if user.PasswordHash == seen.PasswordHash {
							_ = w.force(user.ID, encoded)
						}
					}
				}
				return nil
			}
		}},
		{"refuses another old hash", "no condition on the hash", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool { return a.Email == b.Email && a.Stamp == b.Stamp && !a.Disabled })
		}},
		{"refuses another old hash", "the count of rows is not looked at", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				if err := w.Store.ReplaceHash(ctx, seen, encoded); !errors.Is(err, reset.ErrStale) {
					return err
				}
				return nil
			}
		}},
		{"refuses an old hash in another case", "a case-insensitive collation", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				a.PasswordHash, b.PasswordHash = strings.ToLower(a.PasswordHash), strings.ToLower(b.PasswordHash)
				return all(a, b)
			})
		}},
		{"refuses an old hash with a space more or less", "a collation that pads", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				a.PasswordHash, b.PasswordHash = strings.TrimRight(a.PasswordHash, " "), strings.TrimRight(b.PasswordHash, " ")
				return all(a, b)
			})
		}},
		{"refuses an old hash with a space more or less", "the argument is padded", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				return all(a, b) || strings.HasPrefix(a.PasswordHash, b.PasswordHash)
			})
		}},
		{"lets a hash be replaced once", "a used link is remembered as good", func(w *world) {
			first := ""
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				if first == "" {
					first = seen.PasswordHash
				}
				if seen.PasswordHash == first {
					return w.force(seen.ID, encoded)
				}
				return w.Store.ReplaceHash(ctx, seen, encoded)
			}
		}},
		{"replaces an empty hash once", "NULL equals nothing", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool { return all(a, b) && b.PasswordHash != "" })
		}},
		{"replaces an empty hash once", "an empty hash equals everything", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool { return all(a, b) || b.PasswordHash == "" })
		}},
		{"refuses after the address changed", "no condition on the address", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				a.Email = b.Email
				return all(a, b)
			})
		}},
		{"refuses after the stamp changed", "no condition on the stamp", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				a.Stamp = b.Stamp
				return all(a, b)
			})
		}},
		{"refuses a disabled account", "no condition on the disabled column", func(w *world) {
			w.replace = matching(w, func(a, b reset.User) bool {
				a.Disabled = false
				return all(a, b)
			})
		}},
		{"refuses a deleted account", "no row is no error", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				if _, err := w.Store.FindByID(ctx, seen.ID); err != nil {
					return nil //nolint:nilerr // the fault
				}
				return w.Store.ReplaceHash(ctx, seen, encoded)
			}
		}},
		{"has one winner of 64 at a barrier", "read, compare, write", func(w *world) {
			var compared sync.WaitGroup
			compared.Add(64)
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				stored, err := w.Store.FindByID(ctx, seen.ID)
				compared.Done()
				compared.Wait()
				if err != nil || !all(stored, seen) {
					return reset.ErrStale
				}
				return w.force(seen.ID, encoded)
			}
		}},
		{"has one winner of 64 at a barrier", "a conflict is passed on", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				if err := w.Store.ReplaceHash(ctx, seen, encoded); err != nil {
					return errors.New("40001: could not serialize access")
				}
				return nil
			}
		}},
		{"ends the account's sessions in the same write", "sessions are forgotten", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				n := w.Sessions(seen.ID)
				err := w.Store.ReplaceHash(ctx, seen, encoded)
				for range n {
					w.AddSession(seen.ID)
				}
				return err
			}
		}},
		{"keeps sessions when the write is refused", "sessions are ended first", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				stored, err := w.Store.FindByID(ctx, seen.ID)
				if err != nil {
					return reset.ErrStale
				}
				_ = w.Store.ReplaceHash(ctx, stored, stored.PasswordHash)
				return w.Store.ReplaceHash(ctx, seen, encoded)
			}
		}},
		{"keeps the old hash when sessions cannot be ended", "two transactions", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				err := w.Store.ReplaceHash(ctx, seen, encoded)
				if err == nil && w.sessionsFail {
					return errSessions
				}
				return err
			}
		}},
		{"keeps the old hash when sessions cannot be ended", "the failure is swallowed", func(w *world) {
			w.replace = w.Store.ReplaceHash
		}},
		{"does nothing with a cancelled context", "ctx is not passed on", func(w *world) {
			w.replace = func(ctx context.Context, seen reset.User, encoded string) error {
				return w.Store.ReplaceHash(context.WithoutCancel(ctx), seen, encoded)
			}
		}},
		{"serves many at once", "one at a time, or an error", func(w *world) {
			var callers atomic.Int64
			second := make(chan struct{})
			w.findByEmail = func(ctx context.Context, email string) ([]reset.User, error) {
				switch callers.Add(1) {
				case 1:
					<-second
				case 2:
					close(second)
					return nil, errors.New("database is locked")
				}
				return w.Store.FindByEmail(ctx, email)
			}
		}},
	}
}

func TestEveryCheckCatchesItsFault(t *testing.T) {
	t.Parallel()
	caught := make(map[string]bool)
	for _, fault := range faults() {
		w := newWorld()
		fault.plant(w)
		skipped, err := resettest.Run(t.Context(), fault.check, w.fixture())
		require.Error(t, err, "%s: %s", fault.check, fault.name)
		require.False(t, skipped)
		caught[fault.check] = true
	}
	for _, name := range resettest.Names() {
		require.True(t, caught[name], "no planted fault for the check %q", name)
	}
}
