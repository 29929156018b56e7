package resettest_test

import (
	"context"
	"errors"
	"slices"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

// A faultyStore is a store that is right, unless a test replaces one of its
// functions by a wrong one.
type faultyStore struct {
	*memstore.Store
	sessionsFail bool
	clear        func(user *reset.User)
	remove       func(ctx context.Context, id string) error

	findByEmail func(ctx context.Context, email string) ([]reset.User, error)
	findByID    func(ctx context.Context, id string) (reset.User, error)
	replace     func(ctx context.Context, seen reset.User, encoded string) error
}

var errSessions = errors.New("no table of sessions")

func newFaultyStore() *faultyStore {
	s := &faultyStore{Store: memstore.New()}
	s.findByEmail, s.findByID = s.Store.FindByEmail, s.Store.FindByID
	s.clear = func(user *reset.User) { user.PasswordHash = "" }
	s.remove = func(_ context.Context, id string) error { return s.Delete(id) }
	s.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		if s.sessionsFail {
			return errSessions
		}
		return s.Store.ReplaceHash(ctx, seen, encoded)
	}
	return s
}

func (s *faultyStore) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	return s.findByEmail(ctx, email)
}

func (s *faultyStore) FindByID(
	ctx context.Context, id string,
) (reset.User, error) {
	return s.findByID(ctx, id)
}

func (s *faultyStore) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	return s.replace(ctx, seen, encoded)
}

// force writes without any condition.
func (s *faultyStore) force(id, encoded string) error {
	return s.Update(id, func(user *reset.User) { user.PasswordHash = encoded })
}

func (s *faultyStore) fixture() resettest.Fixture {
	return resettest.Fixture{
		Store: s,
		Create: func(_ context.Context, user reset.User) (string, error) {
			return user.ID, s.Add(user)
		},
		Disable: func(_ context.Context, id string) error {
			return s.Update(id, func(user *reset.User) { user.Disabled = true })
		},
		ChangeEmail: func(_ context.Context, id, value string) error {
			return s.Update(id, func(user *reset.User) { user.Email = value })
		},
		ChangeStamp: func(_ context.Context, id, value string) error {
			return s.Update(id, func(user *reset.User) { user.Stamp = value })
		},
		ChangeLabel: func(_ context.Context, id, value string) error {
			return s.Update(id, func(user *reset.User) { user.Label = value })
		},
		ChangeRecovery: func(
			_ context.Context, id string, addrs []string,
		) error {
			return s.Update(
				id, func(user *reset.User) { user.Recovery = addrs },
			)
		},
		ClearPassword: func(_ context.Context, id string) error {
			return s.Update(id, s.clear)
		},
		Delete: func(ctx context.Context, id string) error {
			return s.remove(ctx, id)
		},
		AddSession: func(_ context.Context, id string) error {
			s.AddSession(id)
			return nil
		},
		Sessions: func(_ context.Context, id string) (int, error) {
			return s.Sessions(id), nil
		},
		FailSessions: func(context.Context) error {
			s.sessionsFail = true
			return nil
		},
	}
}

// fault is one mistake, as implementers make it.
type fault struct {
	check string
	name  string
	plant func(s *faultyStore)
	cause string // a part of the probable cause
}

// found alters what the look-up by address returns.
func found(
	change func(users []reset.User, email string) []reset.User,
) func(*faultyStore) {
	return func(s *faultyStore) {
		s.findByEmail = func(
			ctx context.Context, email string,
		) ([]reset.User, error) {
			users, err := s.Store.FindByEmail(ctx, email)
			return change(users, email), err
		}
	}
}

// eachFound alters every account that the look-up by address returns.
func eachFound(change func(user *reset.User)) func(*faultyStore) {
	return found(func(users []reset.User, _ string) []reset.User {
		for i := range users {
			change(&users[i])
		}
		return users
	})
}

// read alters what the look-up by id returns.
func read(change func(user *reset.User)) func(*faultyStore) {
	return func(s *faultyStore) {
		s.findByID = func(
			ctx context.Context, id string,
		) (reset.User, error) {
			user, err := s.Store.FindByID(ctx, id)
			change(&user)
			return user, err
		}
	}
}

// failsOn has the look-up by some addresses fail.
func failsOn(bad func(email string) bool, text string) func(*faultyStore) {
	return func(s *faultyStore) {
		s.findByEmail = func(
			ctx context.Context, email string,
		) ([]reset.User, error) {
			if bad(email) {
				return nil, errors.New(text)
			}
			return s.Store.FindByEmail(ctx, email)
		}
	}
}

// compares alters what is stored and what was seen before they are compared.
func compares(change func(stored, seen *reset.User)) func(*faultyStore) {
	return func(s *faultyStore) {
		s.replace = matching(s, func(a, b reset.User) bool {
			change(&a, &b)
			return all(a, b)
		})
	}
}

// matching is ReplaceHash with the condition left to the caller.
func matching(
	s *faultyStore, condition func(stored, seen reset.User) bool,
) func(context.Context, reset.User, string) error {
	return func(ctx context.Context, seen reset.User, encoded string) error {
		stored, err := s.Store.FindByID(ctx, seen.ID)
		if errors.Is(err, reset.ErrUserNotFound) ||
			err == nil && !condition(stored, seen) {
			return reset.ErrStale
		}
		if err != nil {
			return err
		}
		if err := s.Store.ReplaceHash(ctx, stored, encoded); err != nil {
			return s.force(seen.ID, encoded)
		}
		return nil
	}
}

func all(a, b reset.User) bool {
	return a.PasswordHash == b.PasswordHash && a.Email == b.Email &&
		a.Stamp == b.Stamp && slices.Equal(a.Recovery, b.Recovery) &&
		!a.Disabled
}
