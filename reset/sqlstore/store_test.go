package sqlstore_test

import (
	"database/sql/driver"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestRowIsReadInEveryFormThatDriversHave(t *testing.T) {
	t.Parallel()
	enabled := reset.User{
		ID: "7", Email: "ann@example.org", PasswordHash: "$x ",
		Stamp: "3", Locale: "es",
	}
	disabled := enabled
	disabled.Disabled = true
	row := func(id driver.Value, flag driver.Value) []driver.Value {
		return []driver.Value{id, "ann@example.org", "$x ", "3", "es", flag}
	}

	for _, c := range []struct {
		name string
		row  []driver.Value
		want reset.User
	}{
		{"texts", row("7", "false"), enabled},
		{"bytes", []driver.Value{
			[]byte("7"), []byte("ann@example.org"), []byte("$x "),
			[]byte("3"), []byte("es"), []byte("0"),
		}, enabled},
		{"numbers", []driver.Value{
			int64(7), "ann@example.org", "$x ", int64(3), "es", int64(0),
		}, enabled},
		{"a true number", row(int64(7), int64(1)), disabled},
		{"a true bool", row("7", true), disabled},
		{"a true text", row("7", "t"), disabled},
		{"a bit that is set", row("7", []byte{1}), disabled},
		{"a bit that is not set", row("7", []byte{0}), enabled},
		{
			"NULL wherever it can be",
			[]driver.Value{"7", nil, nil, nil, nil, nil},
			reset.User{ID: "7"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &sqltest.DB{Query: yields(c.row)}
			store := newStore(t, f, sqlstore.MySQL)

			user, err := store.FindByID(t.Context(), "7")
			require.NoError(t, err)
			require.True(
				t, reflect.DeepEqual(c.want, user), "got %+v %q %q %q",
				user, user.PasswordHash, user.Stamp, user.Locale,
			)
			users, err := store.FindByEmail(t.Context(), "ann@example.org")
			require.NoError(t, err)
			require.True(t, len(users) == 1 && reflect.DeepEqual(users[0], c.want))
		})
	}
}

func TestRowThatCannotBeReadIsAnErrorWithoutItsValues(t *testing.T) {
	t.Parallel()
	row := func(id driver.Value, flag driver.Value) []driver.Value {
		return []driver.Value{id, "ann@example.org", "secret", "3", "es", flag}
	}
	for name, row := range map[string][]driver.Value{
		"an id that is NULL":        row(nil, false),
		"a flag that is no flag":    row("7", "2026-11-21"),
		"a flag that is two":        row("7", int64(2)),
		"a flag of two bits":        row("7", []byte{1, 0}),
		"too few columns":           {"7", "ann@example.org"},
		"a connection that is lost": {errors.New("reset by peer")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &sqltest.DB{Query: yields(row)}
			store := newStore(t, f, sqlstore.PostgreSQL)

			user, err := store.FindByID(t.Context(), "7")
			require.Error(t, err)
			require.NotErrorIs(
				t, err, reset.ErrUserNotFound, "a failure is not an answer",
			)
			require.True(t, reflect.DeepEqual(user, reset.User{}))
			users, err := store.FindByEmail(t.Context(), "ann@example.org")
			require.Error(t, err)
			require.Empty(t, users)
			for _, secret := range []string{"ann@", "secret", "2026"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// A database that converts the id finds a row, and it is not the one asked for.
func TestRowWithAnotherIDIsNotFound(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{Query: yields(annsRow)}
	store := newStore(t, f, sqlstore.MySQL)
	for _, id := range []string{"7abc", " 7", "07", "7.0", ""} {
		user, err := store.FindByID(t.Context(), id)
		require.ErrorIs(t, err, reset.ErrUserNotFound, "%q", id)
		require.True(t, reflect.DeepEqual(user, reset.User{}))
	}
}

// A stranger may have registered any number of accounts under other spellings
// of an address.
func TestLookUpByAddressIsBoundedAndDoesNotFail(t *testing.T) {
	t.Parallel()
	const spelled = "ANN@example.org"
	for _, c := range []struct{ others, own, want, wantOwn int }{
		{0, 0, 0, 0},
		{0, 1, 1, 1},
		{99, 1, 100, 1},
		{100, 0, 100, 0},
		{101, 0, 100, 0},
		{0, 101, 100, 100},
		{100, 1, 100, 1},
		{5000, 2, 100, 2},
		{9999, 1, 100, 1},
		{10_000, 1, 100, 0},
	} {
		var rows [][]driver.Value
		for range c.others {
			rows = append(rows, annsRowWith(1, spelled))
		}
		for range c.own {
			rows = append(rows, annsRow)
		}

		f := &sqltest.DB{
			Query: func(_ string, args []any) ([][]driver.Value, error) {
				want := slices.Repeat([]any{"ann@example.org"}, 3)
				require.Equal(t, want, args)
				return rows, nil
			},
		}
		store := newStore(t, f, sqlstore.MySQL, func(cfg *sqlstore.Config) {
			cfg.Table, cfg.Queries = sqlstore.Table{}, sqlstore.Queries{
				ByEmail: "SELECT '?' WHERE a = ? OR b = ? ORDER BY ?",
				ByID:    "?",
				Replace: "? ? ? ? ?",
			}
		})

		users, err := store.FindByEmail(t.Context(), "ann@example.org")
		require.NoError(t, err)
		require.Len(t, users, c.want)
		for i, user := range users {
			require.Equal(
				t, i >= c.wantOwn, user.Email == spelled, "%d of %+v", i, c,
			)
		}
	}
}
