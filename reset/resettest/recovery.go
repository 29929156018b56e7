package resettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// withRecovery makes an account that has two recovery addresses, and another
// that has none.
func withRecovery(ctx context.Context, f Fixture) (reset.User, error) {
	if f.ChangeRecovery == nil {
		return reset.User{}, needs("Fixture.ChangeRecovery")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return user, err
	}
	if _, err := create(
		ctx, f, reset.User{Email: "bob@example.com"},
	); err != nil {
		return user, err
	}

	addrs := []string{"Ana@Home.example", "ana@work.example"}
	if f.LowercaseEmail {
		addrs[0] = strings.ToLower(addrs[0])
	}
	if err := f.ChangeRecovery(ctx, user.ID, addrs); err != nil {
		return user, inFixture("ChangeRecovery", err)
	}

	read, err := readBack(ctx, f, user.ID)
	if err != nil {
		return user, fmt.Errorf("FindByID failed: %w", err)
	}
	slices.Sort(read.Recovery)
	if !slices.Equal(read.Recovery, addrs) {
		return user, fmt.Errorf(
			"the recovery addresses read as %+q, stored were %+q",
			read.Recovery, addrs,
		)
	}
	return readBack(ctx, f, user.ID)
}

func findsByRecovery(ctx context.Context, f Fixture) error {
	want, err := withRecovery(ctx, f)
	if err != nil {
		return err
	}

	for _, typed := range []string{
		"ana@home.example", "ANA@HOME.EXAMPLE", "ana@work.example",
		"ana@example.com",
	} {
		found, err := f.Store.FindByEmail(ctx, typed)
		if err != nil {
			return fmt.Errorf("FindByEmail(%q) failed: %w", typed, err)
		}
		if len(found) != 1 {
			return fmt.Errorf(
				"FindByEmail(%q) returned %d accounts, want the one that has "+
					"this address",
				typed, len(found),
			)
		}
		if err := same(found[0], want); err != nil {
			return err
		}

		// What a caller does to its copy must not reach the store.
		clear(found[0].Recovery)
	}
	return nil
}

func forgetsRecovery(ctx context.Context, f Fixture) error {
	user, err := withRecovery(ctx, f)
	if err != nil {
		return err
	}
	if err := f.ChangeRecovery(
		ctx, user.ID, []string{"ana@work.example"},
	); err != nil {
		return inFixture("ChangeRecovery", err)
	}

	read, err := readBack(ctx, f, user.ID)
	if err != nil {
		return fmt.Errorf("FindByID failed: %w", err)
	}
	if !slices.Equal(read.Recovery, []string{"ana@work.example"}) {
		return fmt.Errorf(
			"after one was removed, the recovery addresses read as %+q",
			read.Recovery,
		)
	}

	found, err := f.Store.FindByEmail(ctx, "ana@home.example")
	if err != nil {
		return fmt.Errorf("FindByEmail of a removed address failed: %w", err)
	}
	if len(found) != 0 {
		return errors.New("FindByEmail finds an account by a removed address")
	}
	return nil
}

func refusesChangedRecovery(ctx context.Context, f Fixture) error {
	user, err := withRecovery(ctx, f)
	if err != nil {
		return err
	}
	if err := f.ChangeRecovery(
		ctx, user.ID, []string{"ana@work.example"},
	); err != nil {
		return inFixture("ChangeRecovery", err)
	}
	return refusesWrite(ctx, f, user, user.PasswordHash)
}
