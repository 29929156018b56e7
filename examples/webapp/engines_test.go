package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// An engine is one of the databases that -db can name.
type engine struct {
	name string
	// location makes an empty database for one test, and returns what -db
	// takes. It skips the test when there is no such server.
	location func(t *testing.T) string
}

var engines = []engine{
	{"SQLite", sqliteFile},
	{"PostgreSQL", postgresSchema},
	{"MySQL", mysqlDatabase},
}

// onEveryEngine runs a test on all databases that are there.
func onEveryEngine(t *testing.T, test func(t *testing.T, e engine)) {
	t.Helper()
	t.Parallel()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// anyEngine is where all other tests run. LOSTKEY_WEBAPP_ENGINE names another
// than SQLite.
func anyEngine(t *testing.T) engine {
	t.Helper()
	name := os.Getenv("LOSTKEY_WEBAPP_ENGINE")
	if name == "" {
		return engines[0]
	}
	i := slices.IndexFunc(engines, func(e engine) bool {
		return e.name == name
	})
	require.GreaterOrEqual(t, i, 0, "LOSTKEY_WEBAPP_ENGINE is %q", name)
	return engines[i]
}

func sqliteFile(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "folder", "webapp.db")
}

// postgresSchema makes a schema of the test's own.
func postgresSchema(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	}
	admin, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	requireServer(t, admin, "LOSTKEY_POSTGRES")

	name := "webapp_" + strings.ToLower(rand.Text()[:12])
	execute(t, admin, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, admin, "DROP SCHEMA "+name+" CASCADE") })

	u, err := url.Parse(dsn)
	require.NoError(t, err)
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

// mysqlDatabase makes a database of the test's own.
func mysqlDatabase(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_MYSQL")
	if dsn == "" {
		dsn = "root@tcp(127.0.0.1:3306)/test"
	}
	admin, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	requireServer(t, admin, "LOSTKEY_MYSQL")

	name := "webapp_" + strings.ToLower(rand.Text()[:12])
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name) })

	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	require.Equal(t, "tcp", cfg.Net)
	return (&url.URL{
		Scheme: "mysql", User: url.UserPassword(cfg.User, cfg.Passwd),
		Host: cfg.Addr, Path: "/" + name,
	}).String()
}

// requireServer skips the test without a server, or fails it when
// LOSTKEY_REQUIRE_SERVICES is 1.
func requireServer(t *testing.T, db *sql.DB, variable string) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	err := db.PingContext(ctx)
	if err == nil {
		return
	}
	if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
		t.Fatalf("no server (%s): %v", variable, err)
	}
	t.Skipf("no server (set %s): %v", variable, err)
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	// Clean-ups run after the test's context has ended.
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), statement)
	require.NoError(t, err, statement)
}

// tables lists those of the application, in order.
func tables(t *testing.T, db database) []string {
	t.Helper()
	statement := map[sqlstore.Dialect]string{
		sqlstore.SQLite: `SELECT name FROM sqlite_schema
			WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
		sqlstore.PostgreSQL: `SELECT tablename FROM pg_tables
			WHERE schemaname = current_schema() ORDER BY tablename`,
		sqlstore.MySQL: `SELECT table_name FROM information_schema.tables
			WHERE table_schema = DATABASE() ORDER BY table_name`,
	}[db.dialect]
	rows, err := db.QueryContext(t.Context(), statement)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()

	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}
