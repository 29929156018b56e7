package resettest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// A Fixture is one fresh store and what the checks need to change in it. Store
// and Create are required. The other functions are nil for what the store does
// not have. Clean-up belongs in t.Cleanup.
type Fixture struct {
	Store reset.Store
	// Create inserts an account, with exactly this address and hash, and
	// returns its id as the store spells it. It ignores what the store does not
	// have, user.Recovery, and user.ID where the store makes ids.
	Create func(ctx context.Context, user reset.User) (id string, err error)

	// Disable, ChangeEmail and ChangeStamp change one field alone.
	Disable                  func(ctx context.Context, id string) error
	ChangeEmail, ChangeStamp func(ctx context.Context, id, value string) error
	ChangeRecovery           func(ctx context.Context, id string, addrs []string) error
	ChangeLabel              func(ctx context.Context, id, value string) error
	Delete                   func(ctx context.Context, id string) error

	// AddSession signs the account in once, and Sessions counts, for a
	// ReplaceHash that ends sessions.
	AddSession func(ctx context.Context, id string) error
	Sessions   func(ctx context.Context, id string) (int, error)
	// FailSessions makes ending sessions fail from now on.
	FailSessions func(ctx context.Context) error

	// ClearPassword does what the application does to lock an account by its
	// hash, or to take its password away: it clears the hash, or puts an
	// unusable mark in its place. That decides whether a used invitation
	// stays dead.
	ClearPassword func(ctx context.Context, id string) error

	// CatchUp waits until the look-ups see everything written so far, as from a
	// replica or a cache. It is called concurrently.
	CatchUp func(ctx context.Context) error

	// UniqueEmail says that two accounts cannot share an address.
	UniqueEmail bool
	// LowercaseEmail says that addresses are stored in lower case.
	LowercaseEmail bool
}

// newHash makes what a stored hash looks like. It has 97 characters, in both
// cases, and is never twice the same.
func newHash() string {
	return "$argon2id$v=19$m=19456,t=2,p=1$aBcDeFgHiJkLmNoPqRsTuV$xX" +
		(rand.Text() + rand.Text())[:41]
}

// create inserts an account, with a hash unless it has one, and returns it as
// the store reads it.
func create(
	ctx context.Context, f Fixture, user reset.User,
) (reset.User, error) {
	if user.PasswordHash == "" {
		user.PasswordHash = newHash()
	}
	return createExactly(ctx, f, user)
}

func createExactly(
	ctx context.Context, f Fixture, user reset.User,
) (reset.User, error) {
	if f.LowercaseEmail {
		user.Email = strings.ToLower(user.Email)
	}
	id, err := insert(ctx, f, user)
	if err != nil {
		return reset.User{}, err
	}
	read, err := readBack(ctx, f, id)
	if err != nil {
		return reset.User{}, fmt.Errorf(
			"FindByID of a new account failed: %w", err,
		)
	}

	switch {
	case read.ID != id:
		return reset.User{}, fmt.Errorf(
			"FindByID(%q) returned an account with the id %q", id, read.ID,
		)
	case read.Email != user.Email:
		return reset.User{}, fmt.Errorf(
			"the address reads as %+q, stored was %+q", read.Email, user.Email,
		)
	case read.PasswordHash != user.PasswordHash:
		return reset.User{}, fmt.Errorf(
			"the hash reads as %q, stored was %q",
			read.PasswordHash, user.PasswordHash,
		)
	}

	return read, nil
}

// insert has the fixture store an account, and does not read it.
func insert(
	ctx context.Context, f Fixture, user reset.User,
) (id string, err error) {
	user.ID, user.Stamp = rand.Text(), "7"
	if id, err = f.Create(ctx, user); err != nil {
		return "", inFixture("Create", err)
	}
	return id, nil
}

// inFixture returns the failure of one of the fixture's functions.
func inFixture(function string, err error) error {
	return &causedError{
		fmt.Errorf("in Fixture.%s: %w", function, err),
		"the fixture does not do what its documentation says; the store was " +
			"not asked",
	}
}

