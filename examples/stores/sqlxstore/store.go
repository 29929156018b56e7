// Package sqlxstore keeps accounts by sqlx.
package sqlxstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/lostkey-go/lostkey/reset"
)

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ DB *sqlx.DB }

// The columns are named as the fields of reset.User, in lower case.
const find = `SELECT id, email, COALESCE(password_hash, '') AS passwordhash,
	session_version AS stamp, name AS label, locale, disabled
	FROM users WHERE `

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	var found []reset.User
	err := s.DB.SelectContext(ctx, &found, find+"lower(email) = lower($1)", email)
	return found, err
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (user reset.User, err error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return reset.User{}, reset.ErrUserNotFound
	}

	err = s.DB.GetContext(ctx, &user, find+"id = $1", n)
	if errors.Is(err, sql.ErrNoRows) {
		err = reset.ErrUserNotFound
	}
	return user, err
}

// ReplaceHash implements [reset.Store].
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	tx, err := s.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing

	res, err := tx.ExecContext(ctx, `UPDATE users SET password_hash = $1
		WHERE id = $2 AND COALESCE(password_hash, '') = $3 AND email = $4
		AND session_version::text = $5 AND NOT disabled`,
		encoded, seen.ID, seen.PasswordHash, seen.Email, seen.Stamp)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return cmp.Or(err, reset.ErrStale)
	}

	if _, err := tx.ExecContext(ctx,
		"DELETE FROM sessions WHERE user_id = $1", seen.ID); err != nil {
		return err
	}
	return tx.Commit()
}
