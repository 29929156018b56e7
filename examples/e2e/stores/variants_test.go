package stores_test

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// spelling is the n-th way to write an address in small and capital letters; 0
// is the plain one.
func spelling(address string, n int) string {
	out := []byte(address)
	for i, c := range out {
		if c < 'a' || c > 'z' {
			continue
		}
		if n&1 == 1 {
			out[i] = c - 'a' + 'A'
		}
		n >>= 1
	}
	return string(out)
}

func createAddresses(t *testing.T, e engine, db *sql.DB, column string) {
	t.Helper()
	mustExec(t, db,
		"CREATE TABLE users (id "+e.id+", email "+column+" NOT NULL, "+
			"password_hash VARCHAR(255))")
}

// A site without a unique index on lower(email) lets a stranger register other
// spellings of somebody's address, and they have the smaller ids.
func TestOtherSpellingsOfAnAddressDoNotHideItsOwner(t *testing.T) {
	const victim, n = "victim.of.many@example.org", 300
	eachEngine(t, engines, func(t *testing.T, e engine) {
		columns := []string{"VARCHAR(255)"}
		if e.dialect == sqlstore.MySQL {
			columns = append(columns, "VARCHAR(255) COLLATE utf8mb4_bin",
				"VARCHAR(255) CHARACTER SET latin1", "VARBINARY(255)")
		}

		for _, column := range columns {
			db, _ := e.open(t)
			createAddresses(t, e, db, column)
			var values []string
			for i := range n {
				values = append(values,
					fmt.Sprintf("('%s', 'theirs')", spelling(victim, n-i)))
			}

			mustExec(t, db,
				"INSERT INTO users (email, password_hash) VALUES "+strings.Join(values,
					", ")+", ('"+victim+"', 'own')")

			for _, match := range []sqlstore.EmailMatch{
				sqlstore.MatchDefault,
				sqlstore.MatchFolded, sqlstore.MatchColumn,
			} {
				store, err := sqlstore.New(db,
					sqlstore.Config{Dialect: e.dialect, Table: sqlstore.Table{
						Name: "users", ID: "id", Email: "email",
						Hash: "password_hash", EmailMatch: match,
					}})
				require.NoError(t, err)
				found, err := store.FindByEmail(t.Context(), victim)
				require.NoError(t, err, "%s, match %d", column, match)
				require.NotEmpty(t, found)
				require.Equal(t, victim, found[0].Email, "%s, match %d", column,
					match)
				require.Equal(t, "own", found[0].PasswordHash)
				require.LessOrEqual(t, len(found), 100)
				t.Logf("%s, match %d: %d of %d accounts returned, the owner first",
					column, match, len(found), n+1)
				if len(found) > 2 {
					for i, other := range found[1:] {
						require.Equal(t, strconv.Itoa(i+1), other.ID,
							"the oldest of the others come next")
					}
				}
			}
		}
	})
}

// The statements of the documentation make other spellings impossible.
func TestUniqueIndexKeepsOtherSpellingsOut(t *testing.T) {
	for _, c := range []struct {
		engine            int
		column, statement string
		match             sqlstore.EmailMatch
		index             string // that the look-up uses
	}{
		{0, "VARCHAR(255)", "CREATE UNIQUE INDEX users_email_lower ON users (lower(email))", sqlstore.MatchDefault, "users_email_lower"},
		{1, "VARCHAR(255)", "CREATE UNIQUE INDEX users_email_lower ON users (lower(email))", sqlstore.MatchDefault, "users_email_lower"},
		{2, "VARCHAR(255) COLLATE utf8mb4_bin", "ALTER TABLE users ADD COLUMN email_lower VARCHAR(255) AS (lower(email)) STORED," +
			" ADD UNIQUE INDEX users_email_lower (email_lower)", sqlstore.MatchDefault, ""},
		{2, "VARCHAR(255) COLLATE utf8mb4_general_ci", "CREATE UNIQUE INDEX users_email ON users (email)", sqlstore.MatchDefault, "users_email"},
		{0, "VARCHAR(255) COLLATE NOCASE", "CREATE UNIQUE INDEX users_email ON users (email)", sqlstore.MatchColumn, "users_email"},
	} {
		e := engines[c.engine]
		t.Run(e.name+" "+c.column, func(t *testing.T) {
			db, _ := e.open(t)
			createAddresses(t, e, db, c.column)
			mustExec(t, db, c.statement)
			mustExec(t, db,
				"INSERT INTO users (email) VALUES ('ann@example.org')")
			for i := range 5 {
				_, err := db.ExecContext(t.Context(),
					"INSERT INTO users (email) VALUES ('"+spelling("ann@example.org",
						i)+"')")
				require.Error(t, err, spelling("ann@example.org", i))
			}

			if c.index == "" {
				return
			}
			var values []string
			for i := range 2000 {
				values = append(values,
					fmt.Sprintf("('user%d@example.org')", i))
			}

			mustExec(t, db,
				"INSERT INTO users (email) VALUES "+strings.Join(values, ", "))
			if e.dialect != sqlstore.MySQL {
				mustExec(t, db, "ANALYZE")
			}
			queries, err := sqlstore.Table{
				Name: "users", ID: "id",
				Email: "email", Hash: "password_hash",
				EmailMatch: c.match,
			}.Queries(e.dialect)
			require.NoError(t, err)
			require.Contains(t, plan(t, e, db, queries.ByEmail), c.index)
		})
	}
}
