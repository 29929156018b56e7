package stores_test

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

const (
	oldPassword = "the password that was forgotten"
	newPassword = "the password that is set instead"
	annAddress  = "ann@example.org"
)

var users = sqlstore.Table{
	Name: "users", ID: "id", Email: "email", Hash: "password_hash",
	Stamp: "session_version", Locale: "locale", Label: "label",
	Disabled: "disabled", Recovery: furtherAddresses,
}

// createTables makes what an application has: users, their sessions, and a row
// for each change that must not go missing.
func createTables(t testing.TB, e engine, db *sql.DB) {
	t.Helper()
	createUsers(t, e, db, e.text)
	createSessions(t, e, db)
}

func createSessions(t testing.TB, e engine, db *sql.DB) {
	t.Helper()
	mustExec(t, db,
		"CREATE TABLE sessions (id "+e.id+", user_id BIGINT NOT NULL)")
	mustExec(t, db,
		"CREATE TABLE changes (id "+e.id+", user_id BIGINT NOT NULL)")
	// Without it each confirmation reads, and under stricter isolation locks,
	// the sessions of everybody.
	mustExec(t, db, "CREATE INDEX sessions_user ON sessions (user_id)")
}

// emptied deletes all rows of these tables and reports whether all are there.
// Tables are dearer to make than rows. Those that are left go.
func emptied(t testing.TB, db *sql.DB, tables ...string) bool {
	t.Helper()
	for _, table := range tables {
		if _, err := db.ExecContext(
			t.Context(), "DELETE FROM "+table,
		); err != nil {
			for _, table := range tables {
				mustExec(t, db, "DROP TABLE IF EXISTS "+table)
			}
			return false
		}
	}
	return true
}

func createUsers(t testing.TB, e engine, db *sql.DB, hashColumn string) {
	t.Helper()
	if strings.Contains(hashColumn, "lookalike") {
		mustExec(t, db,
			"CREATE COLLATION IF NOT EXISTS lookalike (provider = icu, "+
				"locale = 'und-u-ks-level2', deterministic = false)")
	}
	mustExec(t, db,
		"CREATE TABLE users (id "+e.id+", email VARCHAR(255) NOT NULL, "+
			"password_hash "+hashColumn+
			" NULL, session_version BIGINT NOT NULL DEFAULT 0, locale VARCHAR(20), label VARCHAR(40), disabled BOOLEAN NOT NULL DEFAULT FALSE)")
	mustExec(t, db, "CREATE INDEX users_email ON users (email)")
	createFurther(t, e, db, "BIGINT", "VARCHAR(255)")
}

// endSessions is the hook every application should have.
func endSessions(e engine) func(context.Context, *sql.Tx, reset.User) error {
	return func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
		if _, err := tx.ExecContext(ctx,
			e.bind("DELETE FROM sessions WHERE user_id = ?"),
			seen.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx,
			e.bind("INSERT INTO changes (user_id) VALUES (?)"), seen.ID)
		return err
	}
}

// An application is the service over one engine, with one user and two
// sessions.
type application struct {
	engine  engine
	db      *sql.DB
	dsn     string
	keys    string
	pool    *sql.DB // the store's own
	store   *sqlstore.Store
	hasher  *hash.Hasher
	mailbox *mailtest.Recorder
	service *reset.Service
	ann     reset.User
}

// options change what an application is made of.
type options struct {
	wrap func(db *sql.DB, s *sqlstore.Store) reset.Store
	// beforeEnd and inTx run in the transaction, before and after endSessions.
	beforeEnd func()
	inTx      func(ctx context.Context, tx *sql.Tx, seen reset.User) error
	via       string // connect the store to this address
	// more parameters for the connections of the store
	dsn string
	// connections of the store; zero for what openDB allows
	conns int
	keys  string                      // empty: made for this application
	sink  func(db *sql.DB) reset.Sink // nil: events are dropped
}

func newApplication(t *testing.T, e engine, opt options) *application {
	t.Helper()
	db, dsn := e.open(t)
	createTables(t, e, db)
	if opt.keys == "" {
		keys, err := token.GenerateKeys("k1")
		require.NoError(t, err)
		opt.keys = keys.Reveal()
	}

	app := &application{
		engine: e, db: db, dsn: dsn, keys: opt.keys, hasher: newHasher(t),
		mailbox: &mailtest.Recorder{},
	}
	app.ann = app.addUser(t, annAddress)
	storeDSN := dsn + opt.dsn
	if opt.via != "" {
		storeDSN = e.through(t, dsn, opt.via)
	}
	app.pool = openDB(t, e.driver, storeDSN)
	if opt.conns > 0 {
		app.pool.SetMaxOpenConns(opt.conns)
		app.pool.SetMaxIdleConns(opt.conns)
	}

	app.store, app.service = newService(t, e, app.pool, app.hasher, app.mailbox,
		opt)
	return app
}

func newHasher(t *testing.T) *hash.Hasher {
	t.Helper()
	hasher, err := buildHasher()
	require.NoError(t, err)
	return hasher
}

