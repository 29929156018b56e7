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
			return fixture(t, e, e.text, sqlstore.Config{
				Dialect: e.dialect, Table: users, InTx: endSessions(e),
			})
		})
	})
}

// Drivers send parameters and read rows in several ways, and connections have
// isolation levels, which must not matter.
func TestStoreKeepsTheContractOverEveryConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit some fifteen times")
	}
	for _, c := range connections {
		t.Run(c.name, func(t *testing.T) {
			e := c.engine
			e.prepare = func(t testing.TB) string {
				return c.engine.prepare(t) + c.more
			}

			resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
				t.Parallel()
				return fixture(t, e, e.text, sqlstore.Config{
					Dialect: e.dialect, Table: users, InTx: endSessions(e),
				})
			})
		})
	}
}

func TestStoreWithStatementsOfItsOwnKeepsTheContract(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
			t.Parallel()

			return fixture(t, e, e.text, sqlstore.Config{
				Dialect: e.dialect, Queries: ownStatements(e),
				InTx: endSessions(e),
			})
		})
	})
}

// fixture is an empty users table with a hash column of the given type.
func fixture(
	t *testing.T, e engine, hashColumn string, cfg sqlstore.Config,
) resettest.Fixture {
	t.Helper()
	db, _ := e.open(t)
	if !emptied(t, db, "users", "sessions", "changes", "addresses") {
		createUsers(t, e, db, hashColumn)
		createSessions(t, e, db)
	}
	store, err := sqlstore.New(db, cfg)
	require.NoError(t, err)
	set := func(column string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(ctx,
				e.bind("UPDATE users SET "+column+" = ? WHERE id = ?"), value,
				id)
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
		Store: store,
		Create: func(ctx context.Context, user reset.User) (string,
			error,
		) {
			return insertUser(ctx, e, db, user)
		},
		Disable:        run("UPDATE users SET disabled = TRUE WHERE id = ?"),
		Delete:         run("DELETE FROM users WHERE id = ?"),
		ChangeEmail:    set("email"),
		ChangeStamp:    set("session_version"),
		ChangeRecovery: changeFurther(e, db),
		ChangeLabel:    set("label"),
		AddSession:     run("INSERT INTO sessions (user_id) VALUES (?)"),
		Sessions: func(ctx context.Context, id string) (n int, err error) {
			err = db.QueryRowContext(ctx,
				e.bind("SELECT COUNT(*) FROM sessions WHERE user_id = ?"),
				id).Scan(&n)
			return n, err
		},
		FailSessions: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "DROP TABLE sessions")
			return err
		},
	}
}

// insertUser stores an account without a hash as NULL, as applications do.
func insertUser(
	ctx context.Context, e engine, db *sql.DB, user reset.User,
) (string, error) {
	encoded := sql.NullString{
		String: user.PasswordHash, Valid: user.PasswordHash != "",
	}
	if _, err := db.ExecContext(ctx,
		e.bind("INSERT INTO users (email, password_hash, session_version, "+
			"locale) VALUES (?, ?, ?, ?)"),
		user.Email, encoded, user.Stamp, user.Locale); err != nil {
		return "", err
	}
	var id string
	err := db.QueryRowContext(ctx,
		e.bind("SELECT MAX(id) FROM users WHERE email = ?"),
		user.Email).Scan(&id)
	return id, err
}
