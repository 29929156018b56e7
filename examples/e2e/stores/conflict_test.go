package stores_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// A refusal because of another transaction says nothing about the link: only the
// row does. PostgreSQL refuses an update that waited for another one of the same row
// under REPEATABLE READ, whatever that one changed.
func TestSerializationFailureIsDecidedByTheRow(t *testing.T) {
	for _, c := range []struct {
		name, set string
		good      bool
	}{
		{"another column changed", "locale = 'pt-BR'", true},
		{"the address changed", "email = 'ann@elsewhere.example'", false},
		{"the stamp changed", "session_version = session_version + 1", false},
		{"the account was disabled", "disabled = TRUE", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := newApplication(t, engines[1], options{dsn: "&default_transaction_isolation=repeatable%20read"})
			raw := app.link(t)
			other, err := app.db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer func() { _ = other.Rollback() }()
			_, err = other.ExecContext(t.Context(), "UPDATE users SET "+c.set)
			require.NoError(t, err)

			done := make(chan error, 1)
			go func() { done <- confirm(t.Context(), app.service, raw) }()
			app.awaitLock(t)
			require.NoError(t, other.Commit())
			if err := <-done; c.good {
				require.NoError(t, err)
				app.requireChanged(t)
			} else {
				require.ErrorIs(t, err, reset.ErrRejected)
				app.requireUntouched(t)
			}
		})
	}
}

// awaitLock waits until a statement of this test waits for another's lock.
func (a *application) awaitLock(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return queryInt(t, a.db, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"+
			" AND application_name = current_setting('application_name')") > 0
	}, 30*time.Second, 5*time.Millisecond)
}

// InnoDB ends a deadlock by undoing the transaction that wrote less, here the reset:
// the other one holds the user's sessions and wants the user.
func TestDeadlockIsDecidedByTheRow(t *testing.T) {
	app := newApplication(t, engines[2], options{})
	e := app.engine
	other, err := app.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = other.Rollback() }()
	for range 20 {
		_, err = other.ExecContext(t.Context(), e.bind("INSERT INTO changes (user_id) VALUES (?)"), 0)
		require.NoError(t, err)
	}
	_, err = other.ExecContext(t.Context(), "UPDATE sessions SET user_id = user_id + 0, id = id + 100")
	require.NoError(t, err)

	tries, finished := 0, make(chan error, 1)
	_, service := newService(t, e, app.pool, app.hasher, app.mailbox, options{
		keys: app.keys,
		beforeEnd: func() {
			if tries++; tries > 1 {
				return
			}
			go func() {
				_, err := other.ExecContext(t.Context(), "UPDATE users SET locale = 'es'")
				finished <- errors.Join(err, other.Commit())
			}()
		},
	})
	raw := app.link(t)
	require.NoError(t, confirm(t.Context(), service, raw))
	require.NoError(t, <-finished)
	require.Equal(t, 2, tries, "the reset was not undone by the deadlock")
	app.requireChanged(t)
}

// SQLite has one writer. When it takes longer than the busy timeout, the visitor is
// told to try again and the link stays good.
func TestBusyDatabaseLeavesTheLinkGood(t *testing.T) {
	app := newApplication(t, engines[0], options{})
	impatient := openDB(t, app.engine.driver, strings.Replace(app.dsn, "busy_timeout(20000)", "busy_timeout(0)", 1))
	_, service := newService(t, app.engine, impatient, app.hasher, app.mailbox, options{keys: app.keys})
	raw := app.link(t)
	writer, err := app.db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, writer.Close()) }()
	_, err = writer.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	err = confirm(t.Context(), service, raw)
	require.ErrorContains(t, err, "SQLITE_BUSY")
	require.NotErrorIs(t, err, reset.ErrRejected)
	_, err = writer.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	app.requireUntouched(t)
	require.NoError(t, confirm(t.Context(), service, raw))
	app.requireChanged(t)
}
