package resettest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

func storesLongHash(ctx context.Context, f Fixture) error {
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}

	// No hash that hash.Hasher makes has more than 128 bytes. These are the
	// characters that the formats in use are made of, and that escaping,
	// trimming and lossy character sets go wrong on.
	long := "$argon2id$v=19$m=65536,t=3,p=4$c29tZS9zYWx0Kw==${}*!_-:|" +
		strings.Repeat("Ab3/+.=", 10)
	long += strings.Repeat("z", 128-len(long))
	if err := f.Store.ReplaceHash(ctx, user, long); err != nil {
		return fmt.Errorf(
			"ReplaceHash with a hash of 128 characters failed: %w", err,
		)
	}

	return stored(ctx, f, user, long)
}

func changesOne(ctx context.Context, f Fixture) error {
	// Unsalted hashes, or a shared default, can make two rows equal.
	encoded := newHash()
	user, err := create(ctx, f, reset.User{
		Email:        "ana@example.com",
		PasswordHash: encoded,
	})
	if err != nil {
		return err
	}
	other, err := create(ctx, f, reset.User{
		Email:        "bob@example.com",
		PasswordHash: encoded,
	})
	if err != nil {
		return err
	}

	if err := f.Store.ReplaceHash(ctx, user, newHash()); err != nil {
		return fmt.Errorf("ReplaceHash of an account as read failed: %w", err)
	}
	return stored(ctx, f, other, encoded)
}

func refusesOtherHash(ctx context.Context, f Fixture) error {
	return refuses(ctx, f, func(_ Fixture, user *reset.User) error {
		user.PasswordHash = newHash()
		return nil
	})
}

func refusesCaseFlip(ctx context.Context, f Fixture) error {
	return refuses(ctx, f, func(_ Fixture, user *reset.User) error {
		user.PasswordHash = strings.ToUpper(user.PasswordHash)
		return nil
	})
}

func refusesPadding(ctx context.Context, f Fixture) error {
	err := refuses(ctx, f, func(_ Fixture, user *reset.User) error {
		user.PasswordHash += " "
		return nil
	})
	if err != nil {
		return err
	}

	// The other way round, the padding is stored, and the caller's is trimmed.
	user, err := create(ctx, f, reset.User{
		Email:        "pad@example.com",
		PasswordHash: newHash() + " ",
	})
	if err != nil {
		return err
	}
	seen := user
	seen.PasswordHash = strings.TrimRight(user.PasswordHash, " ")
	return refusesWrite(ctx, f, seen, user.PasswordHash)
}

func replacesOnce(ctx context.Context, f Fixture) error {
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	first := newHash()
	if err := f.Store.ReplaceHash(ctx, user, first); err != nil {
		return fmt.Errorf("ReplaceHash of an account as read failed: %w", err)
	}
	if err := stored(ctx, f, user, first); err != nil {
		return err
	}
	return refusesWrite(ctx, f, user, first)
}

func replacesEmpty(ctx context.Context, f Fixture) error {
	user, err := createExactly(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}

	first := newHash()
	if err := f.Store.ReplaceHash(ctx, user, first); err != nil {
		return fmt.Errorf(
			"ReplaceHash of an account without a hash failed: %w", err,
		)
	}
	if err := stored(ctx, f, user, first); err != nil {
		return err
	}
	return refusesWrite(ctx, f, user, first)
}

func refusesChangedEmail(ctx context.Context, f Fixture) error {
	// Whatever the row holds, it is not this.
	err := refuses(ctx, f, func(_ Fixture, user *reset.User) error {
		user.Email = "somebody.else@example.com"
		return nil
	})
	if err != nil || f.ChangeEmail == nil {
		return err
	}

	return refuses(ctx, f, func(f Fixture, user *reset.User) error {
		return f.ChangeEmail(ctx, user.ID, "changed@example.com")
	})
}

