package stores_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestStoreKeepsTheContract(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
			t.Parallel()
			return fixture(t, e, e.text, sqlstore.Config{Dialect: e.dialect, Table: users, InTx: endSessions(e)})
		})
	})
}

// Drivers send parameters and read rows in several ways, which must not matter.
func TestStoreKeepsTheContractInEveryModeOfItsDriver(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit four times")
	}
	for _, c := range []struct {
		engine     engine
		name, more string
	}{
		{engines[1], "PostgreSQL simple protocol, as poolers need it", "&default_query_exec_mode=simple_protocol"},
		{engines[1], "PostgreSQL without prepared statements", "&default_query_exec_mode=exec"},
		{engines[2], "MariaDB with parameters put in by the driver", "?interpolateParams=true&parseTime=true"},
		{engines[2], "MariaDB with found rows", "?clientFoundRows=true&charset=utf8mb4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.engine
			e.prepare = func(t testing.TB) string { return c.engine.prepare(t) + c.more }
			resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
				return fixture(t, e, e.text, sqlstore.Config{Dialect: e.dialect, Table: users, InTx: endSessions(e)})
			})
		})
	}
}

// The same contract by way of complete statements, with an address that is found in
// any spelling and compared byte for byte in the update.
func TestStoreWithStatementsOfItsOwnKeepsTheContract(t *testing.T) {
	const columns = "id, email, password_hash, session_version, locale, disabled"
	statements := map[sqlstore.Dialect]sqlstore.Queries{
		sqlstore.SQLite: {
			ByEmail: "SELECT " + columns + " FROM users WHERE email = ? COLLATE NOCASE",
			ByID:    "SELECT " + columns + " FROM users WHERE id = ?",
			Replace: "UPDATE users SET password_hash = ? WHERE id = ? AND COALESCE(password_hash, '') = ?" +
				" AND email = ? AND CAST(session_version AS TEXT) = ? AND NOT disabled",
		},
		sqlstore.PostgreSQL: {
			ByEmail: "SELECT " + columns + " FROM users WHERE lower(email) = lower($1)",
			ByID:    "SELECT " + columns + " FROM users WHERE id = $1",
			Replace: "UPDATE users SET password_hash = $1 WHERE id = $2 AND COALESCE(password_hash, '') = $3" +
				" AND email = $4 AND session_version = $5 AND NOT disabled",
		},
		sqlstore.MySQL: {
			ByEmail: "SELECT " + columns + " FROM users WHERE email = ?",
			ByID:    "SELECT " + columns + " FROM users WHERE id = ?",
			Replace: "UPDATE users SET password_hash = ? WHERE id = ? AND COALESCE(password_hash, '') = BINARY ?" +
				" AND BINARY email = ? AND session_version = ? AND NOT disabled",
		},
	}
	eachEngine(t, engines, func(t *testing.T, e engine) {
		resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
			t.Parallel()
			return fixture(t, e, e.text, sqlstore.Config{Dialect: e.dialect, Queries: statements[e.dialect], InTx: endSessions(e)})
		})
	})
}

// fixture is an empty users table with a hash column of the given type.
func fixture(t *testing.T, e engine, hashColumn string, cfg sqlstore.Config) resettest.Fixture {
	t.Helper()
	db, _ := e.open(t)
	createUsers(t, e, db, hashColumn)
	createSessions(t, e, db)
	store, err := sqlstore.New(db, cfg)
	require.NoError(t, err)
	set := func(column string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(ctx, e.bind("UPDATE users SET "+column+" = ? WHERE id = ?"), value, id)
			return err
		}
	}
	run := func(query string) func(context.Context, string) error {
		return func(ctx context.Context, id string) error {
			_, err := db.ExecContext(ctx, e.bind(query), id)
			return err
		}
	}
	return resettest.Fixture{
		Store:       store,
		Create:      func(ctx context.Context, user reset.User) (string, error) { return insertUser(ctx, e, db, user) },
		Disable:     run("UPDATE users SET disabled = TRUE WHERE id = ?"),
		Delete:      run("DELETE FROM users WHERE id = ?"),
		ChangeEmail: set("email"),
		ChangeStamp: set("session_version"),
		AddSession:  run("INSERT INTO sessions (user_id) VALUES (?)"),
		Sessions: func(ctx context.Context, id string) (n int, err error) {
			err = db.QueryRowContext(ctx, e.bind("SELECT COUNT(*) FROM sessions WHERE user_id = ?"), id).Scan(&n)
			return n, err
		},
		FailSessions: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "DROP TABLE sessions")
			return err
		},
	}
}

// insertUser stores an account without a hash as NULL, as applications do.
func insertUser(ctx context.Context, e engine, db *sql.DB, user reset.User) (string, error) {
	encoded := sql.NullString{String: user.PasswordHash, Valid: user.PasswordHash != ""}
	if _, err := db.ExecContext(ctx, e.bind("INSERT INTO users (email, password_hash, session_version, locale) VALUES (?, ?, ?, ?)"),
		user.Email, encoded, user.Stamp, user.Locale); err != nil {
		return "", err
	}
	var id string
	err := db.QueryRowContext(ctx, e.bind("SELECT MAX(id) FROM users WHERE email = ?"), user.Email).Scan(&id)
	return id, err
}
