package resettest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// A look-alike of kim.fiss@example.com. All are escapes: an editor or a keyboard may turn the real letters into
// the plain ones.
var lookAlikeForms = []struct{ name, address string }{
	{"Kelvin sign for k", "\u212Aim.fiss@example.com"},
	{"dotless i", "k\u0131m.fiss@example.com"},
	{"dotted capital I", "k\u0130m.fiss@example.com"},
	{"long s", "kim.fi\u017Fs@example.com"},
	{"sharp s for ss", "kim.fi\u00DF@example.com"},
	{"accented i", "k\u00EDm.fiss@example.com"},
	{"combining accent", "ki\u0301m.fiss@example.com"},
	{"full-width m", "ki\uFF4D.fiss@example.com"},
	{"full-width at", "kim.fiss\uFF20example.com"},
	{"ligature fi", "kim.\uFB01ss@example.com"},
	{"zero-width space", "kim\u200B.fiss@example.com"},
	{"soft hyphen", "kim\u00AD.fiss@example.com"},
	{"Cyrillic e", "kim.fiss@\u0435xample.com"},
	{"long s in the domain", "kim.fiss@example.co\u017F"},
	{"trailing space", "kim.fiss@example.com "},
}

const plainForm = "kim.fiss@example.com"

func findsByEmail(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if _, err := create(ctx, f, reset.User{Email: "bob@example.com"}); err != nil {
		return err
	}
	found, err := f.Store.FindByEmail(ctx, "ana@example.com")
	if err != nil {
		return fmt.Errorf("FindByEmail of a stored address failed: %w", err)
	}
	if len(found) != 1 {
		return fmt.Errorf("FindByEmail of a stored address returned %d accounts, want 1", len(found))
	}
	return same(found[0], want)
}

func findsNothing(ctx context.Context, f Fixture) error {
	found, err := f.Store.FindByEmail(ctx, "nobody@example.com")
	if err != nil {
		return fmt.Errorf("FindByEmail of an unknown address failed: %w", err)
	}
	if len(found) != 0 {
		return fmt.Errorf("FindByEmail of an unknown address returned %d accounts", len(found))
	}
	return nil
}

func foldsASCII(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: "Ana.Maria@Example.com"})
	if err != nil {
		return err
	}
	for _, typed := range []string{"ana.maria@example.com", "ANA.MARIA@EXAMPLE.COM", "Ana.Maria@Example.com"} {
		found, err := f.Store.FindByEmail(ctx, typed)
		if err != nil {
			return fmt.Errorf("FindByEmail failed: %w", err)
		}
		if len(found) != 1 {
			return fmt.Errorf("FindByEmail(%q) returned %d accounts, want the one stored as %q", typed, len(found), want.Email)
		}
		if err := same(found[0], want); err != nil {
			return err
		}
	}
	return nil
}

func lookAlikes(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: plainForm})
	if err != nil {
		return err
	}
	for _, form := range lookAlikeForms {
		found, err := f.Store.FindByEmail(ctx, form.address)
		if err != nil {
			return fmt.Errorf("FindByEmail with %s failed: %w", form.name, err)
		}
		for _, user := range found {
			if user.Email != want.Email {
				return fmt.Errorf("FindByEmail with %s returned the stored account with address %+q, want %+q", form.name, user.Email, want.Email)
			}
		}
	}
	return nil
}

func returnsAll(ctx context.Context, f Fixture) error {
	if f.UniqueEmail {
		return needs("a store where accounts can share an address")
	}
	ids := make(map[string]bool)
	for range 3 {
		user, err := create(ctx, f, reset.User{Email: "shared@example.com"})
		if err != nil {
			return err
		}
		ids[user.ID] = true
	}
	found, err := f.Store.FindByEmail(ctx, "shared@example.com")
	if err != nil {
		return fmt.Errorf("FindByEmail of a shared address failed: %w", err)
	}
	for _, user := range found {
		delete(ids, user.ID)
	}
	if len(found) != 3 || len(ids) != 0 {
		return fmt.Errorf("FindByEmail of an address with 3 accounts returned %d, and missed %d of the 3", len(found), len(ids))
	}
	return nil
}

func readsByID(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	got, err := f.Store.FindByID(ctx, want.ID)
	if err != nil {
		return fmt.Errorf("FindByID of a stored id failed: %w", err)
	}
	return same(got, want)
}

func refusesIDs(ctx context.Context, f Fixture) error {
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	for _, id := range []string{
		"", "x", "no-such-user", "0", "-1", "99999999999999999999999999", strings.Repeat("9", 255), "' OR '1'='1", "1 OR 1=1", "\u0661",
		user.ID + "abc", " " + user.ID, user.ID + " ", "0" + user.ID, "+" + user.ID, user.ID + ".0", user.ID + "e0", "{" + user.ID + "}",
	} {
		_, err := f.Store.FindByID(ctx, id)
		if !errors.Is(err, reset.ErrUserNotFound) {
			return fmt.Errorf("FindByID(%q), with %q stored, returned %s, want ErrUserNotFound", id, user.ID, what(err))
		}
	}
	return nil
}

func readsDisabled(ctx context.Context, f Fixture) error {
	if f.Disable == nil {
		return needs("Fixture.Disable")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if user.Disabled {
		return errors.New("a new account reads as disabled")
	}
	if err := f.Disable(ctx, user.ID); err != nil {
		return fmt.Errorf("Fixture.Disable: %w", err)
	}
	byID, err := f.Store.FindByID(ctx, user.ID)
	if err != nil {
		return fmt.Errorf("FindByID of a disabled account failed: %w", err)
	}
	byEmail, err := f.Store.FindByEmail(ctx, user.Email)
	if err != nil {
		return fmt.Errorf("FindByEmail of a disabled account failed: %w", err)
	}
	// Leaving disabled accounts out of the look-up by address is as good as marking them.
	if !byID.Disabled || len(byEmail) > 0 && !byEmail[0].Disabled {
		return errors.New("a disabled account reads as not disabled")
	}
	return nil
}
