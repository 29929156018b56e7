// Package sqlcstore keeps accounts by code that sqlc made of queries.sql. It is
// renewed by go generate, which needs a C compiler.
package sqlcstore

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lostkey-go/lostkey/reset"
)

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 generate

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ Pool *pgxpool.Pool }

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	rows, err := New(s.Pool).byEmail(ctx, email)
	found := make([]reset.User, len(rows))
	for i, row := range rows {
		found[i] = account(byIDRow(row))
	}
	return found, err
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return reset.User{}, reset.ErrUserNotFound
	}

	row, err := New(s.Pool).byID(ctx, n)
	if errors.Is(err, pgx.ErrNoRows) {
		err = reset.ErrUserNotFound
	}
	return account(row), err
}

func account(r byIDRow) reset.User {
	return reset.User{
		ID: r.ID, Email: r.Email, PasswordHash: r.PasswordHash, Stamp: r.Stamp,
		Label: r.Label, Locale: r.Locale, Disabled: r.Disabled,
	}
}

// ReplaceHash implements [reset.Store].
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	id, _ := strconv.ParseInt(seen.ID, 10, 64) // FindByID has looked at it
	level := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	return pgx.BeginTxFunc(ctx, s.Pool, level, func(tx pgx.Tx) error {
		n, err := New(tx).replaceHash(ctx, replaceHashParams{
			Encoded: encoded, ID: id, Old: seen.PasswordHash,
			Email: seen.Email, Stamp: seen.Stamp,
		})
		if err == nil && n == 0 {
			err = reset.ErrStale
		}
		if err != nil {
			return err
		}
		return New(tx).endSessions(ctx, id)
	})
}
