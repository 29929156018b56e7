package reset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// A User is one account as the store read it, byte for byte. It prints as its
// ID, except in an unexported field.
type User struct {
	// ID is the account's key, in the one spelling the store uses, never empty.
	ID string
	// Email is the stored and verified address. Mail goes to it and to Recovery
	// alone.
	Email string
	// Recovery is up to five more addresses, which the application has
	// confirmed. Each can ask for a link, and so reset the password, and gets
	// all notices. A link dies when its address is removed. An account with
	// more than five is sent nothing, and cannot confirm.
	Recovery []string
	// PasswordHash is the stored hash exactly as read. Empty, or a mark that
	// HasPassword of Config.Hasher knows, means no password.
	PasswordHash string
	// Stamp is anything whose change should kill every outstanding link, such
	// as a session version, or empty. Prefer an integer: a timestamp may lose
	// digits between the database and Go.
	Stamp string
	// Label tells this account from others of the same address, or is empty.
	// Whoever has a link sees it, and mails show it. Leave it empty until the
	// address is confirmed, or strangers can write into genuine mail.
	Label string
	// Locale is the language of mail to this account. Empty means the
	// visitor's.
	Locale string
	// Disabled accounts are sent nothing and cannot confirm, even with an older
	// link.
	Disabled bool
}

// String returns the ID.
func (u User) String() string { return "reset.User{" + u.ID + "}" }

// Format prints the ID.
func (u User) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, u.String())
}

// LogValue logs the ID.
func (u User) LogValue() slog.Value { return slog.StringValue(u.ID) }

// MarshalJSON writes the ID.
func (u User) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ ID string }{u.ID})
}

// A Store is the application's users table. The resettest package tests each
// sentence below.
//
// Methods may be called concurrently, and should honour their context's
// deadline. Their errors reach logs, so they should not contain addresses or
// hashes.
type Store interface {
	// FindByEmail returns every account that has the address as Email or in
	// Recovery, complete, or an empty slice and nil. It ignores the case of
	// ASCII letters and should ignore nothing else. The Service drops accounts
	// with similar addresses.
	//
	// A unique index must be on the folded address, lower(email) in SQL, or
	// strangers can register Ana@ and aNa@ beside ana@. One request mails five
	// accounts, those spelled as typed first. A Store that returns no more than
	// that should sort likewise.
	//
	// A value that the table cannot hold, such as a character outside its
	// encoding, matches no account. After an error the look-up is repeated.
	FindByEmail(ctx context.Context, email string) ([]User, error)

	// FindByID returns the account with exactly this id, or an error that
	// matches [ErrUserNotFound], also for an id that is malformed for the
	// store. "42abc" must never become 42.
	FindByID(ctx context.Context, id string) (User, error)

	// ReplaceHash stores encoded as the account's hash if, and only if, the row
	// still has the hash of seen, byte for byte, its Email and its Stamp, and
	// is not disabled. A store that has Recovery compares that too, or changes
	// the Stamp when an address is removed. Otherwise it changes nothing and
	// returns an error that matches [ErrStale]. Any other error means that the
	// outcome is unknown.
	//
	// Comparing and writing must be one atomic step on the primary, such as one
	// UPDATE with a WHERE clause, and not a read and a write inside a default
	// transaction. What must be atomic with it, such as ending sessions or an
	// audit row, belongs in the same transaction. If it fails, the old hash
	// must stay.
	//
	// The look-ups may read a replica. One that lags lets nobody in twice, but
	// can make Confirm report a failure where the password is changed.
	//
	// It is also called to write an unusable mark over an empty hash, which
	// may be NULL, before an account is invited.
	ReplaceHash(ctx context.Context, seen User, encoded string) error
}
