package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fakeDB answers statements as a test wants and keeps what it was sent. The tests
// with real databases are in the examples module, so that this one needs no driver.
type fakeDB struct {
	query  func(statement string, args []any) ([][]driver.Value, error)
	exec   func(statement string, args []any) (int64, error)
	commit func() error

	mu  sync.Mutex
	log []string
}

func (f *fakeDB) open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(fakeConnector{f})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (f *fakeDB) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, what)
}

// sent returns the first words of everything sent so far: BEGIN, UPDATE, COMMIT.
func (f *fakeDB) sent() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.log, " ")
}

type fakeConnector struct{ db *fakeDB }

func (c fakeConnector) Connect(context.Context) (driver.Conn, error) { return fakeConn(c), nil }
func (c fakeConnector) Driver() driver.Driver                        { return nil }

type fakeConn struct{ db *fakeDB }

func (c fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (c fakeConn) Close() error                        { return nil }
func (c fakeConn) Begin() (driver.Tx, error)           { return nil, errors.New("no context") }

func (c fakeConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.db.note("BEGIN")
	return c, nil
}

func (c fakeConn) Commit() error {
	c.db.note("COMMIT")
	if c.db.commit != nil {
		return c.db.commit()
	}
	return nil
}

func (c fakeConn) Rollback() error {
	c.db.note("ROLLBACK")
	return nil
}

func (c fakeConn) QueryContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	c.db.note(firstWord(statement))
	if c.db.query == nil {
		return &fakeRows{}, nil
	}
	rows, err := c.db.query(statement, values(args))
	if err != nil {
		return nil, err
	}
	return &fakeRows{rows: rows}, nil
}

func (c fakeConn) ExecContext(_ context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	c.db.note(firstWord(statement))
	if c.db.exec == nil {
		return driver.RowsAffected(1), nil
	}
	n, err := c.db.exec(statement, values(args))
	return driver.RowsAffected(n), err
}

func firstWord(statement string) string {
	word, _, _ := strings.Cut(statement, " ")
	return word
}

func values(args []driver.NamedValue) []any {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a.Value
	}
	return list
}

// fakeRows takes the number of its columns from its first row. A row that is one
// error ends the rows with it.
type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.rows) == 0 {
		return make([]string, 6)
	}
	return make([]string, len(r.rows[0]))
}

func (r *fakeRows) Close() error { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	if err, ok := r.rows[0][0].(error); ok {
		return err
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
