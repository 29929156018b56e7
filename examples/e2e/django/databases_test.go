package django_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A database is one of those that Django and the store both know.
type database struct {
	name    string
	module  string // that Django needs for it
	dialect sqlstore.Dialect
	// prepare makes an empty database and returns Django's settings for it.
	prepare func(t *testing.T) (settings map[string]any, db *sql.DB)
}

var databases = []database{
	{"SQLite", "sqlite3", sqlstore.SQLite, prepareSQLite},
	{"PostgreSQL", "psycopg2", sqlstore.PostgreSQL, preparePostgres},
	{"MariaDB", "MySQLdb", sqlstore.MySQL, prepareMySQL},
}

func eachDatabase(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, d) })
	}
}

func prepareSQLite(t *testing.T) (map[string]any, *sql.DB) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "db.sqlite3")
	return map[string]any{
		"ENGINE":  "django.db.backends.sqlite3",
		"NAME":    file,
		"OPTIONS": map[string]any{"timeout": 20},
	}, open(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(20000)")
}

func preparePostgres(t *testing.T) (map[string]any, *sql.DB) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	}
	name := create(t, "pgx", dsn, "")
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name

	password, _ := u.User.Password()
	return map[string]any{
		"ENGINE": "django.db.backends.postgresql", "NAME": name,
		"HOST": u.Hostname(), "PORT": u.Port(),
		"USER": u.User.Username(), "PASSWORD": password,
	}, open(t, "pgx", u.String())
}

func prepareMySQL(t *testing.T) (map[string]any, *sql.DB) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_MYSQL")
	if dsn == "" {
		dsn = "root@tcp(127.0.0.1:3306)/test"
	}
	name := create(t, "mysql", dsn, " CHARACTER SET utf8mb4")
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.DBName = name

	host, port, err := net.SplitHostPort(cfg.Addr)
	require.NoError(t, err)
	return map[string]any{
		"ENGINE": "django.db.backends.mysql", "NAME": name,
		"HOST": host, "PORT": port, "USER": cfg.User, "PASSWORD": cfg.Passwd,
	}, open(t, "mysql", cfg.FormatDSN())
}

// create makes a database of the test's own on a server, or skips the test.
func create(t *testing.T, driver, dsn, options string) (name string) {
	t.Helper()
	admin := open(t, driver, dsn)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := admin.PingContext(ctx); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no server for %s: %v", driver, err)
		}
		t.Skipf("no server for %s: %v", driver, err)
	}

	name = "lostkey_" + strings.ToLower(rand.Text()[:12])
	_, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name+options)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.ExecContext(
			context.WithoutCancel(t.Context()), "DROP DATABASE "+name,
		)
		require.NoError(t, err)
	})
	return name
}

func open(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
