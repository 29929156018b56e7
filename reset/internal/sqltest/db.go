// Package sqltest answers database/sql as a test wants, so that the tests of
// sqlstore and sqlaudit need no driver. Those with real databases are in
// examples/e2e.
package sqltest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// HostileNames are texts that must not become the name of a table or a column.
var HostileNames = []string{
	`users"`, "users`", "users'", "users;DROP TABLE users", "users --",
	"us ers", " users", "users ", "users\n", "users\x00",
	"a.b.c", ".users", "users.", "a..b", "1users", "üsers", "users\u200b",
	"[users]", "users/*", strings.Repeat("a", 64),
}

// DB answers statements with its functions, and keeps what it was sent. Without
// a function a query yields no row, a statement changes one, and a commit
// succeeds.
type DB struct {
	Query  func(statement string, args []any) ([][]driver.Value, error)
	Exec   func(statement string, args []any) (int64, error)
	Commit func() error

	mu   sync.Mutex
	sent []string
}

// Open returns f as a database, which the end of the test closes.
func (f *DB) Open(t testing.TB) *sql.DB {
	t.Helper()
	db := f.OpenForExample()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// OpenForExample returns f as a database. An example has no end to close it at.
func (f *DB) OpenForExample() *sql.DB { return sql.OpenDB(connector{f}) }

// Sent returns the first words of all that was sent, such as BEGIN UPDATE
// COMMIT.
func (f *DB) Sent() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.sent, " ")
}

// Forget empties Sent.
func (f *DB) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = nil
}

func (f *DB) note(statement string) {
	word, _, _ := strings.Cut(statement, " ")

	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, word)
}

type connector struct{ db *DB }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	return conn(c), nil
}

func (c connector) Driver() driver.Driver { return nil }

type conn struct{ db *DB }

func (c conn) Prepare(statement string) (driver.Stmt, error) {
	return prepared{c, statement}, nil
}

func (c conn) Close() error { return nil }

func (c conn) Begin() (driver.Tx, error) {
	return nil, errors.New("sqltest: a transaction without a context")
}

func (c conn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.db.note("BEGIN")
	return c, nil
}

func (c conn) Commit() error {
	c.db.note("COMMIT")
	if c.db.Commit == nil {
		return nil
	}
	return c.db.Commit()
}

func (c conn) Rollback() error {
	c.db.note("ROLLBACK")
	return nil
}

func (c conn) QueryContext(
	_ context.Context, statement string, args []driver.NamedValue,
) (driver.Rows, error) {
	c.db.note(statement)
	if c.db.Query == nil {
		return &rows{}, nil
	}

	all, err := c.db.Query(statement, values(args))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return &rows{}, nil
	}
	return &rows{all: all, width: len(all[0])}, nil
}

func (c conn) ExecContext(
	_ context.Context, statement string, args []driver.NamedValue,
) (driver.Result, error) {
	c.db.note(statement)
	if c.db.Exec == nil {
		return driver.RowsAffected(1), nil
	}

	n, err := c.db.Exec(statement, values(args))
	return driver.RowsAffected(n), err
}

func values(args []driver.NamedValue) []any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a.Value
	}
	return list
}

// rows takes the number of its columns from its first row. A row that is one
// error ends the rows with it.
type rows struct {
	all   [][]driver.Value
	width int
}

func (r *rows) Columns() []string { return make([]string, r.width) }

func (r *rows) Close() error { return nil }

func (r *rows) Next(dest []driver.Value) error {
	if len(r.all) == 0 {
		return io.EOF
	}
	if err, ok := r.all[0][0].(error); ok {
		return err
	}

	copy(dest, r.all[0])
	r.all = r.all[1:]
	return nil
}

// prepared is a statement that is sent when it is run.
type prepared struct {
	conn
	statement string
}

func (p prepared) NumInput() int { return -1 }

func (p prepared) QueryContext(
	ctx context.Context, args []driver.NamedValue,
) (driver.Rows, error) {
	return p.conn.QueryContext(ctx, p.statement, args)
}

func (p prepared) ExecContext(
	ctx context.Context, args []driver.NamedValue,
) (driver.Result, error) {
	return p.conn.ExecContext(ctx, p.statement, args)
}

func (p prepared) Exec([]driver.Value) (driver.Result, error) {
	return nil, errors.New("sqltest: a statement without a context")
}

func (p prepared) Query([]driver.Value) (driver.Rows, error) {
	return nil, errors.New("sqltest: a query without a context")
}
