package stores_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A construction is one way to build a store. Its zero fields are those of the
// usual table of these tests.
type construction struct {
	name   string
	engine int
	dsn    string // more parameters
	// The types of columns, and a statement after the table is made.
	id, email, hash string
	then            string
	database        string // the encoding of a PostgreSQL database of its own
	// change alters the configuration, store replaces what is made from it, and
	// fix alters the fixture.
	change func(e engine, cfg *sqlstore.Config)
	store  func(t *testing.T, e engine, db *sql.DB,
		made *sqlstore.Store) reset.Store
	fix   func(e engine, db *sql.DB, f *resettest.Fixture)
	skips int // checks that are not for it
}

var constructions = []construction{
	{name: "sqlstore on SQLite", engine: 0},
	{name: "sqlstore on PostgreSQL", engine: 1},
	{name: "sqlstore on MariaDB", engine: 2},
	{name: "stamp counted in InTx, SQLite", engine: 0, change: countStamp},
	{name: "stamp counted in InTx, PostgreSQL", engine: 1, change: countStamp},
	{name: "stamp counted in InTx, MariaDB", engine: 2, change: countStamp},
	{name: "Django's varchar(128), PostgreSQL", engine: 1, hash: "VARCHAR(128)"},
	{name: "Django's varchar(128), MariaDB", engine: 2, hash: "VARCHAR(128)"},
	{name: "BYTEA by plain statements, PostgreSQL", engine: 1, hash: "BYTEA", change: plainStatements},
	{name: "soft delete, hidden, SQLite", engine: 0, change: hideDeleted, fix: softDelete},
	{name: "soft delete, hidden, PostgreSQL", engine: 1, change: hideDeleted, fix: softDelete},
	{name: "soft delete by DisabledAt, MariaDB", engine: 2, change: disabledAt, fix: softDelete},
	{name: "UUID ids, PostgreSQL", engine: 1, id: "UUID PRIMARY KEY"},
	{name: "UUID ids, MariaDB", engine: 2, id: "UUID PRIMARY KEY"},
	{name: "text ids, SQLite", engine: 0, id: "TEXT PRIMARY KEY"},
	{name: "empty hash instead of NULL, PostgreSQL", engine: 1, hash: "TEXT NOT NULL DEFAULT ''", fix: storeEmpty},
	{
		name: "citext with a unique index, PostgreSQL", engine: 1,
		email:    "CITEXT",
		then:     "CREATE UNIQUE INDEX one_address ON users (email)",
		database: "UTF8", change: matchColumn, fix: uniqueEmail, skips: 2,
	},
	{name: "unique lower(email), PostgreSQL", engine: 1, then: "CREATE UNIQUE INDEX one_address ON users (lower(email))", fix: uniqueEmail, skips: 2},
	{
		name: "addresses in lower case, PostgreSQL", engine: 1,
		email:  "VARCHAR(255) CHECK (email = lower(email))",
		change: matchLowered, fix: lowercase, skips: 1,
	},
	{name: "a LATIN1 database, PostgreSQL", engine: 1, database: "LATIN1"},
	{name: "a SQL_ASCII database, PostgreSQL", engine: 1, database: "SQL_ASCII"},
	{name: "serializable by default, PostgreSQL", engine: 1, dsn: "&default_transaction_isolation=serializable"},
	{name: "loose collation, MariaDB", engine: 2, email: "VARCHAR(255) COLLATE utf8mb4_unicode_ci", hash: "VARCHAR(255) COLLATE utf8mb4_general_ci"},
	{
		name: "loose collation and unique, MariaDB", engine: 2,
		email: "VARCHAR(255) COLLATE utf8mb4_unicode_ci",
		then:  "CREATE UNIQUE INDEX one_address ON users (email)",
		fix:   uniqueEmail, skips: 2,
	},
	{name: "latin1 and ascii columns, MariaDB", engine: 2, email: "VARCHAR(255) CHARACTER SET latin1", hash: "VARCHAR(255) CHARACTER SET ascii"},
	{name: "look-ups on a replica, PostgreSQL", engine: 1, store: replicated, fix: replicate},
	{name: "one new marker for each cleared password, SQLite", engine: 0, fix: clearWith("'!' || hex(randomblob(16))")},
	{name: "hand-written, autocommit, MariaDB", engine: 2, store: handWritten("")},
	{name: "hand-written, autocommit, SQLite", engine: 0, store: handWritten("")},
	{name: "hand-written, SERIALIZABLE with retries, PostgreSQL", engine: 1, store: handWritten("SERIALIZABLE")},
	{name: "hand-written, SERIALIZABLE with retries, MariaDB", engine: 2, store: handWritten("SERIALIZABLE")},
	{name: "hand-written, row lock, PostgreSQL", engine: 1, store: handWritten("FOR UPDATE")},
}

