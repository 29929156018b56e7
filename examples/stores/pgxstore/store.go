// Package pgxstore keeps accounts by pgx, without database/sql.
package pgxstore

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lostkey-go/lostkey/reset"
)

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ Pool *pgxpool.Pool }

const find = `SELECT id::text, email, COALESCE(password_hash, ''),
	session_version::text, name, locale, disabled FROM users WHERE `

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	rows, _ := s.Pool.Query(ctx, find+"lower(email) = lower($1)", email)
	return pgx.CollectRows(rows, scan) // has the error of Query as well
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return reset.User{}, reset.ErrUserNotFound
	}

	rows, _ := s.Pool.Query(ctx, find+"id = $1", n)
	user, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = reset.ErrUserNotFound
	}
	return user, err
}

func scan(row pgx.CollectableRow) (u reset.User, err error) {
	err = row.Scan(&u.ID, &u.Email, &u.PasswordHash, &u.Stamp, &u.Label,
		&u.Locale, &u.Disabled)
	return u, err
}

// ReplaceHash implements [reset.Store].
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	level := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	return pgx.BeginTxFunc(ctx, s.Pool, level, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE users SET password_hash = $1
			WHERE id = $2 AND COALESCE(password_hash, '') = $3 AND email = $4
			AND session_version::text = $5 AND NOT disabled`,
			encoded, seen.ID, seen.PasswordHash, seen.Email, seen.Stamp)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return reset.ErrStale
		}

		_, err = tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = $1", seen.ID)
		return err
	})
}
