package hashvectors_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

const (
	oldPassword = "correct horse battery staple"
	newPassword = "eleven geese in a row"
	// Made by passlib 1.7.4 from oldPassword.
	legacy = "$pbkdf2-sha256$29000$M8YYg/B.b42REiJECGHs/Q$iy.CNIr96P.KkBU.uDO/MjmZV/W9eq4PQEX78oHpCDU"
)

// Many logins have verified the old password and are about to store its new hash
// when a reset stores another password's. Whoever is first, the reset stays.
func TestALoginUpgradeThatRacesAResetNeverBringsTheOldPasswordBack(t *testing.T) {
	for name, open := range map[string]func(*testing.T) (*sql.DB, sqlstore.Dialect){
		"SQLite": openSQLite, "PostgreSQL": openPostgres, "MariaDB": openMariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			db, dialect := open(t)
			mustExec(t, db, "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL, password_hash VARCHAR(255) NOT NULL)")
			store, err := sqlstore.New(db, sqlstore.Config{
				Dialect: dialect,
				Table:   sqlstore.Table{Name: "users", ID: "id", Email: "email", Hash: "password_hash"},
			})
			require.NoError(t, err)
			hasher, err := hash.NewInsecure(hash.Config{Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1}})
			require.NoError(t, err)

			won := map[string]int{}
			for range 20 {
				mustExec(t, db, "DELETE FROM users")
				mustExec(t, db, "INSERT INTO users (id, email, password_hash) VALUES (1, 'ann@example.org', '"+legacy+"')")
				won[raceOnce(t, store, hasher)]++
			}
			t.Logf("20 races of 16 logins and a reset, first to write: %v", won)
		})
	}
}

func raceOnce(t *testing.T, store *sqlstore.Store, hasher *hash.Hasher) (first string) {
	t.Helper()
	const logins = 16
	ctx := t.Context()
	user, err := store.FindByID(ctx, "1")
	require.NoError(t, err)
	fresh, err := hasher.Hash(ctx, newPassword)
	require.NoError(t, err)

	var barrier, done sync.WaitGroup
	barrier.Add(logins + 1)
	var updated, failed atomic.Int64
	for range logins {
		done.Go(func() {
			swap := store.SwapFor(user)
			res, err := hasher.VerifyAndUpdate(ctx, oldPassword, user.PasswordHash, func(ctx context.Context, old, encoded string) (bool, error) {
				barrier.Done()
				barrier.Wait()
				return swap(ctx, old, encoded)
			})
			if err != nil || !res.OK {
				failed.Add(1)
			}
			if res.Updated {
				updated.Add(1)
			}
		})
	}
	done.Go(func() {
		barrier.Done()
		barrier.Wait()
		// As Confirm does: what was verified is what must still be there; a
		// visitor whose link died by the upgrade asks for another.
		seen := user
		for store.ReplaceHash(ctx, seen, fresh) != nil {
			var err error
			if seen, err = store.FindByID(ctx, "1"); err != nil {
				failed.Add(1)
				return
			}
		}
	})
	done.Wait()
	require.Zero(t, failed.Load(), "a lost swap fails no login")
	require.LessOrEqual(t, updated.Load(), int64(1))

	after, err := store.FindByID(ctx, "1")
	require.NoError(t, err)
	require.Equal(t, fresh, after.PasswordHash)
	res, err := hasher.Verify(ctx, oldPassword, after.PasswordHash)
	require.NoError(t, err)
	require.False(t, res.OK, "the old password is back")
	if updated.Load() == 1 {
		return "login"
	}
	return "reset"
}

func openSQLite(t *testing.T) (*sql.DB, sqlstore.Dialect) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.db")
	return connect(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)"), sqlstore.SQLite
}

func openPostgres(t *testing.T) (*sql.DB, sqlstore.Dialect) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_POSTGRES")
	if dsn == "" {
		dsn = "postgres://postgres@127.0.0.1:5432/test?sslmode=disable"
	}
	admin := connect(t, "pgx", dsn)
	schema := "lostkey_" + strings.ToLower(rand.Text()[:12])
	mustExec(t, admin, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { mustExec(t, admin, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return connect(t, "pgx", u.String()), sqlstore.PostgreSQL
}

func openMariaDB(t *testing.T) (*sql.DB, sqlstore.Dialect) {
	t.Helper()
	dsn := os.Getenv("LOSTKEY_MYSQL")
	if dsn == "" {
		dsn = "root@tcp(127.0.0.1:3306)/test"
	}
	admin := connect(t, "mysql", dsn)
	name := "lostkey_" + strings.ToLower(rand.Text()[:12])
	mustExec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { mustExec(t, admin, "DROP DATABASE "+name) })
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.DBName = name
	return connect(t, "mysql", cfg.FormatDSN()), sqlstore.MySQL
}

// connect skips the test when the server is not there, and fails it with
// LOSTKEY_REQUIRE_SERVICES=1.
func connect(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(20)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no %s server: %v", driver, err)
		}
		t.Skipf("no %s server: %v", driver, err)
	}
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	_, err := db.ExecContext(context.WithoutCancel(t.Context()), query)
	require.NoError(t, err, query)
}
