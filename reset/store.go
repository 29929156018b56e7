package reset

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"github.com/lostkey-go/lostkey/hash"
)

// A User is a snapshot of one account, which is what the store read, byte for
// byte. It is a value, and changing it changes no row.
//
// A User prints, logs and marshals to JSON as its ID alone, because everything
// else in it is personal or secret. That protection is lost in an unexported
// field of another struct, and under %p and %w, where the fmt package does not
// call methods.
type User struct {
	// ID is the account's key, in the one spelling the store uses. It is never
	// empty.
	ID string
	// Email is the stored and verified address. Mail is sent to it and to those
	// in Recovery, and to no other.
	Email string
	// Recovery is up to five more addresses of the account, each one confirmed
	// by its owner, which the application sees to. A link can be asked for by
	// each of them, goes to the one that was typed, and dies when that one is
	// removed. Notices go to all. Whoever reads one of these mailboxes can
	// reset the password. What is not an address is passed over. An account
	// with more than five is sent nothing, and cannot confirm.
	Recovery []string
	// PasswordHash is the stored hash exactly as read, with no trimming. Empty,
	// or one of the marks that hash.HasPassword knows, means that the account
	// has no password. Such an account may sign in elsewhere, or be newly
	// invited. The Service also asks Config.Hasher, whose Config.Unusable adds
	// marks of the application's own.
	PasswordHash string
	// Stamp is anything whose change should kill every outstanding link of this
	// account, such as a session version. It is optional. Prefer an integer,
	// because a timestamp may lose digits between the database and Go.
	Stamp string
	// Label tells this account from others of the same address, such as a user
	// name or a team. It is shown in mails and on the page of the link, to
	// whoever holds the link. It is optional.
	Label string
	// Locale picks the language of mail to this account. Empty means the one
	// the visitor asked in.
	Locale string
	// Disabled accounts are sent nothing and cannot confirm, even with a link
	// issued before they were disabled.
	Disabled bool
}

// HasPassword tells whether the account can have a password to forget. It is
// hash.HasPassword, and knows nothing of what hash.Config.Unusable adds.
func (u User) HasPassword() bool { return hash.HasPassword(u.PasswordHash) }

// String returns the ID alone.
func (u User) String() string { return "reset.User{" + u.ID + "}" }

// Format prints the ID alone under every verb.
func (u User) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, u.String())
}

// LogValue logs the ID alone.
func (u User) LogValue() slog.Value { return slog.StringValue(u.ID) }

// MarshalJSON writes the ID alone, so that a User that reaches a log or a
// response by accident gives nothing away.
func (u User) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ ID string }{u.ID})
}

// A Store is the application's users table. Check an implementation with the
// resettest package, where each sentence below is a test.
//
// All methods may be called concurrently. They get a context with a deadline
// and should honour it. Their errors reach logs, so they should not contain
// addresses or hashes, though the Service also removes the ones it knows of.
type Store interface {
	// FindByEmail returns every account whose stored address is email. Upper
	// and lower case of ASCII letters are equal. None is an empty slice and
	// nil. An account has the addresses in Recovery as well, and comes back
	// with all of them. It may return accounts with similar addresses too. The
	// Service compares again and drops them. An implementation therefore need
	// not, and should not, fold anything beyond ASCII.
	//
	// A unique index must be on the folded address, lower(email) in SQL. Where
	// it is on the address as spelled, strangers can register Ana@ and aNa@
	// beside ana@. The Service mails at most five accounts for one request,
	// those spelled as typed first, so an owner who types the address in
	// another spelling than the stored one may then get no mail. An
	// implementation that returns no more than so many accounts should sort
	// likewise.
	//
	// A value that the table cannot hold, such as a character outside its
	// encoding, matches no account. That is an empty slice, not an error. An
	// error is taken for an outage, and the look-up is repeated.
	FindByEmail(ctx context.Context, email string) ([]User, error)

	// FindByID returns the account with exactly this id, or an error that
	// matches [ErrUserNotFound], also for an id that is malformed for the store
	// ("42abc" for an integer column). A malformed id must never be coerced
	// into another account's.
	FindByID(ctx context.Context, id string) (User, error)

	// ReplaceHash stores encoded as the account's hash if, and only if, the row
	// still matches seen. The hash, byte for byte, the Email and the Stamp must
	// be the same, and the account not disabled. A store that has Recovery
	// compares that too, or changes the Stamp when an address is removed.
	// Otherwise it changes nothing and returns an error that matches
	// [ErrStale]. Comparing and writing must be one atomic step, such as one
	// UPDATE with a WHERE clause. Reading and then writing is not, even inside
	// a default transaction. It must write to the primary. The look-ups may
	// read a replica. One that lags refuses or lets the write be refused, and
	// lets nobody in twice. After a write whose reply was lost, though, a
	// lagging replica makes Confirm report a failure where the password is
	// changed.
	//
	// Whatever must be atomic with the new hash, such as ending sessions or
	// writing an audit row, belongs in here, in the same transaction. If it
	// fails, the old hash must stay. Any other error is taken to mean that the
	// outcome is unknown.
	//
	// It is also called to write an unusable marker over an empty hash, which
	// may be NULL in the database, before an account is invited.
	ReplaceHash(ctx context.Context, seen User, encoded string) error
}
