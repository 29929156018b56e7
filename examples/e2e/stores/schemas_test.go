package stores_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A schema is a table as some framework or habit makes it, and the Table for
// it. ID and TEXT stand for the engine's own types.
type schema struct {
	name, create string
	table        sqlstore.Table
	// more are columns and values of a new row beside address and hash.
	moreColumns, moreValues string
	disable, remove         string
}

var schemas = []schema{
	{
		name: "Django",
		create: "CREATE TABLE auth_user (id ID, password VARCHAR(128) NOT " +
			"NULL, last_login TIMESTAMP NULL, is_superuser BOOLEAN NOT NULL " +
			"DEFAULT FALSE, username VARCHAR(150) NOT NULL DEFAULT '', " +
			"email VARCHAR(254) NOT NULL, is_active BOOLEAN NOT NULL)",
		table: sqlstore.Table{
			Name: "auth_user", ID: "id", Email: "email", Hash: "password",
			Active: "is_active",
		},
		moreColumns: ", is_active", moreValues: ", TRUE",
		disable: "UPDATE auth_user SET is_active = FALSE WHERE id = ?",
		remove:  "DELETE FROM auth_user WHERE id = ?",
	},
	{
		name: "Rails with Devise and paranoia",
		create: "CREATE TABLE users (id ID, email VARCHAR(200) NOT NULL " +
			"DEFAULT '', encrypted_password VARCHAR(255), " +
			"locked_at TIMESTAMP NULL, deleted_at TIMESTAMP NULL)",
		table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email",
			Hash: "encrypted_password", DisabledAt: "locked_at",
			Where: []sqlstore.Condition{{Column: "deleted_at", IsNull: true}},
		},
		disable: "UPDATE users SET locked_at = CURRENT_TIMESTAMP WHERE id = ?",
		remove:  "UPDATE users SET deleted_at = CURRENT_TIMESTAMP WHERE id = ?",
	},
	{
		name: "Spring",
		create: "CREATE TABLE users (username VARCHAR(200) NOT NULL PRIMARY " +
			"KEY, password VARCHAR(500) NOT NULL, enabled BOOLEAN NOT NULL)",
		table: sqlstore.Table{
			Name: "users", ID: "username", Email: "username",
			Hash: "password", Active: "enabled",
		},
		moreColumns: ", enabled", moreValues: ", TRUE",
		disable: "UPDATE users SET enabled = FALSE WHERE username = ?",
		remove:  "DELETE FROM users WHERE username = ?",
	},
	{
		name: "tenants",
		create: "CREATE TABLE users (id ID, tenant_id VARCHAR(36) NOT NULL, " +
			"email VARCHAR(200) NOT NULL, password_hash VARCHAR(255))",
		table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Where: []sqlstore.Condition{{Column: "tenant_id", Value: "acme"}},
		},
		moreColumns: ", tenant_id", moreValues: ", 'acme'",
		remove: "DELETE FROM users WHERE id = ?",
	},
}

func (s schema) open(t *testing.T, e engine) (*sql.DB, *sqlstore.Store) {
	t.Helper()
	db, _ := e.open(t)
	mustExec(t, db, strings.Replace(s.create, "id ID", "id "+e.id, 1))
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: e.dialect, Table: s.table,
	})
	require.NoError(t, err)
	return db, store
}

func (s schema) insert(
	ctx context.Context, e engine, db *sql.DB, user reset.User,
) (id string, err error) {
	if _, err := db.ExecContext(ctx, e.bind("INSERT INTO "+s.table.Name+" ("+
		s.table.Email+", "+s.table.Hash+s.moreColumns+") VALUES (?, ?"+
		s.moreValues+")"), user.Email, user.PasswordHash); err != nil {
		return "", err
	}
	err = db.QueryRowContext(ctx, e.bind("SELECT MAX("+s.table.ID+") FROM "+
		s.table.Name+" WHERE "+s.table.Email+" = ?"), user.Email).Scan(&id)
	return id, err
}

func TestSchemasOfFrameworksKeepTheContract(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit a dozen times")
	}
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for _, s := range schemas {
			t.Run(s.name, func(t *testing.T) {
				resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
					db, store := s.open(t, e)
					return s.fixture(e, db, store)
				})
			})
		}
	})
}

func (s schema) fixture(
	e engine, db *sql.DB, store *sqlstore.Store,
) resettest.Fixture {
	run := func(query string) func(context.Context, string) error {
		if query == "" {
			return nil
		}
		return func(ctx context.Context, id string) error {
			_, err := db.ExecContext(ctx, e.bind(query), id)
			return err
		}
	}
	f := resettest.Fixture{
		Store:   store,
		Disable: run(s.disable),
		Delete:  run(s.remove),
		Create: func(ctx context.Context, user reset.User) (string, error) {
			return s.insert(ctx, e, db, user)
		},
		// Where the address is the key, two accounts cannot have it.
		UniqueEmail: s.table.ID == s.table.Email,
	}

	if !f.UniqueEmail {
		f.ChangeEmail = func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(ctx, e.bind(
				"UPDATE "+s.table.Name+" SET email = ? WHERE id = ?",
			), value, id)
			return err
		}
	}
	return f
}

// The link of a user of one tenant is worth nothing at another, and a row that
// is only marked is gone for every statement.
func TestNoStatementReachesRowsOutsideOfItsConditions(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for i, foreign := range map[int]string{
			1: "UPDATE users SET deleted_at = CURRENT_TIMESTAMP",
			3: "UPDATE users SET tenant_id = 'other'",
		} {
			s := schemas[i]
			db, store := s.open(t, e)
			id, err := s.insert(t.Context(), e, db, reset.User{
				Email: "ann@example.org", PasswordHash: "old",
			})
			require.NoError(t, err)
			seen, err := store.FindByID(t.Context(), id)
			require.NoError(t, err)
			mustExec(t, db, foreign)

			found, err := store.FindByEmail(t.Context(), "ann@example.org")
			require.NoError(t, err)
			require.Empty(t, found)
			_, err = store.FindByID(t.Context(), id)
			require.ErrorIs(t, err, reset.ErrUserNotFound)
			require.ErrorIs(
				t, store.ReplaceHash(t.Context(), seen, "new"), reset.ErrStale,
			)
			swapped, err := store.SwapFor(seen)(t.Context(), "old", "new")
			require.NoError(t, err)
			require.False(t, swapped)
			require.Equal(t, "old", queryText(t, db,
				"SELECT "+s.table.Hash+" FROM users"))
		}
	})
}