// buildHasher makes a hasher that is cheap, and lets a thousand wait.
func buildHasher() (*hash.Hasher, error) {
	slots, err := hash.NewSlots(hash.SlotsConfig{Count: 2, Queue: 4096})
	if err != nil {
		return nil, err
	}
	return hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		Slots:  slots,
	})
}

func newService(
	t *testing.T, e engine, db *sql.DB, hasher *hash.Hasher, mailer mail.Mailer,
	opt options,
) (*sqlstore.Store, *reset.Service) {
	t.Helper()
	store, service, err := buildService(e, db, hasher, mailer, opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = service.Shutdown(context.WithoutCancel(t.Context()))
	})
	return store, service
}

func buildService(
	e engine, db *sql.DB, hasher *hash.Hasher, mailer mail.Mailer, opt options,
) (*sqlstore.Store, *reset.Service, error) {
	end := endSessions(e)
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: e.dialect, Table: users,
		InTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			if opt.beforeEnd != nil {
				opt.beforeEnd()
			}
			if err := end(ctx, tx, seen); err != nil || opt.inTx == nil {
				return err
			}
			return opt.inTx(ctx, tx, seen)
		},
	})
	if err != nil {
		return nil, nil, err
	}

	keys, err := token.ParseKeys(opt.keys)
	if err != nil {
		return nil, nil, err
	}
	cfg := reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys:  keys,
		Store: store, Mailer: mailer, Sessions: reset.EndSessionsInStore(),
		Hasher: hasher,
		Limits: reset.Limits{Off: true},
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	}
	if opt.wrap != nil {
		cfg.Store = opt.wrap(db, store)
	}
	if opt.sink != nil {
		cfg.Events = opt.sink(db)
	}
	service, err := reset.New(cfg)
	return store, service, err
}

func (a *application) addUser(t *testing.T, addr string) reset.User {
	t.Helper()
	encoded, err := a.hasher.Hash(t.Context(), oldPassword)
	require.NoError(t, err)
	mustExec(t, a.db,
		a.engine.bind("INSERT INTO users (email, password_hash) VALUES (?, ?)"),
		addr, encoded)
	id := queryInt(t, a.db,
		a.engine.bind("SELECT id FROM users WHERE email = ?"), addr)
	for range 2 {
		mustExec(t, a.db,
			a.engine.bind("INSERT INTO sessions (user_id) VALUES (?)"), id)
	}
	return reset.User{
		ID: strconv.Itoa(id), Email: addr, PasswordHash: encoded, Stamp: "0",
	}
}

// link makes a link for Ann and returns its token.
func (a *application) link(t *testing.T) string {
	t.Helper()
	link, err := a.service.Link(t.Context(), a.ann.ID, reset.LinkOptions{})
	require.NoError(t, err)
	_, raw, found := strings.Cut(link.Reveal(), "#token=")
	require.True(t, found)
	return raw
}

// restore brings back the old password with two sessions.
func (a *application) restore(t *testing.T) {
	t.Helper()
	mustExec(t, a.db,
		a.engine.bind("UPDATE users SET password_hash = ? WHERE id = ?"),
		a.ann.PasswordHash, a.ann.ID)
	mustExec(t, a.db, "DELETE FROM sessions")
	mustExec(t, a.db, "DELETE FROM changes")
	for range 2 {
		mustExec(t, a.db,
			a.engine.bind("INSERT INTO sessions (user_id) VALUES (?)"),
			a.ann.ID)
	}
}

func (a *application) storedHash(t *testing.T) string {
	t.Helper()
	return queryText(t, a.db,
		"SELECT password_hash FROM users WHERE id = "+a.ann.ID)
}

func (a *application) sessions(t *testing.T) int {
	t.Helper()
	return queryInt(t, a.db,
		"SELECT COUNT(*) FROM sessions WHERE user_id = "+a.ann.ID)
}

func (a *application) changes(t *testing.T) int {
	t.Helper()
	return queryInt(t, a.db,
		"SELECT COUNT(*) FROM changes WHERE user_id = "+a.ann.ID)
}

// requireChanged checks that all of one reset took place, once.
func (a *application) requireChanged(t *testing.T) {
	t.Helper()
	require.True(t, a.accepts(t, newPassword), "the new password does not work")
	require.Zero(t, a.sessions(t), "sessions survived the reset")
	require.Equal(t, 1, a.changes(t), "rows that belong to the change")
}

// requireUntouched checks that nothing of a reset took place.
func (a *application) requireUntouched(t *testing.T) {
	t.Helper()
	require.Equal(t, a.ann.PasswordHash, a.storedHash(t),
		"the hash has changed")
	require.Equal(t, 2, a.sessions(t), "sessions are gone without a reset")
	require.Zero(t, a.changes(t), "rows that belong to a change")
}

func (a *application) accepts(t *testing.T, password string) bool {
	t.Helper()
	result, err := a.hasher.Verify(t.Context(), password, a.storedHash(t))
	require.NoError(t, err)
	return result.OK
}

func confirm(ctx context.Context, service *reset.Service, raw string) error {
	return service.Confirm(ctx,
		reset.ConfirmInput{Token: raw, Password: newPassword})
}
