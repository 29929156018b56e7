package sqlstore_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func plainQueries() sqlstore.Queries {
	return sqlstore.Queries{
		ByEmail: "e $1",
		ByID:    "i $1",
		Replace: "r $1 $2 $3 $4 $5",
		Swap:    "s $1 $2 $3",
	}
}

// refusedConfig is a change that a Config of a table does not survive, and what
// the error says.
type refusedConfig struct {
	name, want string
	change     func(*sqlstore.Config)
}

// refusedForms do not say which statements to run.
var refusedForms = []refusedConfig{
	{
		"no dialect", "Dialect",
		func(c *sqlstore.Config) { c.Dialect = 0 },
	},
	{
		"unknown dialect", "Dialect",
		func(c *sqlstore.Config) { c.Dialect = 4 },
	},
	{
		"no dialect for queries", "Dialect",
		func(c *sqlstore.Config) {
			*c = sqlstore.Config{Queries: plainQueries()}
		},
	},
	{
		"neither table nor queries", "Config.Table.Name is empty",
		func(c *sqlstore.Config) { c.Table = sqlstore.Table{} },
	},
	{
		"both table and queries", "both set",
		func(c *sqlstore.Config) { c.Queries = plainQueries() },
	},
}

func inTable(change func(*sqlstore.Table)) func(*sqlstore.Config) {
	return func(cfg *sqlstore.Config) { change(&cfg.Table) }
}

// refusedColumns are missing, or have two meanings.
var refusedColumns = []refusedConfig{
	{
		"no id", "Table.ID is empty",
		inTable(func(t *sqlstore.Table) { t.ID = "" }),
	},
	{
		"no address", "Table.Email is empty",
		inTable(func(t *sqlstore.Table) { t.Email = "" }),
	},
	{
		"no hash", "Table.Hash is empty",
		inTable(func(t *sqlstore.Table) { t.Hash = "" }),
	},
	{
		"hash over the address", "Table.Email and Hash",
		inTable(func(t *sqlstore.Table) { t.Hash = "EMAIL" }),
	},
	{
		"hash over the id", "Table.ID and Hash",
		inTable(func(t *sqlstore.Table) { t.Hash = "id" }),
	},
	{
		"stamp from the hash", "Table.Stamp and Hash",
		inTable(func(t *sqlstore.Table) { t.Stamp = "password_hash" }),
	},
	{
		"two ways to be disabled", "Disabled and DisabledAt",
		inTable(func(t *sqlstore.Table) {
			t.Disabled, t.DisabledAt = "a", "b"
		}),
	},
	{
		"unknown match", "EmailMatch",
		inTable(func(t *sqlstore.Table) { t.EmailMatch = 9 }),
	},
}

func TestNewRefusesWhatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	refused := func(
		t *testing.T, db *sql.DB, cfg sqlstore.Config, want string,
	) {
		t.Helper()
		store, err := sqlstore.New(db, cfg)
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "sqlstore: "))
		require.Nil(t, store)
	}
	good := sqlstore.Config{Dialect: sqlstore.PostgreSQL, Table: plainTable()}

	t.Run("no database", func(t *testing.T) {
		t.Parallel()
		refused(t, nil, good, "database is nil")
	})

	db := (&sqltest.DB{}).Open(t)
	for _, c := range slices.Concat(refusedForms, refusedColumns) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.change(&cfg)
			refused(t, db, cfg, c.want)
		})
	}
}

// refusedStatements lack a parameter, or all of the text.
var refusedStatements = []struct {
	name, want string
	dialect    sqlstore.Dialect
	change     func(*sqlstore.Queries)
}{
	{
		"no look-up by address", "ByEmail is empty", sqlstore.PostgreSQL,
		func(q *sqlstore.Queries) { q.ByEmail = " \n" },
	},
	{
		"no look-up by id", "ByID is empty", sqlstore.PostgreSQL,
		func(q *sqlstore.Queries) { q.ByID = "" },
	},
	{
		"no update", "Replace is empty", sqlstore.PostgreSQL,
		func(q *sqlstore.Queries) { q.Replace = "" },
	},
	{
		"an update without the stamp", "Replace needs 5",
		sqlstore.PostgreSQL,
		func(q *sqlstore.Queries) { q.Replace = "r $1 $2 $3 $4 $4" },
	},
	{
		"marks of another dialect", "needs 1", sqlstore.PostgreSQL,
		func(q *sqlstore.Queries) { q.ByEmail = "e ?" },
	},
	{
		"an update with four marks", "Replace needs 5", sqlstore.MySQL,
		func(q *sqlstore.Queries) { q.Replace = "? ? ? ?" },
	},
	{
		"an update with a mark that is text", "Replace needs 5",
		sqlstore.MySQL,
		func(q *sqlstore.Queries) { q.Replace = "? ? ? ? '?' \"?\" `?`" },
	},
	{
		"a swap without the old hash", "Swap needs 3", sqlstore.SQLite,
		func(q *sqlstore.Queries) { q.Swap = "? ?" },
	},
}

func TestNewRefusesStatementsWithoutTheirParameters(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)
	for _, c := range refusedStatements {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := plainQueries()
			if c.dialect != sqlstore.PostgreSQL {
				q = sqlstore.Queries{
					ByEmail: "?", ByID: "?", Replace: "? ? ? ? ?", Swap: "? ? ?",
				}
			}
			c.change(&q)

			_, err := sqlstore.New(
				db, sqlstore.Config{Dialect: c.dialect, Queries: q},
			)
			require.ErrorContains(t, err, c.want)
		})
	}

	q := plainQueries()
	q.Swap = ""
	_, err := sqlstore.New(
		db, sqlstore.Config{Dialect: sqlstore.PostgreSQL, Queries: q},
	)
	require.NoError(t, err)
}

