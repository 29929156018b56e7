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

// servesMany has many accounts confirm at once, each of them twice at a time.
// Under stricter isolation, databases also refuse look-ups, and writes to rows
// that have nothing to do with each other.
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
		if f.AddSession != nil {
			if err := f.AddSession(ctx, users[i].ID); err != nil {
				return inFixture("AddSession", err)
			}
		}
	}

	var done sync.WaitGroup
	results := make([]error, accounts)
	for i, user := range users {
		done.Go(func() {
			for range 4 {
				if user, results[i] = replaceTwice(
					ctx, f, user,
				); results[i] != nil {
					return
				}
			}
		})
	}
	done.Wait()

	return errors.Join(results...)
}

// replaceTwice has two replace the hash of one account at the same time, and
// returns the account as it is then.
func replaceTwice(
	ctx context.Context, f Fixture, user reset.User,
) (reset.User, error) {
	if _, err := f.Store.FindByEmail(ctx, user.Email); err != nil {
		return user, fmt.Errorf("FindByEmail among many failed: %w", err)
	}

	var done sync.WaitGroup
	hashes, results := [2]string{newHash(), newHash()}, [2]error{}
	for i := range hashes {
		done.Go(func() {
			results[i] = f.Store.ReplaceHash(ctx, user, hashes[i])
		})
	}
	done.Wait()

	winner := 0
	if results[0] != nil {
		winner = 1
	}
	if err := results[winner]; err != nil {
		return user, fmt.Errorf("ReplaceHash among many failed: %w", err)
	}
	if err := results[1-winner]; !errors.Is(err, reset.ErrStale) {
		return user, fmt.Errorf(
			"the second ReplaceHash of one account returned %s, want ErrStale",
			what(err),
		)
	}

	if err := stored(ctx, f, user, hashes[winner]); err != nil {
		return user, err
	}
	// Anything may have changed with the hash, such as a counted stamp.
	return f.Store.FindByID(ctx, user.ID)
}
