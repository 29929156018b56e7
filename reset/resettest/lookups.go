package resettest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// lookAlikeForms are look-alikes of kim.fiss@example.com. All are written as
// escapes, because an editor or a keyboard may turn the real letters into the
// plain ones.
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

// plainForm is the address that lookAlikeForms look like.
const plainForm = "kim.fiss@example.com"

func findsByEmail(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if _, err := create(
		ctx, f, reset.User{Email: "bob@example.com"},
	); err != nil {
		return err
	}

	found, err := f.Store.FindByEmail(ctx, "ana@example.com")
	if err != nil {
		return fmt.Errorf("FindByEmail of a stored address failed: %w", err)
	}
	if len(found) != 1 {
		return fmt.Errorf(
			"FindByEmail of a stored address returned %d accounts, want 1",
			len(found),
		)
	}
	return same(found[0], want)
}

func findsNothing(ctx context.Context, f Fixture) error {
	found, err := f.Store.FindByEmail(ctx, "nobody@example.com")
	if err != nil {
		return fmt.Errorf("FindByEmail of an unknown address failed: %w", err)
	}
	if len(found) != 0 {
		return fmt.Errorf(
			"FindByEmail of an unknown address returned %d accounts",
			len(found),
		)
	}
	return nil
}

// unfit are addresses that pass for one wherever they are typed, and that not
// every column can hold.
var unfit = []struct{ name, address string }{
	{"a Cyrillic letter", "\u044f@example.com"},
	{"a letter beyond the Basic Multilingual Plane", "\U0001d4b6@example.com"},
	{"an accented letter", "\u00e9@example.com"},
	{"a quote", "o'brien@example.com"},
	{"a percent sign and an underscore", "%_%@example.com"},
	{"254 bytes", strings.Repeat("a", 242) + "@example.com"},
}

func unfitAddresses(ctx context.Context, f Fixture) error {
	if _, err := create(
		ctx, f, reset.User{Email: "ana@example.com"},
	); err != nil {
		return err
	}

	for _, typed := range unfit {
		found, err := f.Store.FindByEmail(ctx, typed.address)
		if err != nil {
			return fmt.Errorf(
				"FindByEmail of an unknown address with %s failed: %w",
				typed.name, err,
			)
		}

		for _, user := range found {
			if user.Email == typed.address {
				return fmt.Errorf(
					"FindByEmail of an unknown address with %s returned an "+
						"account with that address",
					typed.name,
				)
			}
		}
	}
	return nil
}

func foldsASCII(ctx context.Context, f Fixture) error {
	want, err := create(ctx, f, reset.User{Email: "Ana.Maria@Example.com"})
	if err != nil {
		return err
	}

	for _, typed := range []string{
		"ana.maria@example.com",
		"ANA.MARIA@EXAMPLE.COM",
		"Ana.Maria@Example.com",
	} {
		found, err := f.Store.FindByEmail(ctx, typed)
		if err != nil {
			return fmt.Errorf("FindByEmail failed: %w", err)
		}
		if len(found) != 1 {
			return fmt.Errorf(
				"FindByEmail(%q) returned %d accounts, want the one stored "+
					"as %q",
				typed, len(found), want.Email,
			)
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
			return &causedError{
				fmt.Errorf("FindByEmail with %s failed: %w", form.name, err),
				causeUnfit,
			}
		}

		for _, user := range found {
			if user.Email != want.Email {
				return fmt.Errorf(
					"FindByEmail with %s returned the stored account with "+
						"address %+q, want %+q",
					form.name, user.Email, want.Email,
				)
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
		return fmt.Errorf(
			"FindByEmail of an address with 3 accounts returned %d, and "+
				"missed %d of the 3",
			len(found), len(ids),
		)
	}
	return nil
}

func otherSpellings(ctx context.Context, f Fixture) error {
	const address, spellings = "ana.maria@example.com", 128
	if f.LowercaseEmail {
		return needs("a store that keeps other spellings of an address")
	}

	for n := spellings; n > 0; n-- {
		_, err := insert(ctx, f, reset.User{
			Email:        spelled(address, n),
			PasswordHash: newHash(),
		})
		if n < spellings && err != nil {
			return needs("a store that keeps other spellings of an address")
		}
		if err != nil {
			return err
		}
	}
	// The owner comes last, behind whoever registered the other spellings
	// first.
	want, err := create(ctx, f, reset.User{Email: address})
	if err != nil {
		return needs("a store that keeps other spellings of an address")
	}

	found, err := f.Store.FindByEmail(ctx, address)
	if err != nil {
		return fmt.Errorf(
			"FindByEmail of an address with %d other spellings failed: %w",
			spellings, err,
		)
	}
	for _, user := range found {
		if user.ID == want.ID {
			return same(user, want)
		}
	}

	return fmt.Errorf(
		"FindByEmail of an address with %d other spellings returned %d "+
			"accounts, and not the one that is spelled as typed",
		spellings, len(found),
	)
}

// spelled returns an address with some letters as capitals. They are those that
// the bits of n stand for, the first letter for the lowest bit.
func spelled(address string, n int) string {
	text := []byte(address)
	for i, c := range text {
		if c < 'a' || c > 'z' {
			continue
		}
		if n&1 == 1 {
			text[i] = c - 'a' + 'A'
		}
		n >>= 1
	}
	return string(text)
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
		"", "x", "no-such-user", "0", "-1",
		"99999999999999999999999999", strings.Repeat("9", 255),
		"' OR '1'='1", "1 OR 1=1", "\u0661", "\U0001d4b6",
		user.ID + "abc", " " + user.ID, user.ID + " ", "0" + user.ID,
		"+" + user.ID, user.ID + ".0", user.ID + "e0", "{" + user.ID + "}",
	} {
		_, err := f.Store.FindByID(ctx, id)
		if !errors.Is(err, reset.ErrUserNotFound) {
			return fmt.Errorf(
				"FindByID(%q), with %q stored, returned %s, want "+
					"ErrUserNotFound",
				id, user.ID, what(err),
			)
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
		return inFixture("Disable", err)
	}

	// Leaving disabled accounts out is as good as marking them.
	byID, err := readBack(ctx, f, user.ID)
	if err != nil && !errors.Is(err, reset.ErrUserNotFound) {
		return fmt.Errorf("FindByID of a disabled account failed: %w", err)
	}
	if err == nil && !byID.Disabled {
		return errors.New("FindByID reads a disabled account as not disabled")
	}

	byEmail, err := f.Store.FindByEmail(ctx, user.Email)
	if err != nil {
		return fmt.Errorf("FindByEmail of a disabled account failed: %w", err)
	}
	if len(byEmail) > 0 && !byEmail[0].Disabled {
		return errors.New(
			"FindByEmail reads a disabled account as not disabled",
		)
	}
	return nil
}
