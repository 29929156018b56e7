package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// mysqlError is an error in the form that go-sql-driver gives it.
func mysqlError(text string) error { return errors.New("Error " + text) }

// conflicts are what the databases say to a transaction that another one got in
// the way of.
var conflicts = []struct {
	dialect sqlstore.Dialect
	err     error
}{
	{sqlstore.PostgreSQL, stateError("40001")},
	{sqlstore.PostgreSQL, stateError("40P01")},
	{sqlstore.PostgreSQL, stateError("55P03")},
	{sqlstore.PostgreSQL, fmt.Errorf("wrapped: %w", stateError("40001"))},
	{sqlstore.MySQL, mysqlError(
		"1213 (40001): Deadlock found when trying to get lock",
	)},
	{sqlstore.MySQL, mysqlError("1205 (HY000): Lock wait timeout exceeded")},
	{sqlstore.MySQL, mysqlError(
		"1020 (HY000): Record has changed since last read in table 'users'",
	)},
	{sqlstore.MySQL, mysqlError("1213: Deadlock found")},
	{sqlstore.MySQL, errors.Join(
		errors.New("first"),
		fmt.Errorf("wrapped: %w", mysqlError("1213 (40001): Deadlock")),
	)},
	{sqlstore.MySQL, stateError("40001")},
	{sqlstore.SQLite, codeError(5)},
	{sqlstore.SQLite, codeError(6)},
	{sqlstore.SQLite, codeError(517)},
	{sqlstore.SQLite, errors.New("database is locked")},
	{sqlstore.SQLite, errors.New("sqlite3: database table is locked")},
}

func TestRefusedTransactionIsDecidedByTheRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		row  []driver.Value // nil: gone
		then string         // what is sent after the row is read
		want error
	}{
		{"as it was: once more", annsRow, " BEGIN UPDATE COMMIT", nil},
		{"our own hash: done", annsRowWith(2, "new hash"), "", nil},
		{"another hash", annsRowWith(2, "theirs"), "", reset.ErrStale},
		{"another address", annsRowWith(1, "a@b.example"), "", reset.ErrStale},
		{"another stamp", annsRowWith(3, "4"), "", reset.ErrStale},
		{"disabled", annsRowWith(5, true), "", reset.ErrStale},
		{"gone", nil, "", reset.ErrStale},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, conflict := range conflicts {
				attempts := 0
				f := &sqltest.DB{
					Exec: func(string, []any) (int64, error) {
						if attempts++; attempts == 1 {
							return 0, conflict.err
						}
						return 1, nil
					},
					Query: yields(),
				}
				if c.row != nil {
					f.Query = yields(c.row)
				}

				err := newStore(t, f, conflict.dialect).
					ReplaceHash(t.Context(), ann, "new hash")
				require.ErrorIs(t, err, c.want)
				require.Equal(
					t, "BEGIN UPDATE ROLLBACK SELECT"+c.then, f.Sent(),
					"%v", conflict.err,
				)
			}
		})
	}
}

func TestConflictAtTheCommitOrInTheHookIsOneToo(t *testing.T) {
	t.Parallel()
	commits := 0
	f := &sqltest.DB{
		Commit: func() error {
			if commits++; commits == 1 {
				return stateError("40001")
			}
			return nil
		},
		Query: yields(annsRow),
	}
	require.NoError(t, newStore(t, f, sqlstore.PostgreSQL).
		ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(
		t, "BEGIN UPDATE COMMIT SELECT BEGIN UPDATE COMMIT", f.Sent(),
	)

	calls := 0
	f = &sqltest.DB{Query: yields(annsRow)}
	store := newStore(t, f, sqlstore.PostgreSQL, func(cfg *sqlstore.Config) {
		cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
			if calls++; calls == 1 {
				return stateError("40P01")
			}
			return nil
		}
	})
	require.NoError(t, store.ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(
		t, "BEGIN UPDATE ROLLBACK SELECT BEGIN UPDATE COMMIT", f.Sent(),
	)
}

// attempts is how many are made in all.
const attempts = 20

func TestWriteThatIsRefusedTwentyTimesIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &sqltest.DB{Exec: refusesExec(codeError(5)), Query: yields(annsRow)}
		start := time.Now()
		err := newStore(t, f, sqlstore.SQLite).
			ReplaceHash(t.Context(), ann, "new hash")
		require.ErrorIs(t, err, codeError(5))
		require.NotErrorIs(t, err, reset.ErrStale)

		const attempt = " BEGIN UPDATE ROLLBACK SELECT"
		require.Equal(t, strings.Repeat(attempt, attempts), " "+f.Sent())
		require.NotZero(t, time.Since(start), "nothing between two attempts")
		require.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestNothingIsRetriedWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls := 0
		f := &sqltest.DB{
			Query: func(string, []any) ([][]driver.Value, error) {
				if calls++; calls == 2 {
					cancel()
				}
				return nil, stateError("40001")
			},
		}
		_, err := newStore(t, f, sqlstore.PostgreSQL).FindByID(ctx, ann.ID)
		require.ErrorIs(t, err, stateError("40001"))
		require.Equal(t, "SELECT SELECT", f.Sent())
	})
}

