package stores_test

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A badTable is one fault of a table, and what Check says of it.
type badTable struct {
	name    string
	columns string // of CREATE TABLE, behind the id
	after   []string
	table   func(t *sqlstore.Table)
	want    []sqlstore.FindingCode
	// byHand are those without a statement.
	byHand []sqlstore.FindingCode
}

const (
	plainColumns = "email VARCHAR(200) NOT NULL, password_hash VARCHAR(255)"
	foldedIndex  = "CREATE UNIQUE INDEX u ON users (lower(email))"
)

type codes = []sqlstore.FindingCode

// badTables are by engine, because hardly a fault is one on all three.
var badTables = map[string][]badTable{
	"SQLite": {
		{name: "good", columns: plainColumns, after: []string{foldedIndex}},
		{
			name:    "good, without case",
			columns: "email TEXT COLLATE NOCASE UNIQUE, password_hash TEXT",
			table:   matching(sqlstore.MatchColumn),
		},
		{
			name: "good, in lower case", columns: plainColumns,
			after: []string{"CREATE UNIQUE INDEX u ON users (email)"},
			table: matching(sqlstore.MatchLowered),
		},
		{
			name: "no index", columns: plainColumns,
			want: codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name: "an index that does not serve", columns: plainColumns,
			after: []string{"CREATE UNIQUE INDEX u ON users (email)"},
			want:  codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name: "an index that is not unique", columns: plainColumns,
			after: []string{"CREATE INDEX u ON users (lower(email))"},
			want:  codes{sqlstore.FindingNotUnique},
		},
		{
			name: "the hash is indexed", columns: plainColumns,
			after: []string{
				foldedIndex, "CREATE INDEX h ON users (password_hash)",
			},
			want: codes{sqlstore.FindingHashIndexed},
		},
		{
			name:    "hash without case",
			columns: "email TEXT, password_hash TEXT COLLATE NOCASE",
			after:   []string{foldedIndex},
			want:    codes{sqlstore.FindingHashCollation},
			byHand:  codes{sqlstore.FindingHashCollation},
		},
	},
	"PostgreSQL": {
		{name: "good", columns: plainColumns, after: []string{foldedIndex}},
		{
			name: "good, in lower case", columns: plainColumns,
			after: []string{"CREATE UNIQUE INDEX u ON users (email)"},
			table: matching(sqlstore.MatchLowered),
		},
		{
			name: "no index", columns: plainColumns,
			want: codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name: "an index that does not serve", columns: plainColumns,
			after: []string{"CREATE UNIQUE INDEX u ON users (email)"},
			want:  codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name:    "hash too short",
			columns: "email TEXT, password_hash VARCHAR(60)",
			after:   []string{foldedIndex},
			want:    codes{sqlstore.FindingHashTooShort},
		},
		{
			name:    "hash one too short",
			columns: "email TEXT, password_hash VARCHAR(127)",
			after:   []string{foldedIndex},
			want:    codes{sqlstore.FindingHashTooShort},
		},
		{
			name:    "Django's hash",
			columns: "email TEXT, password_hash VARCHAR(128)",
			after:   []string{foldedIndex},
		},
		{
			name:    "hash padded",
			columns: "email TEXT, password_hash CHAR(200)",
			after:   []string{foldedIndex},
			want:    codes{sqlstore.FindingHashType},
		},
		{
			name: "hash of bytes", columns: "email TEXT, password_hash BYTEA",
			after: []string{foldedIndex},
			want:  codes{sqlstore.FindingHashType},
		},
		{
			name:    "hash without case",
			columns: "email TEXT, password_hash TEXT COLLATE lookalike",
			after:   []string{foldedIndex},
			want:    codes{sqlstore.FindingHashCollation},
		},
		{
			name: "the hash is indexed", columns: plainColumns,
			after: []string{
				foldedIndex, "CREATE INDEX h ON users (password_hash)",
			},
			want: codes{sqlstore.FindingHashIndexed},
		},
		{
			name: "address with case, compared as it is", columns: plainColumns,
			after:  []string{foldedIndex, "CREATE INDEX e ON users (email)"},
			table:  matching(sqlstore.MatchColumn),
			want:   codes{sqlstore.FindingAddressCollation},
			byHand: codes{sqlstore.FindingAddressCollation},
		},
		{
			name:    "address without case, compared as it is",
			columns: "email TEXT COLLATE lookalike UNIQUE, password_hash TEXT",
			table:   matching(sqlstore.MatchColumn),
		},
	},
	"MariaDB": {
		{
			name: "good", columns: plainColumns,
			after: []string{"CREATE UNIQUE INDEX u ON users (email)"},
		},
		{
			name: "good, with a column for the folded address",
			columns: "email VARCHAR(200) COLLATE utf8mb4_bin, password_hash " +
				"VARCHAR(255), low VARCHAR(200) AS (lower(email)) STORED UNIQUE",
			after: []string{"CREATE INDEX e ON users (email)"},
			table: matching(sqlstore.MatchLowered),
		},
		{
			name: "no index", columns: plainColumns,
			want: codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name: "an index that is not unique", columns: plainColumns,
			after: []string{"CREATE INDEX u ON users (email)"},
			want:  codes{sqlstore.FindingNotUnique},
		},
		{
			name:    "an index that begins with another column",
			columns: plainColumns + ", kind INT",
			after:   []string{"CREATE UNIQUE INDEX u ON users (kind, email)"},
			want:    codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique},
		},
		{
			name: "an index that is ignored", columns: plainColumns,
			after: []string{
				"CREATE UNIQUE INDEX u ON users (email)",
				"ALTER TABLE users ALTER INDEX u IGNORED",
			},
			want: codes{sqlstore.FindingNoAddressIndex},
		},
		{
			name: "an index on the first letters", columns: plainColumns,
			after: []string{"CREATE INDEX u ON users (email(3))"},
			want:  codes{sqlstore.FindingNotUnique},
		},
		{
			name: "an index in a narrower character set",
			columns: "email VARCHAR(200) CHARACTER SET utf8mb3 UNIQUE, " +
				"password_hash VARCHAR(255)",
		},
		{
			name: "an index in latin1",
			columns: "email VARCHAR(200) CHARACTER SET latin1 UNIQUE, " +
				"password_hash VARCHAR(255)",
		},
		{
			name: "folded", columns: plainColumns,
			after:  []string{"CREATE UNIQUE INDEX u ON users (email)"},
			table:  matching(sqlstore.MatchFolded),
			want:   codes{sqlstore.FindingNoAddressIndex},
			byHand: codes{sqlstore.FindingNoAddressIndex},
		},
		{
			name: "address with case",
			columns: "email VARCHAR(200) COLLATE utf8mb4_bin NOT NULL UNIQUE, " +
				"password_hash VARCHAR(255)",
			want: codes{sqlstore.FindingAddressCollation, sqlstore.FindingNotUnique},
		},
		{
			name:    "hash too short",
			columns: "email VARCHAR(200) UNIQUE, password_hash VARCHAR(60)",
			want:    codes{sqlstore.FindingHashTooShort, sqlstore.FindingHashCollation},
		},
		{
			name: "hash padded",
			columns: "email VARCHAR(200) UNIQUE, password_hash BINARY(200) " +
				"NOT NULL",
			want: codes{sqlstore.FindingHashType},
		},
		{
			name: "the hash is indexed",
			columns: "email VARCHAR(200) UNIQUE, password_hash " +
				"VARBINARY(255), INDEX h (password_hash)",
			want: codes{sqlstore.FindingHashIndexed},
		},
	},
}

