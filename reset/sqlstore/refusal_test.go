package sqlstore_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// valueErrors are what databases say of a value that a column cannot hold.
var valueErrors = []struct {
	dialect sqlstore.Dialect
	err     error
	// strange means that only a value beyond printable ASCII can be the cause.
	strange bool
}{
	{sqlstore.PostgreSQL, stateError("22001"), false},
	{sqlstore.PostgreSQL, stateError("22003"), false},
	{sqlstore.PostgreSQL, stateError("22007"), false},
	{sqlstore.PostgreSQL, stateError("22008"), false},
	{sqlstore.PostgreSQL, stateError("22021"), false},
	{sqlstore.PostgreSQL, stateError("22P02"), false},
	{sqlstore.PostgreSQL, stateError("22P03"), false},
	{sqlstore.PostgreSQL, stateError("22P05"), false},
	{sqlstore.PostgreSQL, fmt.Errorf("wrapped: %w", stateError("23514")), false},
	{sqlstore.MySQL, mysqlError(
		"1264 (22003): Out of range value for column 'id'",
	), false},
	{sqlstore.MySQL, mysqlError(
		"1292 (22007): Truncated incorrect DOUBLE value: 'x'",
	), false},
	{sqlstore.MySQL, mysqlError("1406 (22001): Data too long"), false},
	{sqlstore.MySQL, mysqlError("1411 (HY000): Incorrect datetime value"), false},
	{sqlstore.MySQL, mysqlError(
		"1525 (HY000): Incorrect DATE value: 'x'",
	), false},
	{sqlstore.MySQL, mysqlError(
		"1690 (22003): BIGINT value is out of range",
	), false},
	{sqlstore.MySQL, mysqlError("1267 (HY000): Illegal mix of collations"), true},
	{sqlstore.MySQL, mysqlError("1270 (HY000): Illegal mix of collations"), true},
	{sqlstore.MySQL, mysqlError("1271 (HY000): Illegal mix of collations"), true},
	{sqlstore.MySQL, mysqlError(
		"1300 (HY000): Invalid utf8mb4 character string",
	), true},
	{sqlstore.MySQL, mysqlError("1366 (22007): Incorrect string value"), true},
	{sqlstore.MySQL, mysqlError("1977: Cannot convert 'utf8mb4' character"), true},
	{sqlstore.MySQL, mysqlError("3854 (HY000): Cannot convert string"), true},
	{sqlstore.MySQL, fmt.Errorf(
		"wrapped: %w", mysqlError("3988 (HY000): Conversion is impossible"),
	), true},
	{sqlstore.SQLite, codeError(18), false},
	{sqlstore.SQLite, codeError(20), false},
	{sqlstore.SQLite, errors.New("sqlite3: string or blob too big"), false},
	{sqlstore.SQLite, errors.New("datatype mismatch"), false},
}

func TestValueThatNoColumnCanHoldIsNotFound(t *testing.T) {
	t.Parallel()
	for _, refused := range valueErrors {
		f := &sqltest.DB{
			Query: refusesQuery(refused.err), Exec: refusesExec(refused.err),
		}
		store := newStore(t, f, refused.dialect)

		_, err := store.FindByID(t.Context(), "\u044f")
		require.ErrorIs(t, err, reset.ErrUserNotFound, "%v", refused.err)
		users, err := store.FindByEmail(t.Context(), "\u044f@example.org")
		require.NoError(t, err, "%v", refused.err)
		require.Empty(t, users)

		seen := ann
		seen.ID = "\u044f"
		require.ErrorIs(
			t, store.ReplaceHash(t.Context(), seen, "new hash"),
			reset.ErrStale, "%v", refused.err,
		)
	}
}

// A row may be refused only while it is read.
func TestValueThatIsRefusedWithTheFirstRowIsNotFound(t *testing.T) {
	t.Parallel()
	for _, refused := range valueErrors {
		f := &sqltest.DB{Query: yields([]driver.Value{refused.err})}
		users, err := newStore(t, f, refused.dialect).
			FindByEmail(t.Context(), "\u044f@example.org")
		require.NoError(t, err, "%v", refused.err)
		require.Empty(t, users)
	}
}

