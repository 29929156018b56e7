package reset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// A User is one account as the store read it, byte for byte. It prints and
// marshals as its ID alone, except in an unexported field.
type User struct {
	// ID is the account's key, in the one spelling the store uses, never empty.
	ID string
	// Email is the stored and verified address. Mail goes to it and to Recovery
	// alone.
	Email string
	// Recovery is up to five more addresses, each confirmed by its owner, which
	// the application sees to. Each can ask for a link, gets the link that it
	// asked for, which dies when the address is removed, and gets all notices.
	// So each can reset the password. What is no address is passed over. An
	// account with more than five is sent nothing, and cannot confirm.
	Recovery []string
	// PasswordHash is the stored hash exactly as read. Empty, or a mark that
	// HasPassword of Config.Hasher knows, means no password. Such an account
	// may sign in elsewhere, or be newly invited.
	PasswordHash string
	// Stamp is anything whose change should kill every outstanding link, such
	// as a session version, or empty. Prefer an integer, because a timestamp
	// may lose digits between the database and Go.
	Stamp string
	// Label tells this account from others of the same address, such as a user
	// name, or is empty. Whoever has a link sees it.
	Label string
	// Locale is the language of mail to this account. Empty means the
	// visitor's.
	Locale string
	// Disabled accounts are sent nothing and cannot confirm, even with an older
	// link.
	Disabled bool
}

// String returns the ID alone.
func (u User) String() string { return "reset.User{" + u.ID + "}" }

// Format prints the ID alone.
func (u User) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, u.String())
}

// LogValue logs the ID alone.
func (u User) LogValue() slog.Value { return slog.StringValue(u.ID) }

// MarshalJSON writes the ID alone.
func (u User) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ ID string }{u.ID})
}

// A Store is the application's users table. The resettest package tests each
// sentence below.
//
// Methods may be called concurrently, and should honour their context's
// deadline. Their errors reach logs, so they should not contain addresses or
// hashes, though those that are known are removed.
type Store interface {
	// FindByEmail returns every account that has the address as Email or in
	// Recovery, complete, with upper and lower case of ASCII letters equal, or
	// an empty slice and nil. It should fold nothing else. The Service drops
	// accounts with similar addresses.
	//
	// A unique index must be on the folded address, lower(email) in SQL, or
	// strangers can register Ana@ and aNa@ beside ana@. The Service mails five
	// accounts for one request, those spelled as typed first, so an owner who
	// types another spelling than the stored one may get no mail. A Store that
	// returns no more than that should sort likewise.
	//
	// A value that the table cannot hold, such as a character outside its
	// encoding, matches no account. After an error, which means an outage, the
	// look-up is repeated.
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
	// The look-ups may read a replica. One that lags refuses or lets the write
	// be refused, and lets nobody in twice. But after a write whose reply was
	// lost, it makes Confirm report a failure where the password is changed.
	//
	// It is also called to write an unusable marker over an empty hash, which
	// may be NULL, before an account is invited.
	ReplaceHash(ctx context.Context, seen User, encoded string) error
}