// A kit that fails a store that is right gets switched off.
func TestKitPassesEveryRightStore(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the kit some forty times")
	}
	run := func(name string, skips int,
		prepare func(t *testing.T) func(t *testing.T) resettest.Fixture,
	) {
		var mu sync.Mutex
		passed, failed, skipped := 0, 0, 0
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				mu.Lock()
				defer mu.Unlock()
				t.Logf("%-54s %2d passed, %d not for it, %d failed", name,
					passed, skipped, failed)
			})

			fixture := prepare(t)
			resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
				t.Cleanup(func() {
					mu.Lock()
					defer mu.Unlock()
					switch {
					case t.Failed():
						failed++
					case t.Skipped():
						skipped++
					default:
						passed++
					}
				})

				return fixture(t)
			})
			require.Equal(t, skips, skipped, "checks that were skipped")
		})
	}
	run("memstore", 1, func(*testing.T) func(*testing.T) resettest.Fixture {
		return memstoreFixture
	})
	for _, c := range slices.Concat(constructions, collations()) {
		run(c.name, c.skips, c.prepare)
	}
}

// memstoreFixture has no way to make ending sessions fail.
func memstoreFixture(*testing.T) resettest.Fixture {
	store := memstore.New()
	set := func(change func(user *reset.User,
		value string),
	) func(context.Context, string, string) error {
		return func(_ context.Context, id, value string) error {
			return store.Update(id, func(user *reset.User) {
				change(user, value)
			})
		}
	}

	return resettest.Fixture{
		Store: store,
		Create: func(_ context.Context, user reset.User) (string, error) {
			return user.ID, store.Add(user)
		},
		ChangeEmail: set(func(user *reset.User, value string) {
			user.Email = value
		}),
		ChangeStamp: set(func(user *reset.User, value string) {
			user.Stamp = value
		}),
		ChangeLabel: set(func(user *reset.User, value string) {
			user.Label = value
		}),
		ChangeRecovery: func(
			_ context.Context, id string, addrs []string,
		) error {
			return store.Update(id, func(user *reset.User) {
				user.Recovery = addrs
			})
		},
		Disable: func(_ context.Context, id string) error {
			return store.Update(id, func(user *reset.User) {
				user.Disabled = true
			})
		},
		ClearPassword: func(_ context.Context, id string) error {
			return store.Update(id, func(user *reset.User) {
				user.PasswordHash = ""
			})
		},
		Delete: func(_ context.Context, id string) error {
			return store.Delete(id)
		},
		AddSession: func(_ context.Context, id string) error {
			store.AddSession(id)
			return nil
		},
		Sessions: func(_ context.Context, id string) (int, error) {
			return store.Sessions(id), nil
		},
	}
}

// prepare makes one database for all checks, and returns what empties its
// tables for each.
func (c construction) prepare(t *testing.T) func(t *testing.T) resettest.Fixture {
	t.Helper()
	e := engines[c.engine]
	if c.database != "" {
		e.prepare = func(t testing.TB) string {
			return preparePostgresEncoded(t, c.database)
		}
	}

	dsn := e.prepare(t) + c.dsn
	if e.dialect == sqlstore.PostgreSQL {
		dsn += "&synchronous_commit=off" // no check is about a crash
	}
	return func(t *testing.T) resettest.Fixture {
		t.Helper()
		db := openDB(t, e.driver, dsn)
		mustExec(t, db, "DROP TABLE IF EXISTS replica")
		if !emptied(t, db, "users", "sessions", "addresses") {
			c.createTables(t, e, db)
		}
		return c.fixture(t, e, db)
	}
}

