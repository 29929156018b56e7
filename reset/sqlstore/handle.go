package sqlstore

import (
	"context"
	"database/sql"
)

// A handle is the caller's *sql.DB, kept in a function because no printer can
// look into one. A *sql.DB holds the data source's name, with the password of
// the database, and fmt prints what a pointer points to under a verb that it
// does not know.
type handle struct{ open func() *sql.DB }

func handleOf(db *sql.DB) handle {
	return handle{func() *sql.DB { return db }}
}

func (h handle) BeginTx(
	ctx context.Context, opts *sql.TxOptions,
) (*sql.Tx, error) {
	return h.open().BeginTx(ctx, opts)
}

func (h handle) ExecContext(
	ctx context.Context, query string, args ...any,
) (sql.Result, error) {
	return h.open().ExecContext(ctx, query, args...)
}

func (h handle) QueryContext(
	ctx context.Context, query string, args ...any,
) (*sql.Rows, error) {
	return h.open().QueryContext(ctx, query, args...)
}

func (h handle) QueryRowContext(
	ctx context.Context, query string, args ...any,
) *sql.Row {
	return h.open().QueryRowContext(ctx, query, args...)
}
