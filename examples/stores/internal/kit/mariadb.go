package kit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/stores"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

// MariaDB is Postgres for that server. It closes the databases it opens.
func MariaDB(t *testing.T, open func(db *sql.DB) reset.Store) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_MYSQL")
	if dsn == "" {
		dsn = "root@tcp(127.0.0.1:3306)/test"
	}
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.MultiStatements = true
	admin := openMySQL(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	NeedServer(t, admin.PingContext(ctx), "MariaDB", "LOSTKEY_MYSQL")

	for _, level := range []string{"REPEATABLE-READ", "SERIALIZABLE"} {
		t.Run(level, func(t *testing.T) {
			Store(t, func(t *testing.T) resettest.Fixture {
				name := "lostkey_" + strings.ToLower(rand.Text()[:12])
				_, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+
					"; USE "+name+";"+stores.SchemaMySQL)
				require.NoError(t, err)
				t.Cleanup(func() {
					_, err := admin.ExecContext(context.Background(),
						"DROP DATABASE "+name)
					require.NoError(t, err)
				})

				own := cfg.Clone()
				own.DBName, own.MultiStatements = name, false
				own.Params = map[string]string{"tx_isolation": "'" + level + "'"}
				db := openMySQL(t, own)
				fixture := tablesMySQL(db)
				fixture.Store = open(db)
				return fixture
			})
		})
	}
}

func openMySQL(t *testing.T, cfg *mysql.Config) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(4)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func tablesMySQL(db *sql.DB) resettest.Fixture {
	run := func(query string) func(context.Context, string) error {
		return func(ctx context.Context, id string) error {
			_, err := db.ExecContext(ctx, query, id)
			return err
		}
	}
	set := func(column string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(ctx,
				"UPDATE users SET "+column+" = ? WHERE id = ?", value, id)
			return err
		}
	}

	return resettest.Fixture{
		Create: func(ctx context.Context, user reset.User) (id string, err error) {
			err = db.QueryRowContext(ctx, `INSERT INTO users (email,
				password_hash, session_version, name, locale)
				VALUES (?, NULLIF(?, ''), ?, ?, ?) RETURNING id`,
				user.Email, user.PasswordHash, user.Stamp, user.Label,
				user.Locale).Scan(&id)
			return id, err
		},
		Disable:       run("UPDATE users SET disabled = true WHERE id = ?"),
		Delete:        run("DELETE FROM users WHERE id = ?"),
		ChangeEmail:   set("email"),
		ChangeStamp:   set("session_version"),
		ClearPassword: run("UPDATE users SET password_hash = NULL WHERE id = ?"),
		AddSession:    run("INSERT INTO sessions (user_id) VALUES (?)"),
		Sessions: func(ctx context.Context, id string) (n int, err error) {
			err = db.QueryRowContext(ctx,
				"SELECT count(*) FROM sessions WHERE user_id = ?", id).Scan(&n)
			return n, err
		},
		FailSessions: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "DROP TABLE sessions")
			return err
		},
	}
}
