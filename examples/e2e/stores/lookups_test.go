package stores_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestIDIsFoundInOneSpellingOnly(t *testing.T) {
	const uuid = "0aa1f6b2-9d0e-4a7c-8f3d-2b1c0d9e8f7a"
	for _, c := range []struct {
		engine      int
		column, id  string
		other       []string
		description string
	}{
		{0, "TEXT COLLATE NOCASE PRIMARY KEY", "Ann", []string{"ann", "ANN", "Ann "}, "folding text"},
		{0, "INTEGER PRIMARY KEY", "42", []string{"42.0", " 42", "042", "4.2e1"}, "integer"},
		{1, "UUID PRIMARY KEY", uuid, []string{strings.ToUpper(uuid), "{" + uuid + "}", strings.ReplaceAll(uuid, "-", ""), uuid[1:], "x"}, "UUID"},
		{1, "BIGINT PRIMARY KEY", "42", []string{"42abc", " 42", "+42", "042", "99999999999999999999", "\x00", "\xff"}, "integer"},
		{1, "CHAR(8) PRIMARY KEY", "ann", []string{"ann     ", "ANN"}, "padded text"},
		{2, "BIGINT PRIMARY KEY", "42", []string{"42abc", " 42", "42.0", "4.2e1", "042", "+42", "\x00", "\xff"}, "integer"},
		{2, "VARCHAR(36) PRIMARY KEY", uuid, []string{strings.ToUpper(uuid), uuid + " "}, "folding text"},
	} {
		e := engines[c.engine]
		t.Run(e.name+" "+c.description, func(t *testing.T) {
			db, _ := e.open(t)
			mustExec(t, db,
				"CREATE TABLE users (id "+c.column+", email VARCHAR(255), "+
					"password_hash VARCHAR(255))")
			mustExec(t, db,
				e.bind("INSERT INTO users VALUES (?, 'ann@example.org', 'hash')"),
				c.id)
			store, err := sqlstore.New(db, sqlstore.Config{
				Dialect: e.dialect,
				Table: sqlstore.Table{
					Name: "users", ID: "id", Email: "email",
					Hash: "password_hash",
				},
			})
			require.NoError(t, err)
			ann, err := store.FindByID(t.Context(), c.id)
			require.NoError(t, err)
			require.Equal(t,
				reset.User{
					ID: c.id, Email: "ann@example.org",
					PasswordHash: "hash",
				}, ann)

			for _, other := range c.other {
				_, err := store.FindByID(t.Context(), other)
				require.ErrorIs(t, err, reset.ErrUserNotFound, "%q", other)
			}
			require.NoError(t, store.ReplaceHash(t.Context(), ann, "new"))
			require.ErrorIs(t, store.ReplaceHash(t.Context(), ann, "newer"),
				reset.ErrStale)
			ann.ID, ann.PasswordHash = "no-such-id", "new"
			require.ErrorIs(t, store.ReplaceHash(t.Context(), ann, "newer"),
				reset.ErrStale)
		})
	}
}

func TestColumnThatIsNotThereIsAnError(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		misspelled := users
		misspelled.Stamp = "session_verion"
		store, err := sqlstore.New(db,
			sqlstore.Config{Dialect: e.dialect, Table: misspelled})
		require.NoError(t, err)
		_, err = store.FindByID(t.Context(), "1")
		require.ErrorContains(t, err, "session_verion")
		require.NotErrorIs(t, err, reset.ErrUserNotFound)
	})
}

func TestLookUpByAddressFollowsEmailMatch(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		// A column that compares bytes, so that the statement alone makes the
		// difference.
		exact := map[sqlstore.Dialect]string{
			sqlstore.SQLite:     "VARCHAR(255)",
			sqlstore.PostgreSQL: "VARCHAR(255)",
			sqlstore.MySQL:      "VARCHAR(255) COLLATE utf8mb4_bin",
		}
		folding := map[sqlstore.Dialect]string{
			sqlstore.SQLite:     "VARCHAR(255) COLLATE NOCASE",
			sqlstore.PostgreSQL: "VARCHAR(255) COLLATE lookalike",
			sqlstore.MySQL:      "VARCHAR(255) COLLATE utf8mb4_general_ci",
		}
		for _, c := range []struct {
			name   string
			column map[sqlstore.Dialect]string
			match  sqlstore.EmailMatch
			stored string
			finds  []string
			misses []string
		}{
			{"folded", exact, sqlstore.MatchFolded, "Ann@Example.org", []string{"ann@example.org", "ANN@EXAMPLE.ORG", "Ann@Example.org"}, []string{"ann@example.com"}},
			{"lowered", exact, sqlstore.MatchLowered, "ann@example.org", []string{"ann@example.org", "ANN@EXAMPLE.ORG"}, nil},
			{"lowered misses capitals that are stored", exact, sqlstore.MatchLowered, "Ann@Example.org", nil, []string{"ann@example.org", "Ann@Example.org"}},
			{"exact column", exact, sqlstore.MatchColumn, "Ann@Example.org", []string{"Ann@Example.org"}, []string{"ann@example.org"}},
			{"folding column", folding, sqlstore.MatchColumn, "Ann@Example.org", []string{"ann@example.org", "ANN@EXAMPLE.ORG"}, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				db, _ := e.open(t)
				if e.dialect == sqlstore.PostgreSQL {
					mustExec(t, db,
						"CREATE COLLATION lookalike (provider = icu, locale "+
							"= 'und-u-ks-level2', deterministic = false)")
				}

				mustExec(t, db,
					"CREATE TABLE users (id "+e.id+", email "+c.column[e.dialect]+", password_hash VARCHAR(255))")
				mustExec(t, db,
					e.bind("INSERT INTO users (email, password_hash) VALUES "+
						"(?, 'hash')"), c.stored)
				store, err := sqlstore.New(db,
					sqlstore.Config{Dialect: e.dialect, Table: sqlstore.Table{
						Name: "users", ID: "id", Email: "email",
						Hash: "password_hash", EmailMatch: c.match,
					}})
				require.NoError(t, err)

				requireFound(t, store, c.finds, c.stored)
				requireMissed(t, store, append(c.misses,
					"ann@example.org\x00", "\xff@example.org"))
			})
		}
	})
}

