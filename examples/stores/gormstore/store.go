// Package gormstore keeps accounts by GORM.
package gormstore

import (
	"cmp"
	"context"
	"database/sql"
	"strconv"

	"gorm.io/gorm"

	"github.com/lostkey-go/lostkey/reset"
)

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ DB *gorm.DB }

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
	rows, err := gorm.G[User](s.DB).Where(where, arg).Find(ctx)
	found := make([]reset.User, len(rows))
	for i, row := range rows {
		found[i] = row.account()
	}
	return found, err
}

// ReplaceHash implements [reset.Store]. DB.Save would not do. It writes the
// whole row, whatever became of it since it was read.
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	return s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		done := tx.Model(&User{}).Where(`id = ?
			AND COALESCE(password_hash, '') = ? AND email = ?
			AND session_version = ? AND NOT disabled`,
			seen.ID, seen.PasswordHash, seen.Email, seen.Stamp,
		).Update("password_hash", encoded)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return reset.ErrStale
		}

		return tx.Where("user_id = ?", seen.ID).Delete(&Session{}).Error
	}, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
}