func matching(m sqlstore.EmailMatch) func(*sqlstore.Table) {
	return func(t *sqlstore.Table) { t.EmailMatch = m }
}

func TestCheckNamesEachFaultOfATableAndItsRemedyWorks(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for _, c := range badTables[e.name] {
			t.Run(c.name, func(t *testing.T) {
				db, _ := e.open(t)
				if strings.Contains(c.columns, "lookalike") {
					mustExec(t, db, "CREATE COLLATION IF NOT EXISTS lookalike "+
						"(provider = icu, locale = 'und-u-ks-level2', "+
						"deterministic = false)")
				}
				columns := c.columns
				if e.dialect == sqlstore.MySQL {
					columns = asciiHash(columns)
				}
				mustExec(t, db,
					"CREATE TABLE users (id "+e.id+", "+columns+")")
				for _, statement := range c.after {
					mustExec(t, db, statement)
				}
				fewRows(t, db, e)

				table := sqlstore.Table{
					Name: "users", ID: "id", Email: "email",
					Hash: "password_hash",
				}
				if c.table != nil {
					c.table(&table)
				}
				remedies(t, db, e, table, c.want, c.byHand)
			})
		}
	})
}

// fewRows makes a table of one page, which the planners would rather read whole
// than by any index, once they know.
func fewRows(t *testing.T, db *sql.DB, e engine) {
	t.Helper()
	mustExec(t, db, "INSERT INTO users (email, password_hash) VALUES "+
		"('ann@example.org', 'a'), ('bob@example.org', 'b')")
	analyze(t, db, e, "users")
}

