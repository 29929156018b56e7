// Package kit runs resettest, and a reset from end to end, over the stores of
// the neighbouring folders.
package kit

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/stores"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

// Postgres checks the stores that open makes over empty tables, with both
// levels that a connection may have as its default. What open opens, it closes
// in t.Cleanup.
func Postgres(t *testing.T, open func(t *testing.T, dsn string) reset.Store) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	admin, err := pgx.Connect(ctx, dsn)
	NeedServer(t, err, "PostgreSQL", "LOSTKEY_POSTGRES")
	t.Cleanup(func() { _ = admin.Close(context.Background()) })

	for _, level := range []string{"read committed", "serializable"} {
		t.Run(level, func(t *testing.T) {
			Store(t, func(t *testing.T) resettest.Fixture {
				own := schema(t, admin, dsn, level)
				db, err := pgx.Connect(t.Context(), own)
				require.NoError(t, err)
				t.Cleanup(func() { _ = db.Close(context.Background()) })

				fixture := tables(db)
				fixture.Store = open(t, own)
				return fixture
			})
		})
	}
}

// schema makes a schema with empty tables, and returns the DSN of connections
// to it.
func schema(t *testing.T, admin *pgx.Conn, dsn, level string) string {
	t.Helper()
	name := "lostkey_" + strings.ToLower(rand.Text()[:12])
	_, err := admin.Exec(t.Context(),
		"CREATE SCHEMA "+name+"; SET search_path = "+name+";"+stores.Schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(),
			"DROP SCHEMA "+name+" CASCADE")
		require.NoError(t, err)
	})

	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", name)
	q.Set("default_transaction_isolation", level)
	// Drivers do not take the plus sign that Encode writes for a space.
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	return u.String()
}

// tables is a fixture over the tables of schema.sql, without its store.
func tables(db *pgx.Conn) resettest.Fixture {
	run := func(query string) func(context.Context, string) error {
		return func(ctx context.Context, id string) error {
			_, err := db.Exec(ctx, query, id)
			return err
		}
	}
	set := func(query string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.Exec(ctx, query, id, value)
			return err
		}
	}

	return resettest.Fixture{
		Create: func(ctx context.Context, user reset.User) (id string, err error) {
			err = db.QueryRow(ctx, `INSERT INTO users (email, password_hash,
				session_version, name, locale)
				VALUES ($1, NULLIF($2, ''), $3, $4, $5) RETURNING id::text`,
				user.Email, user.PasswordHash, user.Stamp, user.Label,
				user.Locale).Scan(&id)
			return id, err
		},
		Disable: run("UPDATE users SET disabled = true WHERE id = $1"),
		Delete:  run("DELETE FROM users WHERE id = $1"),
		ChangeEmail: set(
			"UPDATE users SET email = $2 WHERE id = $1"),
		ChangeStamp: set(
			"UPDATE users SET session_version = $2 WHERE id = $1"),
		ClearPassword: run(
			"UPDATE users SET password_hash = NULL WHERE id = $1"),
		AddSession: run("INSERT INTO sessions (user_id) VALUES ($1)"),
		Sessions: func(ctx context.Context, id string) (n int, err error) {
			err = db.QueryRow(ctx,
				"SELECT count(*) FROM sessions WHERE user_id = $1", id).Scan(&n)
			return n, err
		},
		FailSessions: func(ctx context.Context) error {
			_, err := db.Exec(ctx, "DROP TABLE sessions")
			return err
		},
	}
}