// Two columns that cannot be compared with each other are a fault of the
// statement, and nobody would ever get mail. It must not pass for "not found".
func TestRefusalThatCannotBeTheValuesFaultIsAnError(t *testing.T) {
	t.Parallel()
	for _, refused := range valueErrors {
		if !refused.strange {
			continue
		}
		f := &sqltest.DB{Query: refusesQuery(refused.err)}
		store := newStore(t, f, refused.dialect)

		_, err := store.FindByID(t.Context(), "7")
		require.ErrorIs(t, err, refused.err)
		require.NotErrorIs(t, err, reset.ErrUserNotFound)
		_, err = store.FindByEmail(t.Context(), "o'brien~ @example.org")
		require.ErrorIs(t, err, refused.err)

		for _, value := range []string{"\x1f", "\x7f", "\u00e9", "\x00"} {
			_, err = store.FindByEmail(t.Context(), value)
			require.NoError(t, err, "%q", value)
		}
	}
}

func TestOtherRefusalsOfALookUpAreErrors(t *testing.T) {
	t.Parallel()
	const collations = "1267 (HY000): Illegal mix of collations"
	for _, c := range []struct {
		dialect sqlstore.Dialect
		err     error
	}{
		{sqlstore.PostgreSQL, stateError("42703")},
		{sqlstore.PostgreSQL, stateError("57014")},
		{sqlstore.PostgreSQL, mysqlError(collations)},
		{sqlstore.MySQL, mysqlError("1054 (42S22): Unknown column")},
		{sqlstore.MySQL, mysqlError("12670: no such number")},
		{sqlstore.MySQL, stateError("22P05")},
		{sqlstore.MySQL, mysqlError(
			"2013 (HY000): Lost connection; Error 1267 (HY000)",
		)},
		{sqlstore.SQLite, codeError(11)},
		{sqlstore.SQLite, stateError("22P05")},
	} {
		f := &sqltest.DB{Query: refusesQuery(c.err)}
		store := newStore(t, f, c.dialect)

		_, err := store.FindByID(t.Context(), "\u044f")
		require.ErrorIs(t, err, c.err)
		require.NotErrorIs(t, err, reset.ErrUserNotFound)
		_, err = store.FindByEmail(t.Context(), "\u044f@example.org")
		require.ErrorIs(t, err, c.err)
	}
}

// No text in PostgreSQL has a NUL, and how the server refuses one depends on
// the protocol.
func TestNULIsNotSentToPostgreSQL(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{}
	store := newStore(t, f, sqlstore.PostgreSQL)
	users, err := store.FindByEmail(t.Context(), "ann@example.org\x00")
	require.NoError(t, err)
	require.Empty(t, users)
	_, err = store.FindByID(t.Context(), "\x007")
	require.ErrorIs(t, err, reset.ErrUserNotFound)

	for _, change := range []func(*reset.User){
		func(u *reset.User) { u.ID += "\x00" },
		func(u *reset.User) { u.Email += "\x00" },
		func(u *reset.User) { u.PasswordHash += "\x00" },
		func(u *reset.User) { u.Stamp += "\x00" },
	} {
		seen := ann
		change(&seen)
		require.ErrorIs(
			t, store.ReplaceHash(t.Context(), seen, "new hash"),
			reset.ErrStale,
		)
	}
	require.Empty(t, f.Sent())

	_, err = newStore(t, f, sqlstore.SQLite).
		FindByEmail(t.Context(), "ann@example.org\x00")
	require.NoError(t, err)
	require.Equal(t, "SELECT", f.Sent(), "a text in SQLite may have one")
}

// ErrStale would tell the visitor that the link is used up, and nobody would
// learn that the column is too short.
func TestNewHashThatTheColumnCannotHoldIsAClearError(t *testing.T) {
	t.Parallel()
	const newHash = "n\u00e9w hash"
	for _, refused := range valueErrors {
		f := &sqltest.DB{
			Query: yields(annsRow), Exec: refusesExec(refused.err),
		}
		err := newStore(t, f, refused.dialect).
			ReplaceHash(t.Context(), ann, newHash)
		require.ErrorIs(t, err, refused.err)
		require.NotErrorIs(t, err, reset.ErrStale)
		require.ErrorContains(t, err, "the column cannot hold the new hash")
		require.Equal(
			t, "BEGIN UPDATE ROLLBACK SELECT", f.Sent(), "nothing is retried",
		)
		require.NotContains(t, err.Error(), newHash)

		// The account has changed meanwhile, so the value may be one of the
		// old ones.
		f.Query = yields(annsRowWith(2, "theirs"))
		err = newStore(t, f, refused.dialect).
			ReplaceHash(t.Context(), ann, newHash)
		require.ErrorIs(t, err, reset.ErrStale)
	}
}