// analyze has the planner learn how many rows there are.
func analyze(t *testing.T, db *sql.DB, e engine, table string) {
	t.Helper()
	statement := "ANALYZE " + table
	if e.dialect == sqlstore.MySQL {
		statement = "ANALYZE TABLE " + table
	}
	rows, err := db.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, rows.Close())
}

// asciiHash gives a hash column that says nothing a collation of its own.
func asciiHash(columns string) string {
	return strings.Replace(columns, "password_hash VARCHAR(255)",
		"password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin", 1)
}

// remedies expects these findings, runs the statement of each, and expects
// those without one to be all that remains.
func remedies(
	t *testing.T, db *sql.DB, e engine, table sqlstore.Table,
	want, byHand codes,
) {
	t.Helper()
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: e.dialect, Table: table,
	})
	require.NoError(t, err)
	findings, err := store.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, codesOf(findings), findings)

	for len(findings) > 0 {
		i := slices.IndexFunc(findings, func(f sqlstore.Finding) bool {
			return f.SQL != ""
		})
		if i < 0 {
			break
		}
		fixed := findings[i]
		t.Log(fixed.SQL)
		mustExec(t, db, fixed.SQL)
		findings, err = store.Check(t.Context())
		require.NoError(t, err)
		require.NotContains(t, findings, fixed)
	}
	require.Equal(t, byHand, codesOf(findings))
	_, err = store.FindByEmail(t.Context(), "ann@example.org")
	require.NoError(t, err)
}

func codesOf(findings []sqlstore.Finding) codes {
	var list codes
	for _, f := range findings {
		list = append(list, f.Code)
	}
	return list
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		table := sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Stamp: "version", Locale: "locale", DisabledAt: "gone_at",
		}
		store, err := sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Table: table,
		})
		require.NoError(t, err)
		findings, err := store.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, codes{sqlstore.FindingNoTable}, codesOf(findings))

		key := "email VARCHAR(200) NOT NULL"
		if e.dialect == sqlstore.MySQL {
			key += " UNIQUE"
		}
		mustExec(t, db, "CREATE TABLE users (id "+e.id+", "+key+")")
		if e.dialect != sqlstore.MySQL {
			mustExec(t, db, foldedIndex)
		}
		remedies(t, db, e, table, slices.Repeat(codes{sqlstore.FindingNoColumn}, 4), nil)

		table.DisabledAt, table.Active = "", "is_active"
		remedies(t, db, e, table, codes{sqlstore.FindingNoColumn}, nil)
		table.Email = "mail"
		store, err = sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Table: table,
		})
		require.NoError(t, err)
		findings, err = store.Check(t.Context())
		require.NoError(t, err)
		require.Len(t, findings, 1)
		require.Equal(t, sqlstore.FindingNoColumn, findings[0].Code)
		require.Equal(t, "mail", findings[0].Column)
		require.Empty(t, findings[0].SQL, "a misspelled name, more likely")
	})
}

// Tenants and rows that are only marked need an index of their own kind.
func TestCheckKnowsTenantsAndMarkedRows(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		columns := asciiHash(plainColumns)
		if e.dialect != sqlstore.MySQL {
			columns = plainColumns
		}
		mustExec(t, db, "CREATE TABLE users (id "+e.id+", "+columns+
			", tenant_id BIGINT NOT NULL, deleted_at TIMESTAMP NULL)")
		mustExec(t, db, "CREATE INDEX tenants ON users (tenant_id)")
		remedies(t, db, e, sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Where: []sqlstore.Condition{
				{Column: "tenant_id", Value: 7},
				{Column: "deleted_at", IsNull: true},
			},
		}, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, nil)

		insert := "INSERT INTO users (email, tenant_id, deleted_at) VALUES "
		mustExec(t, db, insert+"('ann@example.org', 7, NULL), "+
			"('ann@example.org', 8, NULL), "+
			"('Ann@example.org', 7, CURRENT_TIMESTAMP)")
		_, err := db.ExecContext(context.Background(),
			insert+"('ANN@example.org', 7, NULL)")
		require.Error(t, err, "the index that was proposed must keep it out")
	})
}

