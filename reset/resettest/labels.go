package resettest

import (
	"context"
	"fmt"

	"github.com/lostkey-go/lostkey/reset"
)

const label = "second account, of the team"

// labelled makes an account and then gives it a label.
func labelled(ctx context.Context, f Fixture) (before reset.User, err error) {
	if f.ChangeLabel == nil {
		return before, needs("Fixture.ChangeLabel")
	}
	before, err = create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return before, err
	}
	if err := f.ChangeLabel(ctx, before.ID, label); err != nil {
		return before, inFixture("ChangeLabel", err)
	}
	return before, nil
}

func readsLabel(ctx context.Context, f Fixture) error {
	before, err := labelled(ctx, f)
	if err != nil {
		return err
	}

	read, err := readBack(ctx, f, before.ID)
	if err != nil {
		return fmt.Errorf("FindByID failed: %w", err)
	}
	if read.Label != label {
		return fmt.Errorf(
			"the label reads as %q, stored was %q", read.Label, label,
		)
	}

	found, err := f.Store.FindByEmail(ctx, read.Email)
	if err != nil || len(found) != 1 {
		return fmt.Errorf(
			"FindByEmail of a stored address returned %d accounts and %s",
			len(found), what(err),
		)
	}
	return same(found[0], read)
}

func ignoresLabel(ctx context.Context, f Fixture) error {
	before, err := labelled(ctx, f)
	if err != nil {
		return err
	}
	read, err := readBack(ctx, f, before.ID)
	if err != nil {
		return fmt.Errorf("FindByID failed: %w", err)
	}
	if read.Stamp != before.Stamp {
		return nil // The stamp is a version of the whole row.
	}

	encoded := newHash()
	if err := f.Store.ReplaceHash(ctx, before, encoded); err != nil {
		return fmt.Errorf(
			"ReplaceHash after the label alone changed failed: %w", err,
		)
	}
	return stored(ctx, f, before, encoded)
}
