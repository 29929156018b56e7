package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lostkey-go/lostkey/token"
)

// findByID reads one account and refuses one with another id, because databases
// turn "42abc" or " 42" into 42 on their own.
func (s *Service) findByID(ctx context.Context, id string) (User, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()

	var user User
	err := guard("Store.FindByID", func() error {
		var err error
		user, err = s.cfg.Store.FindByID(ctx, id)
		return err
	})
	if err != nil {
		return User{}, err
	}
	if user.ID != id {
		return User{}, ErrUserNotFound
	}
	return user, nil
}

// find reads the accounts a job may be for.
func (s *Service) find(ctx context.Context, job Job) ([]User, error) {
	if job.UserID != "" {
		user, err := s.findByID(ctx, job.UserID)
		if errors.Is(err, ErrUserNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []User{user}, nil
	}

	users, err := s.findTyped(ctx, job.Email)
	if errors.Is(err, ErrUserNotFound) {
		return nil, nil
	}
	return byLikeness(users, job.Email), err
}

// findTyped reads the accounts under what a visitor typed.
func (s *Service) findTyped(
	ctx context.Context, typed string,
) (users []User, err error) {
	if isAddress(typed) {
		ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		err = guard("Store.FindByEmail", func() error {
			users, err = s.cfg.Store.FindByEmail(ctx, typed)
			return err
		})
		return users, err
	}

	if s.cfg.Hooks.FindByIdentifier == nil {
		return nil, nil
	}
	return ask(
		ctx, s, "Config.Hooks.FindByIdentifier",
		func(ctx context.Context) ([]User, error) {
			return s.cfg.Hooks.FindByIdentifier(ctx, typed)
		},
	)
}

// byLikeness puts the accounts first whose address is spelled as it was typed,
// then those that differ in the case of ASCII letters alone, so that accounts
// under other spellings do not use up the mails of one request. It leaves the
// store's slice as it is.
func byLikeness(users []User, typed string) []User {
	return slices.SortedStableFunc(slices.Values(users), func(a, b User) int {
		return a.likeness(typed) - b.likeness(typed)
	})
}

// loadEligible reads an account that a trusted caller names, and tells that
// caller why it can have no link.
func (s *Service) loadEligible(
	ctx context.Context, userID string, purpose token.Purpose,
) (User, error) {
	user, err := s.findByID(ctx, userID)
	if err != nil {
		return User{}, fmt.Errorf("reset: load the account: %w", err)
	}
	if len(user.Recovery) > maxRecovery {
		return User{}, fmt.Errorf("reset: load the account: %w", errRecovery)
	}
	if err := s.checkEligible(user, purpose); err != nil {
		return user, err
	}

	if _, isOwn := s.cfg.Pages.Purposes[purpose]; isOwn {
		return user, nil
	}
	allowed, err := s.allowed(ctx, user)
	switch {
	case err != nil:
		return user, fmt.Errorf("reset: may the account use this: %w", err)
	case !allowed:
		return user, ErrNotEligible
	}
	return user, nil
}

func (s *Service) checkEligible(user User, purpose token.Purpose) error {
	hasPassword := s.cfg.Hasher.HasPassword(user.PasswordHash)

	switch {
	case user.Disabled:
		return ErrUserDisabled
	case purpose == token.PurposeReset && !hasPassword:
		return ErrNoPassword
	case purpose == token.PurposeInvite && hasPassword:
		return ErrHasPassword
	}
	return nil
}
