package sqlstore_test

import (
	"database/sql/driver"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func recoveryTable() sqlstore.Table {
	table := plainTable()
	table.Label = "nickname"
	table.Recovery = sqlstore.RecoveryTable{
		Name: "addresses", UserID: "user_id", Email: "address",
		AllConfirmed: true,
	}
	return table
}

func withRecovery(cfg *sqlstore.Config) { cfg.Table = recoveryTable() }

// annsAddresses is her row with a label and two further addresses.
func annsAddresses(list string) []driver.Value {
	return append(slices.Clone(annsRow), "Ann the first", list)
}

// annWith is what annsAddresses is read as.
func annWith(addrs ...string) reset.User {
	user := ann
	user.Label, user.Recovery = "Ann the first", addrs
	return user
}

func TestNewRefusesATableOfAddressesThatIsHalfNamed(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)

	for want, set := range map[string]func(*sqlstore.RecoveryTable){
		"Name is not a plain":        func(r *sqlstore.RecoveryTable) { r.Name = "" },
		"Name and Name are the same": func(r *sqlstore.RecoveryTable) { r.Name = "Users" },
		"UserID is not a plain":      func(r *sqlstore.RecoveryTable) { r.UserID = "" },
		"Email is not a plain":       func(r *sqlstore.RecoveryTable) { r.Email = "" },
		"UserID and Email name":      func(r *sqlstore.RecoveryTable) { r.Email = "USER_ID" },
		"Confirmed is not a plain":   func(r *sqlstore.RecoveryTable) { r.Confirmed = "a.b" },
		"ConfirmedAt is not a plain": func(r *sqlstore.RecoveryTable) { r.ConfirmedAt = "a b" },
		"AllConfirmed: 0 are set": func(r *sqlstore.RecoveryTable) {
			r.AllConfirmed = false
		},
		"AllConfirmed: 2 are set": func(r *sqlstore.RecoveryTable) {
			r.Confirmed, r.ConfirmedAt, r.AllConfirmed = "a", "b", false
		},
		"AllConfirmed: 3 are set": func(r *sqlstore.RecoveryTable) {
			r.Confirmed, r.ConfirmedAt = "a", "b"
		},
	} {
		table := recoveryTable()
		set(&table.Recovery)
		_, err := sqlstore.New(
			db, sqlstore.Config{Dialect: sqlstore.SQLite, Table: table},
		)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "sqlstore: Config.Table.Recovery.")
	}
}

func TestFurtherAddressesAreReadAndCompared(t *testing.T) {
	t.Parallel()
	var wrote []any
	f := &sqltest.DB{
		Query: yields(annsAddresses("a@b.example\nc@d.example")),
		Exec: func(_ string, args []any) (int64, error) {
			wrote = args
			return 1, nil
		},
	}
	store := newStore(t, f, sqlstore.PostgreSQL, withRecovery)

	user, err := store.FindByID(t.Context(), ann.ID)
	require.NoError(t, err)
	require.Equal(t, annWith("a@b.example", "c@d.example"), user)
	require.NoError(t, store.ReplaceHash(t.Context(), user, "new"))
	require.Equal(t, []any{
		"new", "7", "old hash", "ann@example.org", "3",
		"a@b.example\nc@d.example",
	}, wrote)

	f.Query = yields(annsAddresses(""))
	user, err = store.FindByID(t.Context(), ann.ID)
	require.NoError(t, err)
	require.Equal(t, annWith(), user)
}

// The write of a link that was mailed to an address that is no longer one must
// not be repeated after a refusal that had another reason.
func TestRefusedTransactionIsStaleWhenAnAddressWasRemoved(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]error{
		"a@b.example\nc@d.example": stateError("40001"),
		"c@d.example":              reset.ErrStale,
		"":                         reset.ErrStale,
	} {
		f := &sqltest.DB{
			Exec:  refusesExec(stateError("40001")),
			Query: yields(annsAddresses(list)),
		}
		store := newStore(t, f, sqlstore.PostgreSQL, withRecovery)
		require.ErrorIs(t, store.ReplaceHash(
			t.Context(), annWith("a@b.example", "c@d.example"), "new",
		), want, list)
	}
}

func TestBothLookUpsByAddressAreOneResult(t *testing.T) {
	t.Parallel()
	row := func(id, email, further string) []driver.Value {
		row := annsAddresses(further)
		row[0], row[1] = id, email
		return row
	}
	f := &sqltest.DB{
		Query: func(statement string, args []any) ([][]driver.Value, error) {
			require.Equal(t, []any{"ann@x.example"}, args)
			if strings.Contains(statement, "EXISTS") {
				return [][]driver.Value{
					row("4", "d@y.example", "ann@x.example"),
					row("1", "ann@x.example", "Ann@X.example"),
					row("3", "c@y.example", "ANN@x.example"),
				}, nil
			}
			return [][]driver.Value{
				row("1", "ann@x.example", "Ann@X.example"),
				row("2", "ANN@X.EXAMPLE", ""),
			}, nil
		},
	}

	users, err := newStore(t, f, sqlstore.PostgreSQL, withRecovery).
		FindByEmail(t.Context(), "ann@x.example")
	require.NoError(t, err)
	var ids []string
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	require.Equal(t, []string{"1", "4", "2", "3"}, ids)
	require.Equal(t, "SELECT SELECT", f.Sent())
}

