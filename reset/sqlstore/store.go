package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// maxMatches bounds the rows read for one address. Anybody who may register the
// spellings of an address could make them as many as they like, and a statement
// that lost its condition would drag the table into memory.
const maxMatches = 100

// maxRows bounds the rows looked at for one address. The statements of a Table
// yield no more than maxMatches, the exact spelling first. Those of a host may
// yield it anywhere.
const maxRows = 10_000

// Store is a [reset.Store] over database/sql. It is safe for concurrent use.
// The *sql.DB stays the caller's, with its pool, its time limits and its Close.
type Store struct {
	db      sqldialect.Handle
	dialect sqldialect.Dialect
	queries Queries
	// table is zero where the host wrote the statements.
	table Table
	// where are the values of Table.Where, which every statement takes.
	where []any
	// marks has the number of parameters of statements that write them as ?.
	marks map[string]int
	inTx  func(ctx context.Context, tx *sql.Tx, seen reset.User) error
	// refused counts the retried writes that run or wait, and turn is full
	// while one of them, or of those that queue with them, runs.
	refused atomic.Int32
	turn    chan struct{}
}

var _ reset.Store = (*Store)(nil)

// New makes a store. The error names the field of Config that is at fault. New
// does not talk to the database, so a table or column that is not there shows
// at the first use, or in Check.
func New(db *sql.DB, cfg Config) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the database is nil")
	}
	queries, err := cfg.compile()
	if err != nil {
		return nil, err
	}

	s := &Store{
		db:      sqldialect.HandleOf(db),
		dialect: sqldialect.Dialect(cfg.Dialect),
		queries: queries,
		marks: map[string]int{
			queries.ByEmail:    countMarks(queries.ByEmail),
			queries.ByRecovery: countMarks(queries.ByRecovery),
		},
		inTx: cfg.InTx,
		turn: make(chan struct{}, 1),
	}
	if cfg.Queries == (Queries{}) {
		s.table, s.where = cfg.Table, cfg.Table.values()
		s.table.Where = slices.Clone(cfg.Table.Where)
	}

	return s, nil
}

// EndsSessions tells [reset.New] whether there is a Config.InTx, without which
// ReplaceHash ends no session. It does not know what InTx does.
func (s *Store) EndsSessions() bool { return s.inTx != nil }

// FindByEmail returns the accounts the statement finds for addr, at most 100 of
// them. Finding none is no error, nor is a text that the column cannot hold. It
// does not check that the stored address equals addr, because package reset
// does. Accounts whose address is spelled exactly like addr come first, so that
// no number of other spellings hides the owner. With a Queries.ByEmail that
// does not sort, that holds for 10,000 rows. ctx governs the whole query.
func (s *Store) FindByEmail(
	ctx context.Context, addr string,
) ([]reset.User, error) {
	if !s.dialect.CanHold(addr) {
		return nil, ctx.Err()
	}

	users, err := s.lookUp(ctx, s.queries.ByEmail, addr)
	if err == nil && s.queries.ByRecovery != "" {
		var others []reset.User
		others, err = s.lookUp(ctx, s.queries.ByRecovery, addr)
		users = merge(users, others, addr)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: find by address: %w", err)
	}

	return users, nil
}

// lookUp runs one of the statements that take an address.
func (s *Store) lookUp(
	ctx context.Context, query, addr string,
) ([]reset.User, error) {
	users, err := retried(ctx, s.dialect, func() ([]reset.User, error) {
		return s.findByAddress(ctx, query, addr)
	})
	if s.dialect.Refuses(err, addr) {
		return nil, nil
	}
	return users, err
}

