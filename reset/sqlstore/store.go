package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/reset"
)

// maxMatches bounds the rows read for one address. More mean that the statement
// lost its condition and would drag the table into memory.
const maxMatches = 100

// Store is a [reset.Store] over database/sql. It is safe for concurrent use. The
// *sql.DB stays the caller's: its pool, its time limits, its Close.
type Store struct {
	db      handle
	dialect Dialect
	queries Queries
	inTx    func(ctx context.Context, tx *sql.Tx, seen reset.User) error
}

var _ reset.Store = (*Store)(nil)

// New makes a store. It checks names and parameters but does not talk to the
// database, so a table or column that is not there shows at the first use.
func New(db *sql.DB, cfg Config) (*Store, error) {
	if db == nil {
		return nil, errNoDatabase
	}
	queries, err := cfg.compile()
	if err != nil {
		return nil, err
	}
	return &Store{db: handleOf(db), dialect: cfg.Dialect, queries: queries, inTx: cfg.InTx}, nil
}

// FindByEmail returns every account the statement finds for addr; none is no
// error. It does not check that the stored address equals addr: package reset
// does. ctx governs the whole query.
func (s *Store) FindByEmail(ctx context.Context, addr string) ([]reset.User, error) {
	return look(s.dialect, func() ([]reset.User, error) { return s.findByEmail(ctx, addr) })
}

func (s *Store) findByEmail(ctx context.Context, addr string) ([]reset.User, error) {
	rows, err := s.db.QueryContext(ctx, s.queries.ByEmail, addr)
	if err != nil {
		if s.dialect.badValue(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("sqlstore: find by address: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.
	var users []reset.User
	for rows.Next() {
		if len(users) == maxMatches {
			return nil, fmt.Errorf("sqlstore: more than %d accounts for one address", maxMatches)
		}
		u, err := scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: find by address: %w", err)
		}
		users = append(users, u)
	}
	if err := rows.Err(); err != nil {
		if s.dialect.badValue(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("sqlstore: find by address: %w", err)
	}
	return users, nil
}

// FindByID returns the account with exactly this id, or [reset.ErrUserNotFound].
// An id the column cannot hold, and one the database took for another by
// converting it (MySQL finds row 42 for "42abc"), is not found. ctx governs the
// whole query.
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	u, err := look(s.dialect, func() (reset.User, error) {
		return scanUser(s.db.QueryRowContext(ctx, s.queries.ByID, id))
	})
	if errors.Is(err, sql.ErrNoRows) || s.dialect.badValue(err) {
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

func scanUser(row interface{ Scan(dest ...any) error }) (reset.User, error) {
	var (
		u                           reset.User
		email, encoded, stamp, lang sql.NullString
		disabled                    flag
	)
	if err := row.Scan(&u.ID, &email, &encoded, &stamp, &lang, &disabled); err != nil {
		return reset.User{}, err
	}
	u.Email, u.PasswordHash, u.Stamp, u.Locale = email.String, encoded.String, stamp.String, lang.String
	u.Disabled = bool(disabled)
	return u, nil
}

// flag reads a truth value in any of the forms the drivers hand out, MySQL's
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
		return errors.New("the column for disabled accounts is not a truth value")
	}
	*f = flag(b.Bool)
	return nil
}