func TestLookUpIsRetriedAfterAConflict(t *testing.T) {
	t.Parallel()
	for _, conflict := range conflicts {
		for refusals, want := range map[int]bool{
			1: true, attempts - 1: true, attempts: false,
		} {
			synctest.Test(t, func(t *testing.T) {
				requireRetried(t, conflict.dialect, conflict.err, refusals, want)
			})
		}
	}

	f := &sqltest.DB{Query: refusesQuery(errors.New("reset by peer"))}
	_, err := newStore(t, f, sqlstore.PostgreSQL).FindByID(t.Context(), ann.ID)
	require.Error(t, err)
	require.Equal(t, "SELECT", f.Sent())
}

// requireRetried checks what both look-ups make of so many refusals.
func requireRetried(
	t *testing.T, dialect sqlstore.Dialect, conflict error, refusals int,
	want bool,
) {
	t.Helper()
	queries := 0
	f := &sqltest.DB{
		Query: func(string, []any) ([][]driver.Value, error) {
			if queries++; queries <= refusals {
				return nil, conflict
			}
			return [][]driver.Value{annsRow}, nil
		},
	}
	store := newStore(t, f, dialect)

	_, err := store.FindByID(t.Context(), ann.ID)
	require.Equal(t, want, err == nil, "%v %v", refusals, err)
	require.NotErrorIs(t, err, reset.ErrUserNotFound)

	queries = 0
	users, err := store.FindByEmail(t.Context(), ann.Email)
	require.Equal(t, want, err == nil && len(users) == 1)
}

func TestRowThatCannotBeReadLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection refused")
	f := &sqltest.DB{Exec: refusesExec(codeError(5)), Query: refusesQuery(gone)}
	err := newStore(t, f, sqlstore.SQLite).
		ReplaceHash(t.Context(), ann, "new hash")
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, codeError(5))
	require.NotErrorIs(t, err, reset.ErrStale)
}

// Anything else may have been written. The store must not retry, and says so
// with an error that is not ErrStale.
func TestOtherErrorsAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect sqlstore.Dialect
		err     error
	}{
		{sqlstore.PostgreSQL, errors.New("connection reset by peer")},
		{sqlstore.PostgreSQL, stateError("57P01")},
		{sqlstore.PostgreSQL, mysqlError("1213 (40001): Deadlock")},
		{sqlstore.PostgreSQL, codeError(5)},
		{sqlstore.MySQL, errors.New("invalid connection")},
		{sqlstore.MySQL, mysqlError("12130: no such number")},
		{sqlstore.MySQL, mysqlError(
			"1062 (23000): Duplicate entry 'Error 1213 (40001): ' for key",
		)},
		{sqlstore.MySQL, errors.New("database is locked")},
		{sqlstore.SQLite, codeError(10)},
		{sqlstore.SQLite, codeError(1034)},
		{sqlstore.SQLite, mysqlError("1213 (40001): Deadlock")},
	} {
		f := &sqltest.DB{Exec: refusesExec(c.err)}
		err := newStore(t, f, c.dialect).
			ReplaceHash(t.Context(), ann, "new hash")
		require.ErrorIs(t, err, c.err)
		require.NotErrorIs(t, err, reset.ErrStale)
		require.Equal(
			t, "BEGIN UPDATE ROLLBACK", f.Sent(), "%v %v", c.dialect, c.err,
		)

		for _, secret := range []string{"old hash", "new hash", ann.Email} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

// A login that replaces an old hash is in the way of others as a reset is. What
// was refused was not written, and the condition finds out about all else.
func TestSwapIsRetriedAfterAConflict(t *testing.T) {
	t.Parallel()
	for _, conflict := range conflicts {
		for _, changed := range []int64{1, 0} {
			calls := 0
			f := &sqltest.DB{
				Exec: func(string, []any) (int64, error) {
					if calls++; calls == 1 {
						return 0, conflict.err
					}
					return changed, nil
				},
			}

			swapped, err := newStore(t, f, conflict.dialect).SwapFor(ann)(
				t.Context(), ann.PasswordHash, "better",
			)
			require.NoError(t, err)
			require.Equal(t, changed == 1, swapped)
			require.Equal(t, 2, calls)
		}
	}
}
