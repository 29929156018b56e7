package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Errors in the forms that the drivers have them in.
type (
	stateError string // pgx, lib/pq
	codeError  int    // modernc
)

func (e stateError) Error() string    { return "server said " + string(e) }
func (e stateError) SQLState() string { return string(e) }
func (e codeError) Error() string     { return "sqlite said so" }
func (e codeError) Code() int         { return int(e) }

// refusals are what the databases say to a transaction that another one got in the
// way of.
var refusals = []struct {
	dialect sqlstore.Dialect
	err     error
}{
	{sqlstore.PostgreSQL, stateError("40001")},
	{sqlstore.PostgreSQL, stateError("40P01")},
	{sqlstore.PostgreSQL, stateError("55P03")},
	{sqlstore.PostgreSQL, fmt.Errorf("wrapped: %w", stateError("40001"))},
	{sqlstore.MySQL, errors.New("Error 1213 (40001): Deadlock found when trying to get lock")},
	{sqlstore.MySQL, errors.New("Error 1205 (HY000): Lock wait timeout exceeded")},
	{sqlstore.MySQL, errors.New("Error 1020 (HY000): Record has changed since last read in table 'users'")},
	{sqlstore.MySQL, errors.New("Error 1213: Deadlock found")},
	{sqlstore.MySQL, errors.Join(errors.New("first"), fmt.Errorf("wrapped: %w", errors.New("Error 1213 (40001): Deadlock")))},
	{sqlstore.MySQL, stateError("40001")},
	{sqlstore.SQLite, codeError(5)},
	{sqlstore.SQLite, codeError(6)},
	{sqlstore.SQLite, codeError(517)},
	{sqlstore.SQLite, errors.New("database is locked")},
	{sqlstore.SQLite, errors.New("sqlite3: database table is locked")},
}

func TestRefusedTransactionIsDecidedByTheRow(t *testing.T) {
	t.Parallel()
	change := func(column int, value driver.Value) []driver.Value {
		row := append([]driver.Value(nil), annsRow...)
		row[column] = value
		return row
	}
	for _, c := range []struct {
		name string
		row  []driver.Value // nil: gone
		then string         // what is sent after the row is read
		want func(t *testing.T, err error)
	}{
		{"as it was: once more", annsRow, " BEGIN UPDATE COMMIT", success},
		{"our own hash: done", change(2, "new hash"), "", success},
		{"another hash: stale", change(2, "theirs"), "", stale},
		{"another address: stale", change(1, "ann@example.com"), "", stale},
		{"another stamp: stale", change(3, "4"), "", stale},
		{"disabled: stale", change(5, true), "", stale},
		{"gone: stale", nil, "", stale},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, refusal := range refusals {
				tries := 0
				f := &fakeDB{
					exec: func(string, []any) (int64, error) {
						if tries++; tries == 1 {
							return 0, refusal.err
						}
						return 1, nil
					},
					query: func(string, []any) ([][]driver.Value, error) {
						if c.row == nil {
							return nil, nil
						}
						return [][]driver.Value{c.row}, nil
					},
				}
				err := newStore(t, f, refusal.dialect).ReplaceHash(t.Context(), ann, "new hash")
				c.want(t, err)
				require.Equal(t, "BEGIN UPDATE ROLLBACK SELECT"+c.then, f.sent(), "%v", refusal.err)
			}
		})
	}
}

func success(t *testing.T, err error) {
	t.Helper()
	require.NoError(t, err)
}

func stale(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, reset.ErrStale)
}

