package sqldialect

import (
	"context"
	"database/sql"
	"sync"
)

// A Handle is the caller's *sql.DB, kept in a function because no printer can
// look into one. A *sql.DB holds the data source's name, with the password of
// the database, and fmt prints what a pointer points to under a verb that it
// does not know.
type Handle struct {
	open    func() *sql.DB
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
}

// HandleOf returns the handle of db.
func HandleOf(db *sql.DB) Handle {
	var kept sync.Map // of *sql.Stmt, by the text.
	return Handle{
		func() *sql.DB { return db },
		func(ctx context.Context, query string) (*sql.Stmt, error) {
			if stmt, ok := kept.Load(query); ok {
				return stmt.(*sql.Stmt), nil
			}

			stmt, err := db.PrepareContext(ctx, query)
			if err != nil {
				return nil, err
			}
			first, loaded := kept.LoadOrStore(query, stmt)
			if loaded {
				_ = stmt.Close() // another goroutine was faster.
			}
			return first.(*sql.Stmt), nil
		},
	}
}

// Kept returns a statement that is prepared once, and kept until the *sql.DB is
// closed. It is for few texts that never change. Preparing takes a connection,
// which a transaction may have, so call it before BeginTx.
func (h Handle) Kept(ctx context.Context, query string) (*sql.Stmt, error) {
	return h.prepare(ctx, query)
}

// QueryKept is QueryContext with a statement as Kept returns it.
func (h Handle) QueryKept(
	ctx context.Context, query string, args ...any,
) (*sql.Rows, error) {
	stmt, err := h.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// BeginTx is that of the *sql.DB.
func (h Handle) BeginTx(
	ctx context.Context, opts *sql.TxOptions,
) (*sql.Tx, error) {
	return h.open().BeginTx(ctx, opts)
}

// ExecContext is that of the *sql.DB.
func (h Handle) ExecContext(
	ctx context.Context, query string, args ...any,
) (sql.Result, error) {
	return h.open().ExecContext(ctx, query, args...)
}

// QueryContext is that of the *sql.DB.
func (h Handle) QueryContext(
	ctx context.Context, query string, args ...any,
) (*sql.Rows, error) {
	return h.open().QueryContext(ctx, query, args...)
}

// QueryRowContext is that of the *sql.DB.
func (h Handle) QueryRowContext(
	ctx context.Context, query string, args ...any,
) *sql.Row {
	return h.open().QueryRowContext(ctx, query, args...)
}
