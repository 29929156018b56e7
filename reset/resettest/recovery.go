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
	addrs := []string{"Ana@Home.example", "ana@work.example"}
	if f.LowercaseEmail {
		addrs[0] = strings.ToLower(addrs[0])
	}
	return withAddresses(ctx, f, addrs)
}

// withAddresses makes an account that has these addresses, which are sorted.
func withAddresses(
	ctx context.Context, f Fixture, addrs []string,
) (reset.User, error) {
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

// withoutOneRecovery makes an account, and takes one of its further addresses
// away. It returns the account as it was read before.
func withoutOneRecovery(ctx context.Context, f Fixture) (reset.User, error) {
	user, err := withRecovery(ctx, f)
	if err != nil {
		return reset.User{}, err
	}
	err = f.ChangeRecovery(ctx, user.ID, []string{"ana@work.example"})
	if err != nil {
		return reset.User{}, inFixture("ChangeRecovery", err)
	}
	return user, nil
}

func forgetsRecovery(ctx context.Context, f Fixture) error {
	user, err := withoutOneRecovery(ctx, f)
	if err != nil {
		return err
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
	user, err := withoutOneRecovery(ctx, f)
	if err != nil {
		return err
	}
	return refusesWrite(ctx, f, user, user.PasswordHash)
}

// readsLongRecovery has as many addresses as an account may have, each as long
// as one can be.
func readsLongRecovery(ctx context.Context, f Fixture) error {
	var addrs []string
	for _, letter := range []string{"a", "b", "c", "d", "e"} {
		addrs = append(addrs, strings.Repeat(letter, 242)+"@example.com")
	}
	want, err := withAddresses(ctx, f, addrs)
	if err != nil {
		return err
	}

	found, err := f.Store.FindByEmail(ctx, addrs[4])
	if err != nil {
		return fmt.Errorf("FindByEmail of a long address failed: %w", err)
	}
	if len(found) != 1 {
		return fmt.Errorf(
			"FindByEmail of the last of 5 long addresses returned %d "+
				"accounts, want 1", len(found),
		)
	}
	return same(found[0], want)
}

func replacesWithRecovery(ctx context.Context, f Fixture) error {
	user, err := withRecovery(ctx, f)
	if err != nil {
		return err
	}
	found, err := f.Store.FindByEmail(ctx, "ana@work.example")
	if err != nil || len(found) != 1 {
		return fmt.Errorf(
			"FindByEmail of a recovery address returned %d accounts and %s",
			len(found), what(err),
		)
	}

	first := newHash()
	if err := f.Store.ReplaceHash(ctx, found[0], first); err != nil {
		return fmt.Errorf("ReplaceHash of an account as read failed: %w", err)
	}
	if err := stored(ctx, f, user, first); err != nil {
		return err
	}
	return refusesWrite(ctx, f, user, first)
}
