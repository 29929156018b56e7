package stores_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// The hook runs between the update and the commit, so what it does to the
// connections decides about the commit alone.

func TestReplyLostAfterTheCommitIsASuccess(t *testing.T) {
	eachEngine(t, servers, func(t *testing.T, e engine) {
		rounds := 100
		if testing.Short() {
			rounds = 10
		}
		app, fault := overProxy(t, e, (*proxy).loseReplies)
		for round := range rounds {
			raw := app.link(t)
			fault.due = true
			require.NoError(t, confirm(t.Context(), app.service, raw))
			require.False(t, fault.due, "the reply was not lost")
			app.requireChanged(t)
			require.ErrorIs(t, confirm(t.Context(), app.service, raw), reset.ErrRejected)
			_, err := app.mailbox.Wait(t.Context(), round+1)
			require.NoError(t, err)
			require.Equal(t, round+1, notices(app.mailbox))
			app.restore(t)
		}
		t.Logf("%s: %d lost replies, %d reported as success", e.name, rounds, rounds)
	})
}

func TestConnectionLostBeforeTheCommitLeavesTheLinkGood(t *testing.T) {
	eachEngine(t, servers, func(t *testing.T, e engine) {
		rounds := 20
		if testing.Short() {
			rounds = 3
		}
		app, fault := overProxy(t, e, (*proxy).loseCommands)
		for range rounds {
			raw := app.link(t)
			fault.due = true
			err := confirm(t.Context(), app.service, raw)
			require.Error(t, err)
			require.NotErrorIs(t, err, reset.ErrRejected)
			require.False(t, fault.due)
			app.requireUntouched(t)
			require.NoError(t, confirm(t.Context(), app.service, raw), "the link must still be good")
			app.requireChanged(t)
			app.restore(t)
		}
		t.Logf("%s: %d lost commands, %d links good afterwards", e.name, rounds, rounds)
	})
}

// A fault happens in the next transaction when it is due.
type fault struct{ due bool }

func overProxy(t *testing.T, e engine, suffer func(*proxy)) (*application, *fault) {
	t.Helper()
	dsn := e.prepare(t)
	p := newProxy(t, e.server(t, dsn))
	f := &fault{}
	// With one connection the proxy loses the command at hand, and not one on a
	// connection that a worker has left idle.
	return newApplication(t, e, options{via: p.address(), conns: 1, inTx: func(context.Context, *sql.Tx, reset.User) error {
		if f.due {
			f.due = false
			suffer(p)
		}
		return nil
	}}), f
}

// The server ends the connection of the transaction, as a restart, a fail-over or
// an administrator does.
func TestConnectionKilledByTheServerLeavesTheLinkGood(t *testing.T) {
	kill := map[sqlstore.Dialect]struct{ id, kill string }{
		sqlstore.PostgreSQL: {"SELECT pg_backend_pid()", "SELECT pg_terminate_backend(?, 5000)"},
		sqlstore.MySQL:      {"SELECT CONNECTION_ID()", "KILL ?"},
	}
	eachEngine(t, servers, func(t *testing.T, e engine) {
		var app *application
		killed := 0
		app = newApplication(t, e, options{inTx: func(ctx context.Context, tx *sql.Tx, _ reset.User) error {
			if killed > 0 {
				return nil
			}
			var id int64
			if err := tx.QueryRowContext(ctx, kill[e.dialect].id).Scan(&id); err != nil {
				return err
			}
			_, err := app.db.ExecContext(ctx, e.bind(kill[e.dialect].kill), id)
			killed++
			return err
		}})
		raw := app.link(t)
		err := confirm(t.Context(), app.service, raw)
		require.Error(t, err)
		require.NotErrorIs(t, err, reset.ErrRejected)
		require.Equal(t, 1, killed)
		app.requireUntouched(t)
		_, err = app.service.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
		require.NoError(t, confirm(t.Context(), app.service, raw))
		app.requireChanged(t)
	})
}

func TestVisitorWhoGoesAwayDoesNotStopTheWrite(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		ctx, cancel := context.WithCancel(t.Context())
		app := newApplication(t, e, options{inTx: func(context.Context, *sql.Tx, reset.User) error {
			cancel()
			return nil
		}})
		require.NoError(t, confirm(ctx, app.service, app.link(t)))
		app.requireChanged(t)
	})
}

func TestCancelledContextChangesNothing(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		ctx, cancel := context.WithCancel(t.Context())
		app := newApplication(t, e, options{inTx: func(context.Context, *sql.Tx, reset.User) error {
			cancel()
			return nil
		}})
		seen, err := app.store.FindByID(t.Context(), app.ann.ID)
		require.NoError(t, err)
		err = app.store.ReplaceHash(ctx, seen, "encoded")
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, reset.ErrStale)
		app.requireUntouched(t)
		require.NoError(t, app.store.ReplaceHash(t.Context(), seen, "encoded"), "no lock may be left behind")
	})
}

func TestFailureToEndSessionsKeepsTheOldPassword(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		broken := true
		app := newApplication(t, e, options{inTx: func(context.Context, *sql.Tx, reset.User) error {
			if broken {
				return errors.New("the session table is away")
			}
			return nil
		}})
		raw := app.link(t)
		err := confirm(t.Context(), app.service, raw)
		require.ErrorContains(t, err, "the session table is away")
		app.requireUntouched(t)
		broken = false
		require.NoError(t, confirm(t.Context(), app.service, raw))
		app.requireChanged(t)
	})
}

// A login that replaces an old hash must never bring the old password back, and a
// reset must never be undone by it, whichever comes first.
func TestLoginUpgradeNeverUndoesAReset(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		rounds := 40
		if testing.Short() {
			rounds = 10
		}
		upgrades := 0
		app := newApplication(t, e, options{})
		stronger, err := hash.NewInsecure(hash.Config{Params: hash.Argon2id{MemoryKiB: 64, Time: 2, Threads: 1}})
		require.NoError(t, err)
		for range rounds {
			mustExec(t, app.db, e.bind("UPDATE users SET password_hash = ? WHERE id = ?"), app.ann.PasswordHash, app.ann.ID)
			raw := app.link(t)
			start, upgraded := make(chan struct{}), make(chan bool, 1)
			go func() {
				<-start
				user, err := app.store.FindByID(t.Context(), app.ann.ID)
				if err != nil {
					upgraded <- false
					return
				}
				result, err := stronger.VerifyAndUpdate(t.Context(), oldPassword, user.PasswordHash, app.store.SwapFor(user))
				upgraded <- err == nil && result.Updated
			}()
			close(start)
			err := confirm(t.Context(), app.service, raw)
			won := <-upgraded
			switch {
			case err == nil:
				require.True(t, app.accepts(t, newPassword))
				require.False(t, won && app.accepts(t, oldPassword))
			case won:
				require.ErrorIs(t, err, reset.ErrRejected)
				require.True(t, app.accepts(t, oldPassword))
				upgrades++
			default:
				require.NoError(t, err)
			}
		}
		t.Logf("%s: %d resets and %d upgrades came first", e.name, rounds-upgrades, upgrades)
	})
}

func TestLoginUpgradeEndsNoSession(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		app := newApplication(t, e, options{})
		swap := app.store.SwapFor(app.ann)
		swapped, err := swap(t.Context(), "another hash", "upgraded")
		require.NoError(t, err)
		require.False(t, swapped)
		swapped, err = swap(t.Context(), app.ann.PasswordHash, "upgraded")
		require.NoError(t, err)
		require.True(t, swapped)
		require.Equal(t, "upgraded", app.storedHash(t))
		require.Equal(t, 2, app.sessions(t))
	})
}