func TestRefusalAtTheCommitOrInTheHookIsOneToo(t *testing.T) {
	t.Parallel()
	commits := 0
	f := &fakeDB{
		commit: func() error {
			if commits++; commits == 1 {
				return stateError("40001")
			}
			return nil
		},
		query: func(string, []any) ([][]driver.Value, error) { return [][]driver.Value{annsRow}, nil },
	}
	require.NoError(t, newStore(t, f, sqlstore.PostgreSQL).ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(t, "BEGIN UPDATE COMMIT SELECT BEGIN UPDATE COMMIT", f.sent())

	calls := 0
	f = &fakeDB{query: f.query}
	store := newStore(t, f, sqlstore.PostgreSQL, func(cfg *sqlstore.Config) {
		cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
			if calls++; calls == 1 {
				return stateError("40P01")
			}
			return nil
		}
	})
	require.NoError(t, store.ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(t, "BEGIN UPDATE ROLLBACK SELECT BEGIN UPDATE COMMIT", f.sent())
}

func TestThirdRefusalIsAnError(t *testing.T) {
	t.Parallel()
	f := &fakeDB{
		exec:  func(string, []any) (int64, error) { return 0, codeError(5) },
		query: func(string, []any) ([][]driver.Value, error) { return [][]driver.Value{annsRow}, nil },
	}
	err := newStore(t, f, sqlstore.SQLite).ReplaceHash(t.Context(), ann, "new hash")
	require.ErrorIs(t, err, codeError(5))
	require.NotErrorIs(t, err, reset.ErrStale)
	const try = " BEGIN UPDATE ROLLBACK SELECT"
	require.Equal(t, strings.Repeat(try, 3), " "+f.sent())
}

func TestRefusedLookUpIsRepeated(t *testing.T) {
	t.Parallel()
	for _, refusal := range refusals {
		for refused, want := range map[int]bool{1: true, 2: true, 3: false} {
			left := refused
			f := &fakeDB{query: func(string, []any) ([][]driver.Value, error) {
				if left--; left >= 0 {
					return nil, refusal.err
				}
				return [][]driver.Value{annsRow}, nil
			}}
			store := newStore(t, f, refusal.dialect)
			_, err := store.FindByID(t.Context(), ann.ID)
			require.Equal(t, want, err == nil, "%v %v", refused, err)
			require.NotErrorIs(t, err, reset.ErrUserNotFound)
			left = refused
			users, err := store.FindByEmail(t.Context(), ann.Email)
			require.Equal(t, want, err == nil && len(users) == 1)
		}
	}
	f := &fakeDB{query: func(string, []any) ([][]driver.Value, error) { return nil, errors.New("reset by peer") }}
	_, err := newStore(t, f, sqlstore.PostgreSQL).FindByID(t.Context(), ann.ID)
	require.Error(t, err)
	require.Equal(t, "SELECT", f.sent())
}

func TestRowThatCannotBeReadLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection refused")
	f := &fakeDB{
		exec:  func(string, []any) (int64, error) { return 0, codeError(5) },
		query: func(string, []any) ([][]driver.Value, error) { return nil, gone },
	}
	err := newStore(t, f, sqlstore.SQLite).ReplaceHash(t.Context(), ann, "new hash")
	require.ErrorIs(t, err, gone)
	require.ErrorIs(t, err, codeError(5))
	require.NotErrorIs(t, err, reset.ErrStale)
}

// Anything else may have been written: the store must not try again, and says so
// with an error that is not ErrStale.
func TestOtherErrorsAreNotRetried(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect sqlstore.Dialect
		err     error
	}{
		{sqlstore.PostgreSQL, errors.New("connection reset by peer")},
		{sqlstore.PostgreSQL, stateError("57P01")},
		{sqlstore.PostgreSQL, errors.New("Error 1213 (40001): Deadlock")},
		{sqlstore.PostgreSQL, codeError(5)},
		{sqlstore.MySQL, errors.New("invalid connection")},
		{sqlstore.MySQL, errors.New("Error 12130: no such number")},
		{sqlstore.MySQL, errors.New("Error 1062 (23000): Duplicate entry 'Error 1213 (40001): ' for key")},
		{sqlstore.MySQL, errors.New("database is locked")},
		{sqlstore.SQLite, codeError(10)},
		{sqlstore.SQLite, codeError(1034)},
		{sqlstore.SQLite, errors.New("Error 1213 (40001): Deadlock")},
	} {
		f := &fakeDB{exec: func(string, []any) (int64, error) { return 0, c.err }}
		err := newStore(t, f, c.dialect).ReplaceHash(t.Context(), ann, "new hash")
		require.ErrorIs(t, err, c.err)
		require.NotErrorIs(t, err, reset.ErrStale)
		require.Equal(t, "BEGIN UPDATE ROLLBACK", f.sent(), "%v %v", c.dialect, c.err)
		for _, secret := range []string{"old hash", "new hash", ann.Email} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}
