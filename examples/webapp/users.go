package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// account is a row of the users table. The embedded User is the part that the
// reset service works with.
type account struct {
	reset.User
	passwordVersion int64
	verified        bool   // the address is the owner's
	totpSecret      string // empty without a second factor
	totpStep        int64  // see schema/sqlite.sql
}

// HasTOTP says whether a second factor is on.
func (a account) HasTOTP() bool { return a.totpSecret != "" }

var (
	errNoAccount    = errors.New("no such account")
	errAddressTaken = errors.New("address already has an account")
)

// users reads and creates accounts. Passwords are replaced through
// sqlstore.Store alone, so that there is one conditional write and not two.
type users struct{ db database }

// byEmail finds the account of an address, whatever the case of its ASCII
// letters. MySQL's comparison takes further letters for each other, so what it
// found is looked at again.
func (u users) byEmail(ctx context.Context, email string) (account, error) {
	if mail.ValidateAddress(email) != nil {
		return account{}, errNoAccount // and nothing that every database takes
	}
	where := "lower(email) = lower(?)"
	if u.db.dialect == sqlstore.MySQL {
		where = "email = ?" // which the index serves
	}

	a, err := u.find(ctx, where, email)
	if err == nil && foldASCII(a.Email) != foldASCII(email) {
		return account{}, errNoAccount
	}
	return a, err
}

func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

func (u users) byID(ctx context.Context, id string) (account, error) {
	return u.find(ctx, "id = ?", id)
}

func (u users) find(
	ctx context.Context, where, arg string,
) (account, error) {
	a, err := scanAccount(u.db.QueryRowContext(
		ctx, "SELECT "+accountColumns+" FROM users WHERE "+where, arg,
	))
	if errors.Is(err, sql.ErrNoRows) {
		return account{}, errNoAccount
	}
	if err != nil {
		return account{}, fmt.Errorf("find the account: %w", err)
	}
	return a, nil
}

const accountColumns = `id, email, password_hash, label, disabled,
	password_version, email_verified, totp_secret, totp_step`

func scanAccount(row interface{ Scan(into ...any) error }) (account, error) {
	var a account
	err := row.Scan(
		&a.ID, &a.Email, &a.PasswordHash, &a.Label, &a.Disabled,
		&a.passwordVersion, &a.verified, &a.totpSecret, &a.totpStep,
	)
	return a, err
}

// locked returns the accounts that are locked, at most a hundred.
func (u users) locked(ctx context.Context) ([]account, error) {
	rows, err := u.db.QueryContext(
		ctx, "SELECT "+accountColumns+
			" FROM users WHERE disabled ORDER BY email LIMIT 100",
	)
	if err != nil {
		return nil, fmt.Errorf("find the locked accounts: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err reports what matters

	var all []account
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("find the locked accounts: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// change runs a statement, and says whether it changed a row.
func (u users) change(
	ctx context.Context, statement string, args ...any,
) (bool, error) {
	result, err := u.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("change the account: %w", err)
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}

// verify notes that the account's address is its owner's, if email is that
// address. It says whether that is news.
func (u users) verify(ctx context.Context, id, email string) (bool, error) {
	a, err := u.byID(ctx, id)
	if err != nil || a.Email != email {
		return false, err
	}
	return u.change(
		ctx, `UPDATE users SET email_verified = TRUE
			WHERE id = ? AND NOT email_verified`, id,
	)
}

// recoveryAddress is a further address of an account.
type recoveryAddress struct {
	Email     string
	Confirmed bool
}

func (u users) recovery(
	ctx context.Context, id string,
) ([]recoveryAddress, error) {
	rows, err := u.db.QueryContext(
		ctx, u.db.bind(`SELECT email, confirmed FROM recovery_addresses
			WHERE user_id = ? ORDER BY email`), id,
	)
	if err != nil {
		return nil, fmt.Errorf("find the recovery addresses: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err reports what matters

	var all []recoveryAddress
	for rows.Next() {
		var one recoveryAddress
		if err := rows.Scan(&one.Email, &one.Confirmed); err != nil {
			return nil, fmt.Errorf("find the recovery addresses: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// addRecovery keeps an address that is not confirmed, in the place of any other
// such one.
func (u users) addRecovery(ctx context.Context, id, email string) error {
	_, err := u.change(
		ctx, `DELETE FROM recovery_addresses
			WHERE user_id = ? AND NOT confirmed`, id,
	)
	if err != nil {
		return err
	}
	_, err = u.change(
		ctx, "INSERT INTO recovery_addresses (user_id, email) VALUES (?, ?)",
		id, email,
	)
	return err
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
	if isDuplicate(err) {
		return account{}, errAddressTaken
	}
	if err != nil {
		return account{}, fmt.Errorf("create the account: %w", err)
	}
	return a, nil
}