func (s *Store) findByAddress(
	ctx context.Context, query, addr string,
) ([]reset.User, error) {
	rows, err := s.query(ctx, query, s.emailParams(query, addr)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.

	var exact, others []reset.User
	for n := 0; n < maxRows && len(exact) < maxMatches && rows.Next(); n++ {
		u, err := s.scanUser(rows)
		switch {
		case err != nil:
			return nil, err
		case has(u, addr):
			exact = append(exact, u)
		case len(others) < maxMatches:
			others = append(others, u)
		}
	}

	users := slices.Concat(exact, others)
	return users[:min(len(users), maxMatches)], rows.Err()
}

// has reports whether an address of u is spelled exactly like addr.
func has(u reset.User, addr string) bool {
	return u.Email == addr || slices.Contains(u.Recovery, addr)
}

// merge returns the accounts that two statements found, each once, with the
// exact spellings first.
func merge(byEmail, byRecovery []reset.User, addr string) []reset.User {
	var exact, others []reset.User
	seen := make(map[string]bool)
	for _, u := range slices.Concat(byEmail, byRecovery) {
		switch {
		case seen[u.ID]:
		case has(u, addr):
			exact = append(exact, u)
		default:
			others = append(others, u)
		}
		seen[u.ID] = true
	}

	users := slices.Concat(exact, others)
	return users[:min(len(users), maxMatches)]
}

// query runs a look-up. SQLite takes longer to read a statement than to run it,
// so there it is prepared once.
func (s *Store) query(
	ctx context.Context, query string, args ...any,
) (*sql.Rows, error) {
	if s.dialect == sqldialect.SQLite {
		return s.db.QueryKept(ctx, query, args...)
	}
	return s.db.QueryContext(ctx, query, args...)
}

// emailParams returns the parameters of ByEmail and ByRecovery. Where they are
// written as ?, what a Table makes takes the address first, then the values of
// Where, and the address once more to sort by.
func (s *Store) emailParams(query, addr string) []any {
	again := 0
	if s.dialect != sqldialect.PostgreSQL {
		marks, known := s.marks[query]
		if !known {
			marks = countMarks(query)
		}
		again = marks - len(s.where) - 1
	}
	return slices.Concat(
		[]any{addr}, s.where, slices.Repeat([]any{addr}, again),
	)
}

// withWhere returns the parameters of a statement that takes first.
func (s *Store) withWhere(first ...any) []any {
	return append(first, s.where...)
}

// FindByID returns the account with exactly this id, or
// [reset.ErrUserNotFound]. An id the column cannot hold, or that the database
// converted to match another (MySQL finds row 42 for "42abc"), is not found.
// ctx governs the whole query.
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	if !s.dialect.CanHold(id) {
		return reset.User{}, cmp.Or(ctx.Err(), reset.ErrUserNotFound)
	}

	u, err := retried(ctx, s.dialect, func() (reset.User, error) {
		return s.findByID(ctx, id)
	})
	if errors.Is(err, sql.ErrNoRows) || s.dialect.Refuses(err, id) {
		return reset.User{}, reset.ErrUserNotFound
	}
	if err != nil {
		return reset.User{}, fmt.Errorf("sqlstore: find by id: %w", err)
	}

	if u.ID != id {
		return reset.User{}, reset.ErrUserNotFound
	}
	return u, nil
}

func (s *Store) findByID(ctx context.Context, id string) (reset.User, error) {
	rows, err := s.query(ctx, s.queries.ByID, s.withWhere(id)...)
	if err != nil {
		return reset.User{}, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.

	if !rows.Next() {
		return reset.User{}, cmp.Or(rows.Err(), sql.ErrNoRows)
	}
	u, err := s.scanUser(rows)
	return u, cmp.Or(err, rows.Close())
}

// scanUser reads a row of six columns, and of those that not all tables have.
func (s *Store) scanUser(rows *sql.Rows) (reset.User, error) {
	columns, err := rows.Columns()
	if err != nil {
		return reset.User{}, err
	}
	if (len(columns) == allColumns) != (s.queries.ByRecovery != "") {
		return reset.User{}, errors.New(
			"an eighth column and Config.Queries.ByRecovery, want both or none",
		)
	}

	var (
		u                           reset.User
		email, encoded, stamp, lang sql.NullString
		label, recovery             sql.NullString
		disabled                    flag
	)
	dest := []any{
		&u.ID, &email, &encoded, &stamp, &lang, &disabled, &label, &recovery,
	}
	// Scan refuses any other number of columns.
	n := min(max(len(columns), allColumns-2), allColumns)
	if err := rows.Scan(dest[:n]...); err != nil {
		return reset.User{}, err
	}

	u.Email, u.PasswordHash = email.String, encoded.String
	u.Stamp, u.Locale, u.Label = stamp.String, lang.String, label.String
	u.Disabled = bool(disabled)
	if recovery.String != "" {
		u.Recovery = strings.Split(recovery.String, lineFeed)
	}
	return u, nil
}

// allColumns is how many columns a look-up yields at most. The last two are the
// label and the further addresses.
const allColumns = 8

// A flag reads a truth value in any of the forms the drivers hand out, MySQL's
// BIT(1) included, which sql.NullBool refuses.
type flag bool

func (f *flag) Scan(src any) error {
	if raw, ok := src.([]byte); ok && len(raw) == 1 && raw[0] <= 1 {
		*f = raw[0] == 1
		return nil
	}

	var b sql.NullBool
	if err := b.Scan(src); err != nil {
		// The cause would print the value, which is a piece of a user's row.
		return errors.New(
			"the column for disabled accounts is not a truth value",
		)
	}
	*f = flag(b.Bool)
	return nil
}
