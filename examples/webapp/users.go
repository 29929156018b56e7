package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lostkey-go/lostkey/reset"
)

// account is a row of the users table. The embedded User is the part that the
// reset service works with.
type account struct {
	reset.User
	passwordVersion int64
}

var (
	errNoAccount    = errors.New("no such account")
	errAddressTaken = errors.New("address already has an account")
)

// users reads and creates accounts. Passwords are replaced through
// sqlstore.Store alone, so that there is one conditional write and not two.
type users struct{ db *sql.DB }

func (u users) byEmail(ctx context.Context, email string) (account, error) {
	return u.find(ctx, "lower(email) = lower(?)", email)
}

func (u users) byID(ctx context.Context, id string) (account, error) {
	return u.find(ctx, "id = ?", id)
}

func (u users) find(
	ctx context.Context, where, arg string,
) (account, error) {
	var a account
	err := u.db.QueryRowContext(
		ctx, "SELECT id, email, password_hash, password_version"+
			" FROM users WHERE "+where, arg,
	).Scan(&a.ID, &a.Email, &a.PasswordHash, &a.passwordVersion)
	if errors.Is(err, sql.ErrNoRows) {
		return account{}, errNoAccount
	}
	if err != nil {
		return account{}, fmt.Errorf("find the account: %w", err)
	}
	return a, nil
}

// create adds an account. The unique index decides whether the address is
// free. Looking first would let two requests at once both find it free.
func (u users) create(
	ctx context.Context, email, encoded string,
) (account, error) {
	a := account{User: reset.User{
		ID: rand.Text(), Email: email, PasswordHash: encoded,
	}}
	_, err := u.db.ExecContext(
		ctx, `INSERT INTO users (id, email, password_hash, created_at)
			VALUES (?, ?, ?, ?)`,
		a.ID, a.Email, a.PasswordHash, time.Now().Unix(),
	)

	failure, ok := errors.AsType[*sqlite.Error](err)
	if ok && failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return account{}, errAddressTaken
	}
	if err != nil {
		return account{}, fmt.Errorf("create the account: %w", err)
	}
	return a, nil
}