func inRecovery(
	change func(*sqlstore.RecoveryTable),
) func(*sqlstore.Table) {
	return func(t *sqlstore.Table) {
		t.Recovery = recoveryTable().Recovery
		change(&t.Recovery)
	}
}

//lostkey:covers ASVS-1.2.4 CWE-89
func TestNewRefusesNamesThatCouldBreakOut(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)
	newWith := func(table sqlstore.Table) error {
		_, err := sqlstore.New(
			db, sqlstore.Config{Dialect: sqlstore.SQLite, Table: table},
		)
		return err
	}

	for _, name := range sqltest.HostileNames {
		for _, set := range []func(*sqlstore.Table){
			func(t *sqlstore.Table) { t.Name = name },
			func(t *sqlstore.Table) { t.ID = name },
			func(t *sqlstore.Table) { t.Email = name },
			func(t *sqlstore.Table) { t.Hash = name },
			func(t *sqlstore.Table) { t.Stamp = name },
			func(t *sqlstore.Table) { t.Locale = name },
			func(t *sqlstore.Table) { t.Disabled = name },
			func(t *sqlstore.Table) { t.DisabledAt = name },
			func(t *sqlstore.Table) { t.Active = name },
			func(t *sqlstore.Table) { t.Label = name },
			inRecovery(func(r *sqlstore.RecoveryTable) { r.Name = name }),
			inRecovery(func(r *sqlstore.RecoveryTable) { r.UserID = name }),
			inRecovery(func(r *sqlstore.RecoveryTable) { r.Email = name }),
			inRecovery(func(r *sqlstore.RecoveryTable) { r.Confirmed = name }),
			inRecovery(func(r *sqlstore.RecoveryTable) {
				r.ConfirmedAt = name
			}),
			func(t *sqlstore.Table) {
				t.Where = []sqlstore.Condition{{Column: name, IsNull: true}}
			},
		} {
			table := plainTable()
			set(&table)
			err := newWith(table)
			require.ErrorContains(t, err, "is not a plain", "%q", name)
			require.NotContains(
				t, err.Error(), name, "the value must not be printed",
			)
		}
	}

	for _, column := range []string{"u.id", "users.id"} {
		table := plainTable()
		table.ID = column
		require.ErrorContains(
			t, newWith(table), "is not a plain column name",
		)
	}
}

// Whatever is accepted as a name stays one name when it is quoted.
func FuzzNamesStayNames(f *testing.F) {
	for _, name := range sqltest.HostileNames {
		f.Add(name)
	}
	for _, name := range []string{
		"users", "app.users", "_x", strings.Repeat("a", 63),
	} {
		f.Add(name)
	}

	marks := map[sqlstore.Dialect]string{
		sqlstore.SQLite: "`", sqlstore.MySQL: "`", sqlstore.PostgreSQL: `"`,
	}
	f.Fuzz(func(t *testing.T, name string) {
		table := plainTable()
		table.Name = name

		for dialect, mark := range marks {
			q, err := table.Queries(dialect)
			if err != nil {
				require.Equal(t, sqlstore.Queries{}, q)
				continue
			}

			require.Regexp(
				t, `\A[A-Za-z0-9_]{1,63}(\.[A-Za-z0-9_]{1,63})?\z`, name,
			)
			quoted := mark + strings.ReplaceAll(name, ".", mark+"."+mark) + mark
			require.Contains(t, q.ByID, " FROM "+quoted+" WHERE ")
			require.True(
				t, strings.HasPrefix(q.Replace, "UPDATE "+quoted+" SET "),
			)
		}
	})
}

// The statements are part of the documentation: this is what runs against a
// table.
func TestStatementsOfATable(t *testing.T) {
	t.Parallel()
	table := sqlstore.Table{
		Name: "app.users", ID: "id", Email: "email", Hash: "hash",
		Stamp: "version", Locale: "lang", DisabledAt: "deleted_at",
	}
	q, err := table.Queries(sqlstore.PostgreSQL)
	require.NoError(t, err)

	const (
		disabled = `CASE WHEN "deleted_at" IS NOT NULL THEN TRUE ELSE FALSE END`
		fields   = `SELECT "id"::text, COALESCE("email"::text, ''),` +
			` COALESCE("hash"::text, ''), COALESCE("version"::text, ''),` +
			` COALESCE("lang"::text, ''), ` + disabled + ` FROM "app"."users"`
		update = `UPDATE "app"."users" SET "hash" = $1 WHERE "id" = $2` +
			` AND COALESCE("hash"::text, '') COLLATE "C" = $3::text`
	)
	require.Equal(t, sqlstore.Queries{
		ByEmail: fields + ` WHERE lower("email") = lower($1) ORDER BY` +
			` CASE WHEN COALESCE("email"::text, '') COLLATE "C" = $1::text` +
			` THEN 0 ELSE 1 END, "app"."users"."id" LIMIT 100`,
		ByID: fields + ` WHERE "id" = $1`,
		Replace: update +
			` AND COALESCE("email"::text, '') COLLATE "C" = $4::text` +
			` AND COALESCE("version"::text, '') COLLATE "C" = $5::text` +
			` AND NOT ` + disabled,
		Swap: update,
	}, q)
}
