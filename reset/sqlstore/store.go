package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

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
	// emailArgs is how often Queries.ByEmail takes the address.
	emailArgs int
	// where are the values of Table.Where, which every statement takes.
	where []any
	inTx  func(ctx context.Context, tx *sql.Tx, seen reset.User) error
}

var _ reset.Store = (*Store)(nil)

// New makes a store. It checks names and parameters but does not talk to the
// database, so a table or column that is not there shows at the first use.
func New(db *sql.DB, cfg Config) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: the database is nil")
	}
	queries, err := cfg.compile()
	if err != nil {
		return nil, err
	}

	s := &Store{
		db:        sqldialect.HandleOf(db),
		dialect:   sqldialect.Dialect(cfg.Dialect),
		queries:   queries,
		emailArgs: 1,
		inTx:      cfg.InTx,
	}
	if cfg.Queries == (Queries{}) {
		s.table, s.where = cfg.Table, cfg.Table.values()
		s.table.Where = slices.Clone(cfg.Table.Where)
	}
	if s.dialect != sqldialect.PostgreSQL {
		s.emailArgs = countMarks(queries.ByEmail) - len(s.where)
	}

	return s, nil
}

// FindByEmail returns the accounts the statement finds for addr, at most 100 of
// them. Finding none is no error. Accounts whose address is spelled exactly
// like addr come first, so that no number of accounts under other spellings of
// it hides its owner. That holds for any number with the statements of a Table,
// and for 10,000 with a Queries.ByEmail that does not sort. It does not check
// that the stored address equals addr, because package reset does. A text that
// no address in the table can be, because the database cannot compare it with
// the column, finds nothing. ctx governs the whole query.
func (s *Store) FindByEmail(
	ctx context.Context, addr string,
) ([]reset.User, error) {
	if !s.dialect.CanHold(addr) {
		return nil, ctx.Err()
	}

	users, err := look(s.dialect, func() ([]reset.User, error) {
		return s.findByEmail(ctx, addr)
	})
	if s.dialect.Refuses(err, addr) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: find by address: %w", err)
	}

	return users, nil
}

func (s *Store) findByEmail(
	ctx context.Context, addr string,
) ([]reset.User, error) {
	rows, err := s.db.QueryContext(
		ctx, s.queries.ByEmail, s.emailParams(addr)...,
	)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.

	var exact, others []reset.User
	for n := 0; n < maxRows && len(exact) < maxMatches && rows.Next(); n++ {
		u, err := scanUser(rows)
		switch {
		case err != nil:
			return nil, err
		case u.Email == addr:
			exact = append(exact, u)
		case len(others) < maxMatches:
			others = append(others, u)
		}
	}

	users := slices.Concat(exact, others)
	return users[:min(len(users), maxMatches)], rows.Err()
}

// emailParams returns the parameters of ByEmail. Where they are written as ?,
// what a Table makes takes the address first, then the values of Where, and the
// address once more to sort by.
func (s *Store) emailParams(addr string) []any {
	return slices.Concat(
		[]any{addr}, s.where, slices.Repeat([]any{addr}, s.emailArgs-1),
	)
}

// withWhere returns the parameters of a statement that takes first.
func (s *Store) withWhere(first ...any) []any {
	return append(first, s.where...)
}

// FindByID returns the account with exactly this id, or
// [reset.ErrUserNotFound]. An id the column cannot hold, and one the database
// took for another by converting it (MySQL finds row 42 for "42abc"), is not
// found. ctx governs the whole query.
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	if !s.dialect.CanHold(id) {
		return reset.User{}, cmp.Or(ctx.Err(), reset.ErrUserNotFound)
	}

	u, err := look(s.dialect, func() (reset.User, error) {
		return scanUser(s.db.QueryRowContext(
			ctx, s.queries.ByID, s.withWhere(id)...,
		))
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

// maxAttempts bounds how many attempts are made at work that other transactions
// get in the way of.
const maxAttempts = 3

// look retries a look-up that was refused because of other transactions, as
// PostgreSQL under SERIALIZABLE does to a lone SELECT too. It writes nothing,
// so nothing has to be found out in between.
func look[T any](d sqldialect.Dialect, find func() (T, error)) (T, error) {
	for range maxAttempts - 1 {
		if found, err := find(); !d.Conflict(err) {
			return found, err
		}
	}
	return find()
}

func scanUser(row interface{ Scan(dest ...any) error }) (reset.User, error) {
	var (
		u                           reset.User
		email, encoded, stamp, lang sql.NullString
		disabled                    flag
	)
	if err := row.Scan(
		&u.ID, &email, &encoded, &stamp, &lang, &disabled,
	); err != nil {
		return reset.User{}, err
	}

	u.Email, u.PasswordHash, u.Stamp, u.Locale =
		email.String, encoded.String, stamp.String, lang.String
	u.Disabled = bool(disabled)
	return u, nil
}

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
