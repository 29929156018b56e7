package resettest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/stretchr/testify/require"
)

// A world is a store that is right, unless a test replaces one of its functions
// by a wrong one.
type world struct {
	*memstore.Store
	sessionsFail bool
	clear        func(user *reset.User)
	remove       func(ctx context.Context, id string) error

	findByEmail func(ctx context.Context, email string) ([]reset.User, error)
	findByID    func(ctx context.Context, id string) (reset.User, error)
	replace     func(ctx context.Context, seen reset.User, encoded string) error
}

var errSessions = errors.New("no table of sessions")

func newWorld() *world {
	w := &world{Store: memstore.New()}
	w.findByEmail, w.findByID = w.Store.FindByEmail, w.Store.FindByID
	w.clear = func(user *reset.User) { user.PasswordHash = "" }
	w.remove = func(_ context.Context, id string) error { return w.Delete(id) }
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
		ClearPassword: func(_ context.Context, id string) error { return w.Update(id, w.clear) },
		Delete:        func(ctx context.Context, id string) error { return w.remove(ctx, id) },
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
		skipped, _, err := resettest.Run(t.Context(), name, newWorld().fixture())
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
		skipped, _, err := resettest.Run(t.Context(), name, resettest.Fixture{
			Store: full.Store, Create: full.Create, UniqueEmail: true, LowercaseEmail: true,
		})
		if skipped {
			require.ErrorContains(t, err, "needs")
			skips++
			continue
		}
		require.NoError(t, err, name)
	}
	require.Equal(t, 10, skips)
}

// fault is one mistake, as implementers make it.
type fault struct {
	check string
	name  string
	plant func(w *world)
	cause string // a part of the probable cause
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

func TestEveryCheckCatchesItsFault(t *testing.T) {
	t.Parallel()
	caught := make(map[string]bool)
	planted := append(lookUpFaults(), writeFaults()...)
	for _, fault := range planted {
		w := newWorld()
		fault.plant(w)
		skipped, cause, err := resettest.Run(t.Context(), fault.check, w.fixture())
		require.Error(t, err, "%s: %s", fault.check, fault.name)
		require.False(t, skipped)
		require.Contains(t, cause, fault.cause, "%s: %s: %v", fault.check, fault.name, err)
		caught[fault.check] = true
	}
	t.Logf("%d planted faults caught by %d checks", len(planted), len(caught))
	for _, name := range resettest.Names() {
		require.True(t, caught[name], "no planted fault for the check %q", name)
	}
}
