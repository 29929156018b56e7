// Package memstore is a reset.Store in memory, for tests and for the first hour
// with the library. [New] makes one, and [Store.Add] puts an account in.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
)

// Store holds accounts in memory. Make one with [New]. It is safe for
// concurrent use.
type Store struct {
	// mu guards all that follows, and makes ReplaceHash one step.
	mu sync.Mutex
	// users holds pointers, so that printing a struct with a Store in it shows
	// addresses of memory instead of people's.
	users    map[string]*reset.User
	order    []string
	sessions map[string]int
}

// New returns an empty Store.
func New() *Store {
	return &Store{
		users:    make(map[string]*reset.User),
		sessions: make(map[string]int),
	}
}

// Format prints the number of accounts.
func (s *Store) Format(f fmt.State, _ rune) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(f, "memstore.Store{%d users}", len(s.users))
}

// Add puts an account in. It refuses an empty id and one that is taken.
// Accounts may share an address.
func (s *Store) Add(user reset.User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user.ID == "" {
		return errors.New("memstore: User.ID is empty")
	}
	if s.users[user.ID] != nil {
		return fmt.Errorf("memstore: user %q exists", user.ID)
	}
	user = clone(user)
	s.users[user.ID] = &user
	s.order = append(s.order, user.ID)
	return nil
}

// Update lets change alter the account, but not its id, as one step. The error
// matches reset.ErrUserNotFound.
func (s *Store) Update(id string, change func(user *reset.User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	if user == nil {
		return reset.ErrUserNotFound
	}
	changed := clone(*user)
	change(&changed)
	changed.ID = id
	*user = clone(changed)
	return nil
}

// Delete removes an account and its sessions, or returns reset.ErrUserNotFound.
func (s *Store) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[id] == nil {
		return reset.ErrUserNotFound
	}
	delete(s.users, id)
	delete(s.sessions, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool {
		return other == id
	})
	return nil
}

// AddSession counts one more session of the account.
func (s *Store) AddSession(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[id]++
}

// Sessions returns how many sessions the account has.
func (s *Store) Sessions(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// FindByEmail implements reset.Store. Accounts with an address that is spelled
// exactly like email come first.
func (s *Store) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()

	var exact, others []reset.User
	for _, id := range s.order {
		switch user := s.users[id]; {
		case has(user, func(addr string) bool { return addr == email }):
			exact = append(exact, clone(*user))
		case has(user, func(addr string) bool {
			return equalFoldASCII(addr, email)
		}):
			others = append(others, clone(*user))
		}
	}
	return append(exact, others...), nil
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	if err := ctx.Err(); err != nil {
		return reset.User{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	if user == nil {
		return reset.User{}, reset.ErrUserNotFound
	}
	return clone(*user), nil
}

// ReplaceHash implements reset.Store, and ends the account's sessions, so that
// [reset.EndSessionsInStore] is true of it.
func (s *Store) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()

	user := s.users[seen.ID]
	if user == nil || user.Disabled ||
		user.PasswordHash != seen.PasswordHash ||
		user.Email != seen.Email || user.Stamp != seen.Stamp ||
		!slices.Equal(user.Recovery, seen.Recovery) {
		return reset.ErrStale
	}

	user.PasswordHash = encoded
	delete(s.sessions, seen.ID)
	return nil
}

// SwapFor returns the function with which a login upgrades the hash of user, as
// read by that login. It ends no session.
func (s *Store) SwapFor(user reset.User) hash.SwapFunc {
	return func(
		ctx context.Context, old, encoded string,
	) (swapped bool, err error) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()

		stored := s.users[user.ID]
		if stored == nil || stored.PasswordHash != old {
			return false, nil
		}

		stored.PasswordHash = encoded
		return true, nil
	}
}

// clone copies what callers could otherwise change in the store.
func clone(user reset.User) reset.User {
	user.Recovery = slices.Clone(user.Recovery)
	return user
}

func has(user *reset.User, match func(addr string) bool) bool {
	return match(user.Email) || slices.ContainsFunc(user.Recovery, match)
}

// equalFoldASCII is not strings.EqualFold, to which the Kelvin sign equals k
// and the long s equals s.
func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
