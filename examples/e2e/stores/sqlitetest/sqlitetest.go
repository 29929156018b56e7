// Package sqlitetest holds a driver of SQLite to what package sqlstore
// promises. Two of the drivers want the same name, so each has a package, and
// with it a process, of its own.
package sqlitetest

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

// schema is what an application has.
const schema = `
	CREATE TABLE users (
		id INTEGER PRIMARY KEY, email TEXT NOT NULL, password_hash TEXT,
		version INTEGER NOT NULL DEFAULT 0, label TEXT,
		disabled BOOLEAN NOT NULL DEFAULT FALSE
	);
	CREATE INDEX users_email ON users (lower(email));
	CREATE TABLE addresses (user_id INTEGER NOT NULL, email TEXT NOT NULL);
	CREATE INDEX addresses_email ON addresses (lower(email));
	CREATE INDEX addresses_user ON addresses (user_id);
	CREATE TABLE sessions (user_id INTEGER NOT NULL);`

// Store makes the tables and a store over them.
func Store(t *testing.T, db *sql.DB) *sqlstore.Store {
	t.Helper()
	_, err := db.ExecContext(t.Context(), schema)
	require.NoError(t, err)

	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: sqlstore.SQLite,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
			Stamp: "version", Label: "label", Disabled: "disabled",
			Recovery: sqlstore.RecoveryTable{
				Name: "addresses", UserID: "user_id", Email: "email",
				AllConfirmed: true,
			},
		},
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			_, err := tx.ExecContext(
				ctx, "DELETE FROM sessions WHERE user_id = ?", seen.ID,
			)
			return err
		},
	})
	require.NoError(t, err)
	return store
}

// Fixture is what the kit needs of a new database.
func Fixture(t *testing.T, db *sql.DB) resettest.Fixture {
	t.Helper()
	store := Store(t, db)
	withID := func(query string) func(context.Context, string) error {
		return func(ctx context.Context, id string) error {
			_, err := db.ExecContext(ctx, query, id)
			return err
		}
	}
	set := func(column string) func(context.Context, string, string) error {
		return func(ctx context.Context, id, value string) error {
			_, err := db.ExecContext(
				ctx, "UPDATE users SET "+column+" = ? WHERE id = ?", value, id,
			)
			return err
		}
	}

	return resettest.Fixture{
		Store: store,
		Create: func(ctx context.Context, user reset.User) (id string, err error) {
			err = db.QueryRowContext(ctx, "INSERT INTO users (email, "+
				"password_hash, version) VALUES (?, ?, ?) RETURNING id",
				user.Email, user.PasswordHash, user.Stamp).Scan(&id)
			return id, err
		},
		Disable:     withID("UPDATE users SET disabled = TRUE WHERE id = ?"),
		Delete:      withID("DELETE FROM users WHERE id = ?"),
		ChangeEmail: set("email"),
		ChangeStamp: set("version"),
		ChangeLabel: set("label"),
		ChangeRecovery: func(
			ctx context.Context, id string, addrs []string,
		) error {
			err := withID("DELETE FROM addresses WHERE user_id = ?")(ctx, id)
			for _, addr := range addrs {
				_, more := db.ExecContext(
					ctx, "INSERT INTO addresses VALUES (?, ?)", id, addr,
				)
				err = errors.Join(err, more)
			}
			return err
		},
		ClearPassword: withID(
			"UPDATE users SET password_hash = NULL WHERE id = ?",
		),
		AddSession: withID("INSERT INTO sessions VALUES (?)"),
		Sessions: func(ctx context.Context, id string) (n int, err error) {
			err = db.QueryRowContext(ctx,
				"SELECT count(*) FROM sessions WHERE user_id = ?", id,
			).Scan(&n)
			return n, err
		},
		FailSessions: func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "DROP TABLE sessions")
			return err
		},
	}
}

// RequireOneWinner confirms one link n times at once. All have verified it
// before the first may write.
func RequireOneWinner(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	held := &barrier{Store: Store(t, db)}
	held.arrived.Add(n)
	service := newService(t, held)
	_, err := db.ExecContext(t.Context(), "INSERT INTO users (id, email, "+
		"password_hash) VALUES (7, 'ann@example.org', 'old')")
	require.NoError(t, err)
	link, err := service.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	_, raw, _ := strings.Cut(link.Reveal(), "#token=")

	var wg sync.WaitGroup
	results := make([]error, n)
	for i := range n {
		wg.Go(func() {
			results[i] = service.Confirm(t.Context(), reset.ConfirmInput{
				Token: raw, Password: "the password that is set instead",
			})
		})
	}
	wg.Wait()

	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, reset.ErrRejected)
	}
	require.Equal(t, 1, won)
	t.Logf("%d at once: %d won, %d stale", n, won, n-won)
}

// A barrier holds every write until all have arrived.
type barrier struct {
	reset.Store
	arrived sync.WaitGroup
}

func (b *barrier) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	b.arrived.Done()
	b.arrived.Wait()
	return b.Store.ReplaceHash(ctx, seen, encoded)
}

func newService(t *testing.T, store reset.Store) *reset.Service {
	t.Helper()
	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)
	slots, err := hash.NewSlots(hash.SlotsConfig{Count: 2, Queue: 4096})
	require.NoError(t, err)
	hasher, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		Slots:  slots,
	})
	require.NoError(t, err)

	service, err := reset.New(reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: keys, Store: store, Mailer: &mailtest.Recorder{},
		Sessions: reset.EndSessionsInStore(), Hasher: hasher,
		Limits: reset.Limits{Off: true},
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = service.Shutdown(context.WithoutCancel(t.Context()))
	})
	return service
}

// Run holds one driver to the kit and to races of a thousand, with a busy
// timeout and without. dsn takes the file and the timeout in milliseconds.
func Run(t *testing.T, driver string, dsn func(file, busy string) string) {
	t.Helper()
	open := func(t *testing.T, busy string) *sql.DB {
		t.Helper()
		db, err := sql.Open(driver, dsn(t.TempDir()+"/app.db", busy))
		require.NoError(t, err)
		db.SetMaxOpenConns(24)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	if err := open(t, "5000").PingContext(t.Context()); err != nil &&
		strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Skip("the driver needs a C compiler")
	}

	t.Run("kit", func(t *testing.T) {
		resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
			return Fixture(t, open(t, "20000"))
		})
	})
	for name, busy := range map[string]string{
		"a race": "20000", "a race without a busy timeout": "0",
	} {
		t.Run(name, func(t *testing.T) {
			n := 1000
			if testing.Short() {
				n = 64
			}
			RequireOneWinner(t, open(t, busy), n)
		})
	}
}