// catchUp waits for a replica.
func catchUp(ctx context.Context, f Fixture) error {
	if f.CatchUp == nil {
		return nil
	}
	if err := f.CatchUp(ctx); err != nil {
		return inFixture("CatchUp", err)
	}
	return nil
}

// readBack reads an account after something was written.
func readBack(ctx context.Context, f Fixture, id string) (reset.User, error) {
	if err := catchUp(ctx, f); err != nil {
		return reset.User{}, err
	}
	return f.Store.FindByID(ctx, id)
}

// same compares two readings of one account. The texts in it were made here,
// so a failure may show them.
func same(got, want reset.User) error {
	if !equal(got, want) {
		return fmt.Errorf(
			"two readings of one account differ: id %q and %q, address %+q "+
				"and %+q, hash %q and %q, stamp %q and %q, locale %q and %q, "+
				"disabled %t and %t, recovery %+q and %+q, label %q and %q",
			got.ID, want.ID, got.Email, want.Email, got.PasswordHash,
			want.PasswordHash, got.Stamp, want.Stamp, got.Locale, want.Locale,
			got.Disabled, want.Disabled, got.Recovery, want.Recovery,
			got.Label, want.Label,
		)
	}
	return nil
}

// equal takes no recovery addresses and an empty list of them for the same.
func equal(a, b reset.User) bool {
	recovery := slices.Equal(a.Recovery, b.Recovery)
	a.Recovery, b.Recovery = nil, nil
	return recovery && reflect.DeepEqual(a, b)
}

// stored checks which hash is in force.
func stored(
	ctx context.Context, f Fixture, user reset.User, want string,
) error {
	read, err := readBack(ctx, f, user.ID)
	if err != nil {
		return fmt.Errorf("FindByID after a write failed: %w", err)
	}
	if read.PasswordHash != want {
		return fmt.Errorf(
			"the stored hash is %q, want %q", read.PasswordHash, want,
		)
	}
	return nil
}

// refuses creates an account, changes it or what was seen of it, and expects
// the write to be refused.
func refuses(
	ctx context.Context, f Fixture,
	change func(f Fixture, seen *reset.User) error,
) error {
	user, err := create(ctx, f, reset.User{
		Email: "user-" + strings.ToLower(rand.Text()) + "@example.com",
	})
	if err != nil {
		return err
	}

	seen := user
	if err := change(f, &seen); err != nil {
		return inFixture("Disable, ChangeEmail or ChangeStamp", err)
	}
	return refusesWrite(ctx, f, seen, user.PasswordHash)
}

func refusesWrite(
	ctx context.Context, f Fixture, seen reset.User, inForce string,
) error {
	if err := f.Store.ReplaceHash(
		ctx, seen, newHash(),
	); !errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash of an account that is not as seen returned %s, want "+
				"ErrStale",
			what(err),
		)
	}
	return stored(ctx, f, seen, inForce)
}

// signedIn makes two accounts with two sessions each.
func signedIn(
	ctx context.Context, f Fixture,
) (user, other reset.User, err error) {
	if user, err = create(
		ctx, f, reset.User{Email: "ana@example.com"},
	); err != nil {
		return user, other, err
	}
	if other, err = create(
		ctx, f, reset.User{Email: "bob@example.com"},
	); err != nil {
		return user, other, err
	}

	for _, id := range []string{user.ID, other.ID, user.ID, other.ID} {
		if err := f.AddSession(ctx, id); err != nil {
			return user, other, inFixture("AddSession", err)
		}
	}
	return user, other, nil
}

func sessions(ctx context.Context, f Fixture, user reset.User, want int) error {
	got, err := f.Sessions(ctx, user.ID)
	if err != nil {
		return inFixture("Sessions", err)
	}
	if got != want {
		return fmt.Errorf("the account has %d sessions, want %d", got, want)
	}
	return nil
}

// what names an error that may be none.
func what(err error) string {
	if err == nil {
		return "no error"
	}
	return fmt.Sprintf("the error %q", err.Error())
}