func refusesChangedStamp(ctx context.Context, f Fixture) error {
	if f.ChangeStamp == nil {
		return needs("Fixture.ChangeStamp")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if err := f.ChangeStamp(ctx, user.ID, "8"); err != nil {
		return inFixture("ChangeStamp", err)
	}
	if err := refusesWrite(ctx, f, user, user.PasswordHash); err != nil {
		return err
	}

	// A link that is made now is good.
	read, err := readBack(ctx, f, user.ID)
	if err != nil {
		return fmt.Errorf("FindByID failed: %w", err)
	}
	encoded := newHash()
	if err := f.Store.ReplaceHash(ctx, read, encoded); err != nil {
		return &causedError{
			fmt.Errorf("ReplaceHash with the new stamp failed: %w", err),
			"the look-ups read the stamp from elsewhere, or in another form, " +
				"than the write compares it",
		}
	}
	return stored(ctx, f, user, encoded)
}

func refusesDisabled(ctx context.Context, f Fixture) error {
	if f.Disable == nil {
		return needs("Fixture.Disable")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if err := f.Disable(ctx, user.ID); err != nil {
		return inFixture("Disable", err)
	}

	if err := f.Store.ReplaceHash(
		ctx, user, newHash(),
	); !errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash of a disabled account returned %s, want ErrStale",
			what(err),
		)
	}

	// A store that leaves disabled accounts out of its look-ups shows no hash.
	if err := stored(
		ctx, f, user, user.PasswordHash,
	); !errors.Is(err, reset.ErrUserNotFound) {
		return err
	}
	return nil
}

func refusesDeleted(ctx context.Context, f Fixture) error {
	if f.Delete == nil {
		return needs("Fixture.Delete")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if err := f.Delete(ctx, user.ID); err != nil {
		return inFixture("Delete", err)
	}

	if err := f.Store.ReplaceHash(
		ctx, user, newHash(),
	); !errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash of a deleted account returned %s, want ErrStale",
			what(err),
		)
	}

	// Marking a deleted account as disabled is as good as not finding it.
	read, err := readBack(ctx, f, user.ID)
	if errors.Is(err, reset.ErrUserNotFound) || err == nil && read.Disabled {
		return nil
	}
	return &causedError{
		fmt.Errorf(
			"FindByID of a deleted account returned %s, want ErrUserNotFound "+
				"or a disabled account",
			what(err),
		),
		"deleting only marks the row, and the look-up lacks the condition on " +
			"the mark; or no row is not reported as ErrUserNotFound",
	}
}

func endsSessions(ctx context.Context, f Fixture) error {
	if f.AddSession == nil || f.Sessions == nil {
		return needs("Fixture.AddSession and Fixture.Sessions")
	}
	user, other, err := signedIn(ctx, f)
	if err != nil {
		return err
	}

	if err := f.Store.ReplaceHash(ctx, user, newHash()); err != nil {
		return fmt.Errorf("ReplaceHash of an account as read failed: %w", err)
	}
	if err := sessions(ctx, f, user, 0); err != nil {
		return err
	}
	return sessions(ctx, f, other, 2)
}

func keepsSessions(ctx context.Context, f Fixture) error {
	if f.AddSession == nil || f.Sessions == nil {
		return needs("Fixture.AddSession and Fixture.Sessions")
	}
	user, _, err := signedIn(ctx, f)
	if err != nil {
		return err
	}

	seen := user
	seen.PasswordHash = newHash()
	if err := refusesWrite(ctx, f, seen, user.PasswordHash); err != nil {
		return err
	}
	return sessions(ctx, f, user, 2)
}

func keepsHash(ctx context.Context, f Fixture) error {
	if f.FailSessions == nil {
		return needs("Fixture.FailSessions")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if err := f.FailSessions(ctx); err != nil {
		return inFixture("FailSessions", err)
	}

	err = f.Store.ReplaceHash(ctx, user, newHash())
	if err == nil || errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash that cannot end sessions returned %s, want an error "+
				"that is not ErrStale",
			what(err),
		)
	}

	return stored(ctx, f, user, user.PasswordHash)
}