// Where parameters are marks, their order is that of the text.
func TestLookUpByFurtherAddressTakesItTwiceAroundTheConditions(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[sqlstore.Dialect][]any{
		sqlstore.SQLite:     {"a@b.example", "acme", "a@b.example"},
		sqlstore.MySQL:      {"a@b.example", "acme", "a@b.example"},
		sqlstore.PostgreSQL: {"a@b.example", "acme"},
	} {
		var sent [][]any
		f := &sqltest.DB{
			Query: func(_ string, args []any) ([][]driver.Value, error) {
				sent = append(sent, args)
				return nil, nil
			},
			Exec: func(_ string, args []any) (int64, error) {
				sent = append(sent, args)
				return 1, nil
			},
		}
		store := newStore(t, f, dialect, withRecovery, func(c *sqlstore.Config) {
			c.Table.Where = []sqlstore.Condition{
				{Column: "tenant", Value: "acme"},
			}
		})

		_, err := store.FindByEmail(t.Context(), "a@b.example")
		require.NoError(t, err)
		require.NoError(t, store.ReplaceHash(
			t.Context(), annWith("a@b.example"), "new",
		))
		require.Equal(t, [][]any{want, want, {
			"new", "7", "old hash", "ann@example.org", "3", "a@b.example",
			"acme",
		}}, sent)
	}
}

// A host that reads further addresses without comparing them would let a link
// to a removed one through, so each half is refused without the other.
func TestStatementsHaveTheEighthColumnAndItsLookUpOrNeither(t *testing.T) {
	t.Parallel()
	with := plainQueries()
	with.ByRecovery = "f $1"
	_, err := sqlstore.New((&sqltest.DB{}).Open(t), sqlstore.Config{
		Dialect: sqlstore.PostgreSQL, Queries: with,
	})
	require.ErrorContains(t, err, "Replace needs 6")
	with.Replace += " $6"

	for _, c := range []struct {
		name    string
		queries sqlstore.Queries
		row     []driver.Value
		want    string // empty: it is right
	}{
		{"six", plainQueries(), annsRow, ""},
		{"seven", plainQueries(), annsAddresses("")[:7], ""},
		{"eight, not compared", plainQueries(), annsAddresses(""), "ByRecovery"},
		{"eight", with, annsAddresses(""), ""},
		{"compared, not read", with, annsRow, "ByRecovery"},
		{"five", plainQueries(), annsRow[:5], "expected 5"},
		{"nine", plainQueries(), append(annsAddresses(""), "x"), "expected 9"},
	} {
		f := &sqltest.DB{Query: yields(c.row)}
		store := newStore(t, f, sqlstore.PostgreSQL, func(cfg *sqlstore.Config) {
			cfg.Table, cfg.Queries = sqlstore.Table{}, c.queries
		})
		_, byID := store.FindByID(t.Context(), ann.ID)
		_, byEmail := store.FindByEmail(t.Context(), ann.Email)
		for _, err := range []error{byID, byEmail} {
			if c.want == "" {
				require.NoError(t, err, c.name)
				continue
			}
			require.ErrorContains(t, err, c.want, c.name)
		}
	}
}

// Every name of the second table stands behind the table's own, or a
// misspelled one would be taken for a column of the users' table.
func TestStatementsOfATableOfFurtherAddresses(t *testing.T) {
	t.Parallel()
	table := recoveryTable()
	table.Recovery.ConfirmedAt = "confirmed"
	table.Recovery.AllConfirmed = false
	q, err := table.Queries(sqlstore.PostgreSQL)
	require.NoError(t, err)

	const (
		address = `COALESCE("addresses"."address"::text, '')`
		ofUser  = `"addresses"."user_id" = "users"."id"`
		counts  = ` AND "addresses"."confirmed" IS NOT NULL`
		list    = `COALESCE((SELECT string_agg(a, chr(10) ORDER BY a COLLATE "C")` +
			` FROM (SELECT ` + address + ` AS a FROM "addresses" WHERE ` +
			ofUser + counts + ` ORDER BY ` + address + ` COLLATE "C" LIMIT 6)` +
			` AS r)::text, '')`
	)
	require.Contains(t, q.ByID, `COALESCE("nickname"::text, ''), `+list+
		` FROM "users" WHERE "id" = $1`)
	require.Contains(t, q.Replace, ` AND `+list+` COLLATE "C" = $6::text`)
	require.NotContains(t, q.Swap, "addresses")
	_, condition, _ := strings.Cut(q.ByRecovery, ` FROM "users" WHERE `)
	require.Equal(t, `"id" IN (SELECT "addresses"."user_id" FROM "addresses"`+
		` WHERE lower("addresses"."address") = lower($1)`+counts+`)`+
		` ORDER BY CASE WHEN EXISTS (SELECT 1 FROM "addresses" WHERE `+ofUser+
		` AND `+address+` COLLATE "C" = $1::text`+counts+
		`) THEN 0 ELSE 1 END, "users"."id" LIMIT 100`, condition)

	table.Recovery.ConfirmedAt, table.Recovery.Confirmed = "", "confirmed"
	q, err = table.Queries(sqlstore.SQLite)
	require.NoError(t, err)
	for _, text := range []string{q.ByEmail, q.ByRecovery, q.ByID, q.Replace} {
		require.Contains(t, text, "= `users`.`id` AND `addresses`.`confirmed` ")
	}
}
