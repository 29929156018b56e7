package main

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
)

// users is the table of accounts. A new password and the job of the mail that
// tells of it are one transaction, so an instance that is killed leaves both or
// neither.
type users struct {
	pool *pgxpool.Pool
	// notify queues that mail, in the transaction that its context holds.
	notify func(ctx context.Context, userID string) error
}

type txKey struct{}

// querier is the transaction of ReplaceHash for what is called from there, and
// else the pool. Otherwise instances with a busy pool would wait for a second
// connection while they hold the row's lock.
func (u *users) querier(ctx context.Context) interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
} {
	if tx, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
		return tx
	}
	return u.pool
}

const selectUser = `SELECT id, email, coalesce(password_hash, ''), disabled
FROM users WHERE `

func scanUser(row pgx.CollectableRow) (user reset.User, err error) {
	err = row.Scan(&user.ID, &user.Email, &user.PasswordHash, &user.Disabled)
	return user, err
}

// FindByEmail returns the accounts with an address, in any case of its letters.
func (u *users) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	if !storable(email) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()

	rows, err := u.querier(ctx).Query(ctx, selectUser+
		`lower(email) = lower($1) ORDER BY email = $1 DESC, id LIMIT 100`, email)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanUser)
}

// FindByID returns one account.
func (u *users) FindByID(ctx context.Context, id string) (reset.User, error) {
	if !storable(id) {
		return reset.User{}, reset.ErrUserNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()

	rows, err := u.querier(ctx).Query(ctx, selectUser+`id = $1`, id)
	if err != nil {
		return reset.User{}, err
	}

	user, err := pgx.CollectExactlyOneRow(rows, scanUser)
	if errors.Is(err, pgx.ErrNoRows) {
		return reset.User{}, reset.ErrUserNotFound
	}
	return user, err
}

// ReplaceHash is the one conditional write of a reset.
func (u *users) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	return pgx.BeginFunc(ctx, u.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE users SET password_hash = $1
			WHERE id = $2 AND coalesce(password_hash, '') = $3
			AND email = $4 AND NOT disabled`,
			encoded, seen.ID, seen.PasswordHash, seen.Email)
		if err != nil {
			return err
		}
		if done.RowsAffected() != 1 {
			return reset.ErrStale
		}

		// The mark of an invitation is no password that anybody has to hear of.
		if u.notify == nil || hash.IsUnusable(encoded) {
			return nil
		}
		within := context.WithValue(riverjobs.WithTx(ctx, tx), txKey{}, tx)
		return u.notify(within, seen.ID)
	})
}

// storable reports whether PostgreSQL can hold the text.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, "\x00")
}
