package stores_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// bothIndexes are what the look-ups of both ways need.
var bothIndexes = []string{
	"CREATE INDEX r1 ON further (lower(email))",
	"CREATE INDEX r2 ON further (user_id)",
}

// badRecoveryTables are by engine, as badTables are. The columns are those
// behind the account's id.
var badRecoveryTables = map[string][]struct {
	name, columns string
	after         []string
	match         sqlstore.EmailMatch
	want, byHand  codes
}{
	"SQLite": {
		{
			name:    "good",
			columns: "user_id BIGINT NOT NULL, email TEXT, ok BOOLEAN",
			after:   bothIndexes,
		},
		{
			name:    "no index",
			columns: "user_id INT NOT NULL, email TEXT, ok BOOLEAN",
			want:    codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNoIDIndex},
		},
		{
			name:    "the id as text",
			columns: "user_id TEXT NOT NULL, email TEXT, ok BOOLEAN",
			after:   bothIndexes,
			want:    codes{sqlstore.FindingRecoveryKeyType},
			byHand:  codes{sqlstore.FindingRecoveryKeyType},
		},
		{
			name: "no condition", columns: "user_id INT NOT NULL, email TEXT",
			after: bothIndexes,
			want:  codes{sqlstore.FindingNoColumn},
		},
	},
	"PostgreSQL": {
		{
			name:    "good",
			columns: "user_id INT NOT NULL, email TEXT, ok BOOLEAN",
			after:   bothIndexes,
		},
		{
			name:    "an index that does not serve",
			columns: "user_id INT NOT NULL, email TEXT UNIQUE, ok BOOLEAN",
			want:    codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNoIDIndex},
		},
		{
			name:    "the id as text",
			columns: "user_id TEXT NOT NULL, email TEXT, ok BOOLEAN",
			after:   bothIndexes,
			want:    codes{sqlstore.FindingRecoveryKeyType},
		},
		{
			name:    "address with case, compared as it is",
			columns: "user_id INT NOT NULL, email TEXT UNIQUE, ok BOOLEAN",
			after:   []string{"CREATE INDEX r2 ON further (user_id)"},
			match:   sqlstore.MatchColumn,
			want:    codes{sqlstore.FindingAddressCollation},
			byHand:  codes{sqlstore.FindingAddressCollation},
		},
		{
			name: "no condition", columns: "user_id INT NOT NULL, email TEXT",
			after: bothIndexes,
			want:  codes{sqlstore.FindingNoColumn},
		},
	},
	"MariaDB": {
		{
			name: "good",
			columns: "user_id INT NOT NULL, email VARCHAR(200) UNIQUE, " +
				"ok BOOLEAN, INDEX (user_id)",
		},
		{
			name: "no index",
			columns: "user_id INT NOT NULL, email VARCHAR(200), " +
				"ok BOOLEAN",
			want: codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNoIDIndex},
		},
		{
			name: "the id as text",
			columns: "user_id VARCHAR(20) NOT NULL, email VARCHAR(200) UNIQUE, " +
				"ok BOOLEAN, INDEX (user_id)",
			want: codes{sqlstore.FindingRecoveryKeyType},
		},
		{
			name: "address with case",
			columns: "user_id INT NOT NULL, email VARCHAR(200) COLLATE " +
				"utf8mb4_bin UNIQUE, ok BOOLEAN, INDEX (user_id)",
			want: codes{sqlstore.FindingAddressCollation},
		},
		{
			name: "no condition",
			columns: "user_id INT NOT NULL, email VARCHAR(200) UNIQUE, " +
				"INDEX (user_id)",
			want: codes{sqlstore.FindingNoColumn},
		},
	},
}

func TestCheckNamesEachFaultOfATableOfFurtherAddresses(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for _, c := range badRecoveryTables[e.name] {
			t.Run(c.name, func(t *testing.T) {
				db, _ := e.open(t)
				columns := plainColumns
				if e.dialect == sqlstore.MySQL {
					columns = asciiHash(columns)
				}
				mustExec(t, db, "CREATE TABLE users (id "+e.id+", "+columns+")")
				mustExec(t, db, "CREATE UNIQUE INDEX one ON users ("+
					map[bool]string{
						true: "email", false: "lower(email)",
					}[e.dialect == sqlstore.MySQL]+")")
				if c.match == sqlstore.MatchColumn {
					mustExec(t, db, "CREATE INDEX plain ON users (email)")
				}
				fewRows(t, db, e)

				table := sqlstore.Table{
					Name: "users", ID: "id", Email: "email",
					Hash: "password_hash", EmailMatch: c.match,
					Recovery: sqlstore.RecoveryTable{
						Name: "further", UserID: "user_id", Email: "email",
						Confirmed: "ok",
					},
				}
				want, byHand := c.want, c.byHand
				if c.match == sqlstore.MatchColumn { // users has it as well
					want = append(codes{want[0]}, want...)
					byHand = want
				}
				mustExec(t, db, "CREATE TABLE further (id "+e.id+", "+
					c.columns+")")
				for _, statement := range c.after {
					mustExec(t, db, statement)
				}
				remedies(t, db, e, table, want, byHand)
			})
		}
	})
}

func TestCheckNamesAMissingTableOfFurtherAddresses(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		mustExec(t, db, "DROP TABLE addresses")
		store, err := sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Table: users,
		})
		require.NoError(t, err)
		findings, err := store.Check(t.Context())
		require.NoError(t, err)
		require.Contains(t, codesOf(findings), sqlstore.FindingNoTable)
		require.Equal(t, "addresses", findings[len(findings)-1].Column)
	})
}
