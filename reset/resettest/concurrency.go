package resettest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lostkey-go/lostkey/reset"
)

// racers is how many confirm one link at the same time.
const racers = 64

func oneWinner(ctx context.Context, f Fixture) error {
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}

	// Everybody has read before anybody writes. Without this barrier a store
	// that reads and then writes often looks right.
	var read, done sync.WaitGroup
	read.Add(racers)
	results := make([]error, racers)
	hashes := make([]string, racers)
	for i := range racers {
		done.Go(func() {
			seen, err := f.Store.FindByID(ctx, user.ID)
			read.Done()
			read.Wait()
			if err != nil {
				results[i] = fmt.Errorf("FindByID failed: %w", err)
				return
			}
			hashes[i] = newHash()
			results[i] = f.Store.ReplaceHash(ctx, seen, hashes[i])
		})
	}
	done.Wait()

	winners, winner := 0, ""
	for i, err := range results {
		switch {
		case err == nil:
			winners, winner = winners+1, hashes[i]
		case !errors.Is(err, reset.ErrStale):
			return fmt.Errorf("a loser of the race got %w, want ErrStale", err)
		}
	}
	if winners != 1 {
		return fmt.Errorf(
			"%d of %d replaced the same old hash, want 1", winners, racers,
		)
	}

	return stored(ctx, f, user, winner)
}

func heedsContext(ctx context.Context, f Fixture) error {
	user, err := create(ctx, f, reset.User{Email: "ana@example.com"})
	if err != nil {
		return err
	}

	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := f.Store.FindByEmail(gone, user.Email); err == nil {
		return errors.New(
			"FindByEmail with a cancelled context returned no error",
		)
	}
	if _, err := f.Store.FindByID(gone, user.ID); err == nil {
		return errors.New("FindByID with a cancelled context returned no error")
	}
	if err := f.Store.ReplaceHash(gone, user, newHash()); err == nil ||
		errors.Is(err, reset.ErrStale) {
		return fmt.Errorf(
			"ReplaceHash with a cancelled context returned %s, want an error "+
				"that is not ErrStale",
			what(err),
		)
	}

	return stored(ctx, f, user, user.PasswordHash)
}

func servesMany(ctx context.Context, f Fixture) error {
	const accounts = 16
	users := make([]reset.User, accounts)
	for i := range users {
		var err error
		if users[i], err = create(ctx, f, reset.User{
			Email: fmt.Sprintf("user%d@example.com", i),
		}); err != nil {
			return err
		}
	}

	var done sync.WaitGroup
	results := make([]error, accounts)
	for i, user := range users {
		done.Go(func() {
			for range 4 {
				if _, err := f.Store.FindByEmail(ctx, user.Email); err != nil {
					results[i] = fmt.Errorf(
						"FindByEmail among many failed: %w", err,
					)
					return
				}
				encoded := newHash()
				if err := f.Store.ReplaceHash(ctx, user, encoded); err != nil {
					results[i] = fmt.Errorf(
						"ReplaceHash among many failed: %w", err,
					)
					return
				}
				if results[i] = stored(
					ctx, f, user, encoded,
				); results[i] != nil {
					return
				}

				// Anything may have changed with the hash, such as a counted
				// stamp.
				if user, results[i] = f.Store.FindByID(
					ctx, user.ID,
				); results[i] != nil {
					return
				}
			}
		})
	}
	done.Wait()

	return errors.Join(results...)
}