// A host that wrote its own statements learns whether an index serves them.
func TestCheckOfStatements(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		q, err := users.Queries(e.dialect)
		require.NoError(t, err)
		mustExec(t, db, "DROP INDEX users_email"+map[bool]string{
			true: " ON users",
		}[e.dialect == sqlstore.MySQL])
		store, err := sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Queries: q,
		})
		require.NoError(t, err)
		findings, err := store.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, codes{sqlstore.FindingNoAddressIndex}, codesOf(findings))

		key := "lower(email)"
		if e.dialect == sqlstore.MySQL {
			key = "email"
		}
		mustExec(t, db, "CREATE INDEX users_email ON users ("+key+")")
		findings, err = store.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, findings)
	})
}

// MariaDB's plan names indexes that it may use, and reads a small table whole
// all the same. Of an empty table of MyISAM it knows the answer without either.
func TestCheckOfMariaDBAsksForTheIndexAndNotForThePlan(t *testing.T) {
	const good = "email VARCHAR(200) UNIQUE"
	for _, c := range []struct {
		name, columns, engine string
		rows                  int
		want                  codes
		seen                  string // of the plan
	}{
		{"no index", "email VARCHAR(200)", "InnoDB", 3000, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "ALL"},
		{"no index, no row", "email VARCHAR(200)", "InnoDB", 0, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "ALL"},
		{"no index, no row, MyISAM", "email VARCHAR(200)", "MyISAM", 0, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "Impossible WHERE"},
		{"no index, one row, MyISAM", "email VARCHAR(200)", "MyISAM", 1, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "Impossible WHERE"},
		{"no index, Aria", "email VARCHAR(200)", "Aria", 0, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "Impossible WHERE"},
		{"unique", good, "InnoDB", 3000, nil, "Impossible WHERE"},
		{"unique, no row", good, "InnoDB", 0, nil, "Impossible WHERE"},
		{"unique, MyISAM", good, "MyISAM", 0, nil, "Impossible WHERE"},
		{"every row is of the tenant", "email VARCHAR(200), INDEX (tenant), INDEX (email)", "InnoDB", 3000, codes{sqlstore.FindingNotUnique}, "ref"},
		{"the tenant alone", "email VARCHAR(200), INDEX (tenant)", "InnoDB", 3000, codes{sqlstore.FindingNoAddressIndex, sqlstore.FindingNotUnique}, "ALL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engines[2]
			db, _ := e.open(t)
			mustExec(t, db, "CREATE TABLE users (id "+e.id+", password_hash "+
				e.text+", tenant INT NOT NULL DEFAULT 7, "+c.columns+
				") ENGINE="+c.engine)
			if c.rows > 0 {
				mustExec(t, db, "INSERT INTO users (email) SELECT CONCAT("+
					"'user', seq, '@example.org') FROM seq_1_to_"+
					strconv.Itoa(c.rows))
			}
			analyze(t, db, e, "users")

			table := sqlstore.Table{
				Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			}
			queries, err := table.Queries(e.dialect)
			require.NoError(t, err)
			nobody := strings.ReplaceAll(queries.ByEmail, "?", "CONCAT(?, 'x')")
			require.Contains(t, plan(t, e, db, nobody), c.seen)

			if strings.Contains(c.columns, "tenant") {
				table.Where = []sqlstore.Condition{{Column: "tenant", Value: 7}}
			}
			store, err := sqlstore.New(db, sqlstore.Config{
				Dialect: e.dialect, Table: table,
			})
			require.NoError(t, err)
			findings, err := store.Check(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, codesOf(findings))
		})
	}
}

// A view has no index of its own.
func TestCheckOfAViewBelievesThePlan(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		mustExec(t, db, "CREATE VIEW people AS SELECT * FROM users")
		table := sqlstore.Table{
			Name: "people", ID: "id", Email: "email", Hash: "password_hash",
		}
		store, err := sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Table: table,
		})
		require.NoError(t, err)

		key := map[bool]string{true: "email", false: "lower(email)"}
		mustExec(t, db, "CREATE INDEX more ON users ("+
			key[e.dialect == sqlstore.MySQL]+")")
		findings, err := store.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, findings)

		for _, name := range []string{"more", "users_email"} {
			if e.dialect == sqlstore.MySQL {
				name += " ON users"
			}
			mustExec(t, db, "DROP INDEX "+name)
		}
		findings, err = store.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, codes{sqlstore.FindingNoAddressIndex}, codesOf(findings))
	})
}