func (c construction) createTables(t *testing.T, e engine, db *sql.DB) {
	t.Helper()
	or := func(chosen, usual string) string {
		if chosen != "" {
			return chosen
		}
		return usual
	}

	mustExec(t, db,
		"CREATE TABLE users (id "+or(c.id, e.id)+", email "+or(c.email,
			"VARCHAR(255)")+" NOT NULL, password_hash "+or(c.hash, e.text)+
			", session_version BIGINT NOT NULL DEFAULT 0, locale VARCHAR(20), label VARCHAR(40), disabled BOOLEAN NOT NULL DEFAULT FALSE, deleted_at VARCHAR(30))")
	mustExec(t, db,
		"CREATE TABLE sessions (id "+e.id+", user_id VARCHAR(36) NOT NULL)")
	mustExec(t, db, "CREATE INDEX sessions_user ON sessions (user_id)")
	userID, _, _ := strings.Cut(or(c.id, "BIGINT"), " ")
	createFurther(t, e, db, userID, or(c.email, "VARCHAR(255)"))
	if c.then != "" {
		mustExec(t, db, c.then)
	}
}

func (c construction) fixture(t *testing.T, e engine, db *sql.DB) resettest.Fixture {
	t.Helper()
	cfg := sqlstore.Config{
		Dialect: e.dialect, Table: users,
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(ctx,
				e.bind("DELETE FROM sessions WHERE user_id = ?"), seen.ID)
			return err
		},
	}
	if c.change != nil {
		c.change(e, &cfg)
	}
	made, err := sqlstore.New(db, cfg)
	require.NoError(t, err)
	f := databaseFixture(e, db, made)
	f.Create = func(ctx context.Context, user reset.User) (string, error) {
		return c.insert(ctx, e, db, user)
	}

	if c.store != nil {
		f.Store = c.store(t, e, db, made)
	}
	if c.fix != nil {
		c.fix(e, db, &f)
	}
	return f
}

// insert stores an account under an id of its own or of the database's.
func (c construction) insert(
	ctx context.Context, e engine, db *sql.DB, user reset.User,
) (string, error) {
	encoded := sql.NullString{
		String: user.PasswordHash,
		Valid:  user.PasswordHash != "" || strings.Contains(c.hash, "NOT NULL"),
	}
	if c.id == "" {
		if _, err := db.ExecContext(ctx,
			e.bind("INSERT INTO users (email, password_hash, "+
				"session_version) VALUES (?, ?, ?)"),
			user.Email, encoded, user.Stamp); err != nil {
			return "", err
		}

		var id string
		err := db.QueryRowContext(ctx,
			e.bind("SELECT MAX(id) FROM users WHERE email = ?"),
			user.Email).Scan(&id)
		return id, err
	}

	var raw [16]byte
	_, _ = rand.Read(raw[:])
	raw[6], raw[8] = raw[6]&0xf|0x40, raw[8]&0x3f|0x80
	id := fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10],
		raw[10:])
	_, err := db.ExecContext(ctx,
		e.bind("INSERT INTO users (id, email, password_hash, "+
			"session_version) VALUES (?, ?, ?, ?)"),
		id, user.Email, encoded, user.Stamp)
	return id, err
}

// databaseFixture is what the application around the store does, in SQL.
func databaseFixture(e engine, db *sql.DB, store reset.Store) resettest.Fixture {
	set := func(column string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(ctx,
				e.bind("UPDATE users SET "+column+" = ? WHERE id = ?"), value,
				id)
			return err
		}
	}

	return resettest.Fixture{
		Store: store,
		Disable: execWithID(e, db,
			"UPDATE users SET disabled = TRUE WHERE id = ?"),
		ClearPassword: execWithID(e, db,
			"UPDATE users SET password_hash = NULL WHERE id = ?"),
		Delete:         execWithID(e, db, "DELETE FROM users WHERE id = ?"),
		ChangeEmail:    set("email"),
		ChangeStamp:    set("session_version"),
		ChangeRecovery: changeFurther(e, db),
		ChangeLabel:    set("label"),
		AddSession: execWithID(e, db,
			"INSERT INTO sessions (user_id) VALUES (?)"),
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

func execWithID(e engine, db *sql.DB, query string) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		_, err := db.ExecContext(ctx, e.bind(query), id)
		return err
	}
}