// requireFound looks the stored address up as it is typed, and changes the row.
func requireFound(
	t *testing.T, store *sqlstore.Store, typed []string, stored string,
) {
	t.Helper()
	for _, addr := range typed {
		found, err := store.FindByEmail(t.Context(), addr)
		require.NoError(t, err)
		require.Len(t, found, 1, addr)
		require.Equal(t, stored, found[0].Email)
		require.NoError(t,
			store.ReplaceHash(t.Context(), found[0], "hash "+addr))
	}
}

func requireMissed(t *testing.T, store *sqlstore.Store, typed []string) {
	t.Helper()
	for _, addr := range typed {
		found, err := store.FindByEmail(t.Context(), addr)
		require.NoError(t, err, "%q", addr)
		require.Empty(t, found, addr)
	}
}

// A look-up by address that reads the whole table makes each forgot request
// cost what the table costs.
func TestLookUpByAddressUsesTheIndex(t *testing.T) {
	for _, c := range []struct {
		engine int
		match  sqlstore.EmailMatch
		index  string
	}{
		{0, sqlstore.MatchDefault, "lower(email)"},
		{0, sqlstore.MatchLowered, "email"},
		{0, sqlstore.MatchColumn, "email"},
		{1, sqlstore.MatchDefault, "lower(email)"},
		{1, sqlstore.MatchLowered, "email"},
		{1, sqlstore.MatchColumn, "email"},
		{2, sqlstore.MatchDefault, "email"},
		{2, sqlstore.MatchLowered, "email"},
	} {
		e := engines[c.engine]
		t.Run(fmt.Sprintf("%s %d", e.name, c.match), func(t *testing.T) {
			db, _ := e.open(t)
			mustExec(t, db,
				"CREATE TABLE users (id "+e.id+", email VARCHAR(255), "+
					"password_hash VARCHAR(255))")
			mustExec(t, db,
				"CREATE INDEX users_by_address ON users ("+c.index+")")
			var values []string
			for i := range 5000 {
				values = append(values,
					fmt.Sprintf("('user%d@example.org', 'hash')", i))
			}

			mustExec(t, db,
				"INSERT INTO users (email, password_hash) VALUES "+strings.Join(values,
					", "))
			if e.dialect != sqlstore.MySQL {
				mustExec(t, db, "ANALYZE")
			}
			queries, err := sqlstore.Table{
				Name: "users", ID: "id",
				Email: "email", Hash: "password_hash",
				EmailMatch: c.match,
			}.Queries(e.dialect)
			require.NoError(t, err)
			explained := plan(t, e, db, queries.ByEmail)
			require.Contains(t, explained, "users_by_address", explained)
		})
	}
}

func plan(t *testing.T, e engine, db *sql.DB, query string) string {
	t.Helper()
	explain := "EXPLAIN "
	if e.dialect == sqlstore.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	args := []any{"user7@example.org"}
	if e.dialect != sqlstore.PostgreSQL {
		args = slices.Repeat(args, strings.Count(query, "?"))
	}
	rows, err := db.QueryContext(context.Background(), explain+query, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var out strings.Builder

	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		require.NoError(t, rows.Scan(values...))
		for i, v := range values {
			// possible_keys names indexes that are not used.
			if columns[i] != "possible_keys" {
				fmt.Fprintf(&out, "%s ", v.(*sql.NullString).String)
			}
		}
	}
	require.NoError(t, rows.Err())
	return out.String()
}

// A statement that is kept must not outlive what it was made for.
func TestLookUpsGoOnWhenTheTableIsAltered(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		app := newApplication(t, e, options{})
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := app.store.FindByEmail(canceled, annAddress)
		require.ErrorIs(t, err, context.Canceled)

		for _, change := range []string{
			"ALTER TABLE users ADD COLUMN before_all VARCHAR(9)",
			"ALTER TABLE users DROP COLUMN before_all",
			"DROP INDEX users_email",
		} {
			found, err := app.store.FindByEmail(t.Context(), annAddress)
			require.NoError(t, err)
			require.Equal(t, []reset.User{app.ann}, found)
			if e.dialect == sqlstore.MySQL {
				change = strings.Replace(change,
					"DROP INDEX users_email", "DROP INDEX users_email ON users", 1)
			}
			mustExec(t, app.db, change)
		}

		found, err := app.store.FindByID(t.Context(), app.ann.ID)
		require.NoError(t, err)
		require.Equal(t, app.ann, found)
	})
}
