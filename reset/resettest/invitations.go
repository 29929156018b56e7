package resettest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/reset"
)

// invitationStaysDead takes an account's password away, invites it, uses the
// invitation, takes the password away again, and uses the invitation again.
//
// A link is bound to the hash that was stored when it was made. Where that was
// an unusable mark, the same mark written once more brings the link back to
// life. The empty hash is no such case, because package reset writes a mark
// of its own, with random text, before it invites an account without a hash.
func invitationStaysDead(ctx context.Context, f Fixture) error {
	if f.ClearPassword == nil {
		return needs("Fixture.ClearPassword")
	}
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}
	if err := f.ClearPassword(ctx, user.ID); err != nil {
		return inFixture("ClearPassword", err)
	}

	seen, err := invited(ctx, f, user.ID)
	if errors.Is(err, reset.ErrUserNotFound) || err == nil && seen.Disabled {
		return nil // Nobody can be invited.
	}
	if err != nil {
		return err
	}
	if err := f.Store.ReplaceHash(ctx, seen, newHash()); err != nil {
		return fmt.Errorf("ReplaceHash with an invitation failed: %w", err)
	}

	if err := f.ClearPassword(ctx, user.ID); err != nil {
		return inFixture("ClearPassword", err)
	}
	if err := f.Store.ReplaceHash(
		ctx, seen, newHash(),
	); !errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash with a used invitation, after the password was "+
				"cleared, returned %s, want ErrStale",
			what(err),
		)
	}
	return nil
}

// invited returns the account as an invitation is bound to it.
func invited(ctx context.Context, f Fixture, id string) (reset.User, error) {
	seen, err := readBack(ctx, f, id)
	if err != nil || seen.Disabled || seen.PasswordHash != "" {
		return seen, err
	}
	if err := f.Store.ReplaceHash(ctx, seen, "!"+rand.Text()); err != nil {
		return seen, &causedError{
			fmt.Errorf(
				"ReplaceHash of an account without a hash failed: %w", err,
			),
			"NULL = '' is never true in SQL: compare COALESCE(password_hash, " +
				"'')",
		}
	}
	return readBack(ctx, f, id)
}
