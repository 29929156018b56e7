package sqlstore_test

import (
	"database/sql/driver"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func plainTable() sqlstore.Table {
	return sqlstore.Table{
		Name: "users", ID: "id", Email: "email", Hash: "password_hash",
	}
}

// ann is an account, and annsRow is how a database yields it.
var (
	ann = reset.User{
		ID: "7", Email: "ann@example.org", PasswordHash: "old hash", Stamp: "3",
	}
	annsRow = []driver.Value{"7", "ann@example.org", "old hash", "3", nil, false}
)

// annsRowWith returns annsRow with another value in one column.
func annsRowWith(column int, value driver.Value) []driver.Value {
	row := slices.Clone(annsRow)
	row[column] = value
	return row
}

// yields answers every query with these rows.
func yields(
	rows ...[]driver.Value,
) func(string, []any) ([][]driver.Value, error) {
	return func(string, []any) ([][]driver.Value, error) { return rows, nil }
}

// refusesQuery answers every query with err.
func refusesQuery(err error) func(string, []any) ([][]driver.Value, error) {
	return func(string, []any) ([][]driver.Value, error) { return nil, err }
}

// refusesExec answers every other statement with err.
func refusesExec(err error) func(string, []any) (int64, error) {
	return func(string, []any) (int64, error) { return 0, err }
}

func newStore(
	t *testing.T,
	f *sqltest.DB,
	d sqlstore.Dialect,
	change ...func(*sqlstore.Config),
) *sqlstore.Store {
	t.Helper()
	cfg := sqlstore.Config{Dialect: d, Table: plainTable()}
	for _, c := range change {
		c(&cfg)
	}
	store, err := sqlstore.New(f.Open(t), cfg)
	require.NoError(t, err)
	return store
}

// Errors in the forms that the drivers have them in.
type (
	stateError string // pgx, lib/pq
	codeError  int    // modernc
)

func (e stateError) Error() string    { return "server said " + string(e) }
func (e stateError) SQLState() string { return string(e) }
func (e codeError) Error() string     { return "sqlite said so" }
func (e codeError) Code() int         { return int(e) }
