// Package entstore keeps accounts by code that go generate made of ent/schema.
package entstore

import (
	"cmp"
	"context"
	"database/sql"
	"strconv"

	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent"
	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent/user"
	"github.com/lostkey-go/lostkey/reset"
)

//go:generate go run entgo.io/ent/cmd/ent@v0.14.5 generate --feature sql/execquery ./ent/schema

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ Client *ent.Client }

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	rows, err := s.Client.User.Query().Where(emailIs(email)).All(ctx)
	found := make([]reset.User, len(rows))
	for i, row := range rows {
		found[i] = account(row)
	}
	return found, err
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return reset.User{}, reset.ErrUserNotFound
	}

	row, err := s.Client.User.Get(ctx, n)
	if err != nil {
		return reset.User{}, notFound(err)
	}
	return account(row), nil
}

// ReplaceHash implements [reset.Store].
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	id, errID := strconv.ParseInt(seen.ID, 10, 64)
	version, errStamp := strconv.ParseInt(seen.Stamp, 10, 64)
	if errID != nil || errStamp != nil {
		return reset.ErrStale
	}

	tx, err := s.Client.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing

	n, err := tx.User.Update().SetPasswordHash(encoded).Where(user.ID(id),
		hashIs(seen.PasswordHash), user.Email(seen.Email),
		user.SessionVersion(version), user.Disabled(false)).Save(ctx)
	if err != nil || n == 0 {
		return cmp.Or(err, reset.ErrStale)
	}
	if _, err := tx.ExecContext(ctx,
		"DELETE FROM sessions WHERE user_id = $1", id); err != nil {
		return err
	}
	return tx.Commit()
}
