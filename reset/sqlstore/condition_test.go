package sqlstore_test

import (
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestNewRefusesConditionsThatSayNothingOrTwoThings(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)
	one := func(c sqlstore.Condition) []sqlstore.Condition {
		return []sqlstore.Condition{c}
	}

	for want, where := range map[string][]sqlstore.Condition{
		"Where[0].Column is not a plain": one(sqlstore.Condition{Value: 1}),
		"Where[0].Value is nil":          one(sqlstore.Condition{Column: "a"}),
		"both set": one(sqlstore.Condition{
			Column: "a", Value: 1, IsNull: true,
		}),
		"Where[0].Value has 0 bytes": one(sqlstore.Condition{
			Column: "a", Value: "",
		}),
		"Where[0].Value has 256 bytes": one(sqlstore.Condition{
			Column: "a", Value: strings.Repeat("x", 256),
		}),
		"of type float64": one(sqlstore.Condition{Column: "a", Value: 1.5}),
		"of type *string": one(sqlstore.Condition{
			Column: "a", Value: new(string),
		}),
		"Where[1].Column names": {
			{Column: "a", Value: 1}, {Column: "A", Value: 2},
		},
		"Where[0].Column names the hash": one(sqlstore.Condition{
			Column: "Password_Hash", IsNull: true,
		}),
		"has 9 conditions, want 8": make([]sqlstore.Condition, 9),
	} {
		table := plainTable()
		table.Where = where
		_, err := sqlstore.New(
			db, sqlstore.Config{Dialect: sqlstore.SQLite, Table: table},
		)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "sqlstore: Config.Table.Where")
	}
}

func TestNewRefusesTwoColumnsThatSayWhoIsDisabled(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)

	for want, set := range map[string]func(*sqlstore.Table){
		"Disabled and Active are both set": func(t *sqlstore.Table) {
			t.Disabled, t.Active = "a", "b"
		},
		"DisabledAt and Active are both set": func(t *sqlstore.Table) {
			t.DisabledAt, t.Active = "a", "b"
		},
		"Active and Hash name the same": func(t *sqlstore.Table) {
			t.Active = "password_hash"
		},
	} {
		table := plainTable()
		set(&table)

		_, err := sqlstore.New(
			db, sqlstore.Config{Dialect: sqlstore.SQLite, Table: table},
		)
		require.ErrorContains(t, err, want)
	}
}

// tenantTable has a condition of each kind, among them a value that would do
// harm in a statement's text.
func tenantTable() sqlstore.Table {
	table := plainTable()
	table.Active = "is_active"
	table.Where = []sqlstore.Condition{
		{Column: "tenant_id", Value: hostileTenant},
		{Column: "deleted_at", IsNull: true},
		{Column: "kind", Value: 2},
	}
	return table
}

const hostileTenant = "' OR 1=1; --"

func TestConditionsAreInEveryStatementAndTheirValuesInNone(t *testing.T) {
	t.Parallel()
	for _, dialect := range []sqlstore.Dialect{
		sqlstore.SQLite, sqlstore.PostgreSQL, sqlstore.MySQL,
	} {
		q, err := tenantTable().Queries(dialect)
		require.NoError(t, err)
		for _, text := range []string{q.ByEmail, q.ByID, q.Replace, q.Swap} {
			require.NotContains(t, text, hostileTenant)
			for _, column := range []string{"tenant_id", "deleted_at", "kind"} {
				require.Contains(t, text, " AND "+quote(dialect, column))
			}
			require.Contains(t, text, "IS NULL")
		}
	}

	q, err := tenantTable().Queries(sqlstore.PostgreSQL)
	require.NoError(t, err)
	const where = ` AND "tenant_id" = $4 AND "deleted_at" IS NULL AND "kind" = $5`
	require.True(t, strings.HasSuffix(q.Swap, where), q.Swap)
}

func quote(d sqlstore.Dialect, name string) string {
	if d == sqlstore.PostgreSQL {
		return `"` + name + `"`
	}
	return "`" + name + "`"
}

//lostkey:covers ASVS-1.2.4 FP-CS-4 CWE-89
func TestTheValuesOfConditionsTravelAsParameters(t *testing.T) {
	t.Parallel()
	tenant, kind := any(hostileTenant), any(int64(2))
	address, id := any(ann.Email), any(ann.ID)
	hash, stamp := any(ann.PasswordHash), any(ann.Stamp)

	for dialect, byEmail := range map[sqlstore.Dialect][]any{
		sqlstore.SQLite:     {address, tenant, kind, address},
		sqlstore.MySQL:      {address, tenant, kind, address},
		sqlstore.PostgreSQL: {address, tenant, kind},
	} {
		var sent [][]any
		db := &sqltest.DB{
			Query: func(_ string, args []any) ([][]driver.Value, error) {
				sent = append(sent, args)
				return [][]driver.Value{annsRow}, nil
			},
			Exec: func(_ string, args []any) (int64, error) {
				sent = append(sent, args)
				return 1, nil
			},
		}
		store := newStore(t, db, dialect, func(c *sqlstore.Config) {
			c.Table = tenantTable()
		})

		_, err := store.FindByEmail(t.Context(), ann.Email)
		require.NoError(t, err)
		_, err = store.FindByID(t.Context(), ann.ID)
		require.NoError(t, err)
		require.NoError(t, store.ReplaceHash(t.Context(), ann, "new"))
		_, err = store.SwapFor(reset.User{ID: ann.ID})(
			t.Context(), ann.PasswordHash, "new",
		)
		require.NoError(t, err)

		require.Equal(t, [][]any{
			byEmail,
			{id, tenant, kind},
			{"new", id, hash, address, stamp, tenant, kind},
			{"new", id, hash, tenant, kind},
		}, sent, dialect)
	}
}
