// Package bunstore keeps accounts by Bun.
package bunstore

import (
	"cmp"
	"context"
	"database/sql"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/lostkey-go/lostkey/reset"
)

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ DB *bun.DB }

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	return s.find(ctx, "lower(email) = lower(?)", email)
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return reset.User{}, reset.ErrUserNotFound
	}

	found, err := s.find(ctx, "id = ?", n)
	if err != nil || len(found) == 0 {
		return reset.User{}, cmp.Or(err, reset.ErrUserNotFound)
	}
	return found[0], nil
}

func (s *Store) find(ctx context.Context, where string, arg any) ([]reset.User, error) {
	var rows []User
	err := s.DB.NewSelect().Model(&rows).Where(where, arg).Scan(ctx)
	found := make([]reset.User, len(rows))
	for i, row := range rows {
		found[i] = row.account()
	}
	return found, err
}

// ReplaceHash implements [reset.Store]. An update by WherePK alone would not
// do. It writes the row whatever became of it since it was read.
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	level := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	return s.DB.RunInTx(ctx, level, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.NewUpdate().Model((*User)(nil)).
			Set("password_hash = ?", encoded).Where("id = ?", seen.ID).
			Where("COALESCE(password_hash, '') = ?", seen.PasswordHash).
			Where("email = ?", seen.Email).
			Where("session_version = ?", seen.Stamp).
			Where("NOT disabled").Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, reset.ErrStale)
		}

		_, err = tx.NewDelete().Model((*Session)(nil)).
			Where("user_id = ?", seen.ID).Exec(ctx)
		return err
	})
}
