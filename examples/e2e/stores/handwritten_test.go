package stores_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A byHand is a store as a program that knows its database writes it, over
// database/sql alone. It keeps the contract in one of three ways: one
// conditional statement and the sessions in a default transaction, the same
// under SERIALIZABLE with retries, or a row that is locked, read, compared and
// written.
type byHand struct {
	db     *sql.DB
	engine engine
	way    string
}

func handWritten(
	way string,
) func(*testing.T, engine, *sql.DB, *sqlstore.Store) reset.Store {
	return func(_ *testing.T, e engine, db *sql.DB, _ *sqlstore.Store) reset.Store {
		return &byHand{db, e, way}
	}
}

func (s *byHand) columns() string {
	return "SELECT id, email, COALESCE(password_hash, ''), session_version, " +
		"disabled, COALESCE(label, ''), COALESCE(" +
		addressList[s.engine.dialect] + ", '') FROM users WHERE "
}

func (s *byHand) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	query := s.engine.bind(s.columns() + "LOWER(email) = LOWER(?) OR " +
		hasAddress)
	rows, err := s.db.QueryContext(ctx, query, email, email)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.
	var found []reset.User
	for rows.Next() {
		user, err := scanByHand(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, user)
	}
	return found, rows.Err()
}

func (s *byHand) FindByID(ctx context.Context, id string) (reset.User, error) {
	user, err := scanByHand(s.db.QueryRowContext(ctx,
		s.engine.bind(s.columns()+"id = ?"), id))
	if errors.Is(err, sql.ErrNoRows) || malformed(err) || err == nil && user.ID != id {
		return reset.User{}, reset.ErrUserNotFound
	}
	return user, err
}

func scanByHand(row interface{ Scan(dest ...any) error }) (user reset.User, err error) {
	var addresses string
	err = row.Scan(&user.ID, &user.Email, &user.PasswordHash, &user.Stamp,
		&user.Disabled, &user.Label, &addresses)
	user.Recovery = splitAddresses(addresses)
	return user, err
}

// malformed knows PostgreSQL's errors about an id that is no integer.
func malformed(err error) bool {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (failure.Code == "22P02" || failure.Code == "22003")
}

func (s *byHand) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	for {
		err := s.replace(ctx, seen, encoded)
		if !serialization(err) {
			return err
		}
	}
}

func serialization(err error) bool {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "40001" || failure.Code == "40P01"
	}
	failure, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && failure.Number == 1213
}

func (s *byHand) replace(ctx context.Context, seen reset.User, encoded string) error {
	level := sql.LevelDefault
	if s.way == "SERIALIZABLE" {
		level = sql.LevelSerializable
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: level})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do.

	if s.way == "FOR UPDATE" {
		err = s.replaceLocked(ctx, tx, seen, encoded)
	} else {
		err = s.replaceWhere(ctx, tx, seen, encoded)
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		s.engine.bind("DELETE FROM sessions WHERE user_id = ?"),
		seen.ID); err != nil {
		return err
	}

	return tx.Commit()
}

func (s *byHand) replaceWhere(
	ctx context.Context, tx *sql.Tx, seen reset.User, encoded string,
) error {
	where := "id = ? AND COALESCE(password_hash, '') = ? AND email = ? AND " +
		"session_version = ? AND NOT disabled AND COALESCE(" +
		addressList[s.engine.dialect] + ", '') = ?"
	if s.engine.dialect == sqlstore.MySQL {
		where = strings.ReplaceAll(where, "email = ", "BINARY email = ")
	}
	res, err := tx.ExecContext(ctx,
		s.engine.bind("UPDATE users SET password_hash = ? WHERE "+where),
		encoded, seen.ID, seen.PasswordHash, seen.Email, seen.Stamp,
		strings.Join(seen.Recovery, "\n"))
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return errors.Join(err, reset.ErrStale)
	}
	return nil
}

func (s *byHand) replaceLocked(
	ctx context.Context, tx *sql.Tx, seen reset.User, encoded string,
) error {
	now, err := scanByHand(tx.QueryRowContext(ctx,
		s.engine.bind(s.columns()+"id = ? FOR UPDATE"), seen.ID))
	now.Label = seen.Label // which no link is bound to
	if errors.Is(err, sql.ErrNoRows) ||
		err == nil && (!reflect.DeepEqual(now, seen) || now.Disabled) {
		return reset.ErrStale
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx,
		s.engine.bind("UPDATE users SET password_hash = ? WHERE id = ?"),
		encoded, seen.ID)
	return err
}
