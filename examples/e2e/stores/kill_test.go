package stores_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A process that is killed in the middle of a confirmation leaves either all of
// the change or none of it: never a new password with old sessions alive, and
// never a dead link with the old password in force.
//
//lostkey:covers ASVS-2.3.3
func TestKilledProcessLeavesAllOrNothing(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		runs := 200
		if testing.Short() {
			runs = 12
		}
		app := newApplication(t, e, options{})
		window := app.window(t)
		nothing, complete := 0, 0
		for range runs {
			raw := app.link(t)
			app.killWithin(t, window, raw, false)
			if app.settledHash(t) == app.ann.PasswordHash {
				nothing++
				window += window / 16
				app.requireUntouched(t)
				require.NoError(t, confirm(t.Context(), app.service, raw),
					"dead link with the old password in force")
			} else {
				complete++
				window -= window / 16
				_, err := app.service.Check(t.Context(), reset.CheckInput{Token: raw})
				require.ErrorIs(t, err, reset.ErrRejected)
			}

			app.requireChanged(t)
			app.restore(t)
		}

		t.Logf("%s: %d kills: %d left nothing done and a good link, %d the "+
			"whole change", e.name, runs, nothing, complete)
		if !testing.Short() {
			require.NotZero(t, nothing,
				"no kill came early enough to prove anything")
			require.NotZero(t, complete,
				"no kill came late enough to prove anything")
		}
	})
}

// The kills must come at moments that matter: without a transaction they leave
// new passwords with old sessions.
func TestKillsTearAChangeWithoutATransaction(t *testing.T) {
	if testing.Short() {
		t.Skip("needs many runs")
	}
	eachEngine(t, engines, func(t *testing.T, e engine) {
		const runs = 60
		app := newApplication(t, e, options{})
		window := app.window(t)
		torn := 0
		for range runs {
			app.killWithin(t, window, app.link(t), true)
			switch {
			case app.settledHash(t) == app.ann.PasswordHash:
				window += window / 16
			case app.sessions(t) > 0:
				torn++
			default:
				window -= window / 16
			}
			app.restore(t)
		}

		require.NotZero(t, torn)
		t.Logf("%s: %d of %d kills left a new password with old sessions",
			e.name, torn, runs)
	})
}

// killWithin kills a process at a random moment of its confirmation, or soon
// after.
func (a *application) killWithin(
	t *testing.T, window time.Duration, raw string, torn bool,
) {
	t.Helper()
	c := a.startConfirming(t, raw, torn)
	<-time.After(rand.N(window))
	if err := c.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		require.NoError(t, err)
	}
	_ = c.cmd.Wait()
}

// execer is a transaction, or a pool without one.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result,
		error)
}

// linger gives a kill time to come between the new hash and the commit.
func linger(ctx context.Context, on execer, e engine, seen reset.User) error {
	statements := 20
	if e.dialect == sqlstore.SQLite {
		statements = 400 // it has no network to wait for
	}
	for range statements {
		if _, err := on.ExecContext(ctx,
			e.bind("UPDATE changes SET user_id = ? WHERE user_id = ?"), seen.ID,
			seen.ID); err != nil {
			return err
		}
	}
	return nil
}

// separate makes the same change in statements that are each a transaction of
// their own.
type separate struct {
	reset.Store
	db     *sql.DB
	engine engine
}

func (s separate) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	res, err := s.db.ExecContext(ctx,
		s.engine.bind("UPDATE users SET password_hash = ? WHERE id = ? AND "+
			"password_hash = ?"),
		encoded, seen.ID, seen.PasswordHash)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(reset.ErrStale, err)
	}
	if err := linger(ctx, s.db, s.engine, seen); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx,
		s.engine.bind("DELETE FROM sessions WHERE user_id = ?"), seen.ID)
	return err
}

// startConfirming starts a process that is about to confirm and lets it go.
func (a *application) startConfirming(t *testing.T, raw string, torn bool) *child {
	t.Helper()
	c := startChild(t, order{
		Engine: a.engine.name, DSN: a.dsn, Keys: a.keys, Token: raw, Racers: 1,
		Torn: torn,
	})
	c.expect(t, "ready")
	c.proceed(t)
	return c
}

// window is how long a confirmation takes that nobody kills, and a little more.
// The tests narrow and widen it, so that kills come before and after the commit
// alike however busy the machine is.
func (a *application) window(t *testing.T) time.Duration {
	t.Helper()
	c := a.startConfirming(t, a.link(t), false)
	start := time.Now()
	c.expect(t, "confirmed")
	took := time.Since(start)
	require.Equal(t, tally{Won: 1, Notices: 1}, c.result(t))
	a.restore(t)
	return took + took/4
}

// settledHash waits for the killed process's transaction, if the server still
// has one: it holds a lock on the row until its connection is found to be gone.
func (a *application) settledHash(t *testing.T) string {
	t.Helper()
	lock := " FOR UPDATE"
	if a.engine.dialect == sqlstore.SQLite {
		lock = ""
	}
	return queryText(t, a.db,
		"SELECT password_hash FROM users WHERE id = "+a.ann.ID+lock)
}
