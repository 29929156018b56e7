package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
)

// ReplaceHash stores encoded if the row still is what seen says, with the same
// hash, addresses and stamp, byte for byte, and is not disabled. Otherwise
// nothing is written and the error is [reset.ErrStale]. seen must come from
// FindByEmail or FindByID.
//
// A transaction the database refuses because of another one (serialization
// failure, deadlock, SQLite's BUSY) is tried again while the row is as seen,
// twenty times in all, after pauses of at most half a second. Retries of one
// Store run one at a time, and new writes wait for them, four seconds at most.
// Where the column cannot hold encoded, the error says so. Any other error, a
// lost connection above all, does not tell whether the write took place.
//
// ctx governs everything. When it ends before the commit is sent, nothing is
// written. When it ends after, the error is ctx's and the write may stand.
func (s *Store) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if seen.Disabled || !s.canHold(seen) {
		return cmp.Or(ctx.Err(), reset.ErrStale)
	}

	for n := 1; ; n++ {
		err := s.inTurn(ctx, n, func() error {
			return s.replace(ctx, seen, encoded)
		})
		refused, isRefused := errors.AsType[*refusedError](err)
		if !isRefused && !s.dialect.Conflict(err) {
			return err
		}

		now, readErr := s.FindByID(ctx, seen.ID)
		switch {
		case errors.Is(readErr, reset.ErrUserNotFound):
			return reset.ErrStale
		case readErr != nil:
			return errors.Join(err, readErr)
		case now.PasswordHash == encoded:
			// The salt is new, so only this call can have written it.
			return nil
		case !same(now, seen):
			return reset.ErrStale
		case isRefused:
			return fmt.Errorf(
				"sqlstore: replace hash: the column cannot hold the new hash: %w",
				refused.err,
			)
		case n == maxAttempts || !pause(ctx, n):
			return err
		}
	}
}

// same reports whether the write that seen is good for may take place.
func same(now, seen reset.User) bool {
	return now.PasswordHash == seen.PasswordHash && now.Email == seen.Email &&
		now.Stamp == seen.Stamp && !now.Disabled &&
		slices.Equal(now.Recovery, seen.Recovery)
}

// canHold reports whether there can be a row that is as seen.
func (s *Store) canHold(seen reset.User) bool {
	return s.dialect.CanHold(
		seen.ID + seen.PasswordHash + seen.Email + seen.Stamp +
			strings.Join(seen.Recovery, lineFeed),
	)
}

func (s *Store) replace(
	ctx context.Context, seen reset.User, encoded string,
) error {
	args := []any{
		encoded, seen.ID, seen.PasswordHash, seen.Email, seen.Stamp,
	}
	if s.queries.ByRecovery != "" {
		args = append(args, strings.Join(seen.Recovery, lineFeed))
	}

	changed, err := s.changeOne(
		ctx,
		func(tx *sql.Tx) error {
			if s.inTx == nil {
				return nil
			}
			if err := s.inTx(ctx, tx, seen); err != nil {
				return fmt.Errorf("Config.InTx: %w", err)
			}
			return nil
		},
		s.queries.Replace,
		s.withWhere(args...)...,
	)
	if err != nil {
		return fmt.Errorf("sqlstore: replace hash: %w", err)
	}

	if !changed {
		return reset.ErrStale
	}
	return nil
}

// SwapFor returns the function that [hash.Hasher.VerifyAndUpdate] calls at
// login to replace a hash in an old format. It compares the hash alone, so that
// a reset that gets in between wins, and does not run Config.InTx, because
// better parameters end no session. Links issued before the swap die.
func (s *Store) SwapFor(user reset.User) hash.SwapFunc {
	return func(ctx context.Context, old, encoded string) (bool, error) {
		if s.queries.Swap == "" {
			return false, errors.New("sqlstore: Config.Queries.Swap is empty")
		}
		swapped, err := retried(ctx, s.dialect, func() (bool, error) {
			return s.changeOne(
				ctx, nil, s.queries.Swap, s.withWhere(encoded, user.ID, old)...,
			)
		})
		if err != nil {
			return false, fmt.Errorf("sqlstore: swap hash: %w", err)
		}
		return swapped, nil
	}
}

// changeOne runs a conditional update and then, if it changed one row, the
// hook, in one transaction. The update comes first and nothing is read before
// it, so that the transaction has no snapshot that could be too old. The
// transaction is there without a hook as well, so that a statement that lost
// its condition and changed every password is rolled back.
func (s *Store) changeOne(
	ctx context.Context,
	hook func(*sql.Tx) error,
	query string,
	args ...any,
) (changed bool, err error) {
	defer func() {
		// When ctx ends, package sql rolls back by itself, and says of whatever
		// comes too late only that the transaction is done.
		if errors.Is(err, sql.ErrTxDone) {
			err = cmp.Or(ctx.Err(), err)
		}
	}()

	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	// After a commit it has nothing to do. Before one, the first error counts.
	defer tx.Rollback() //nolint:errcheck // see above.

	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		if s.dialect.Refuses(err, fmt.Sprint(args...)) {
			err = &refusedError{err}
		}
		return false, err
	}

	n, err := res.RowsAffected()
	if err != nil {
		return false, err
	}
	switch {
	case n == 0:
		return false, nil
	case n != 1:
		return false, fmt.Errorf(
			"the statement matched %d rows, not one; nothing was changed", n,
		)
	}

	if hook != nil {
		if err := hook(tx); err != nil {
			return false, err
		}
	}

	return true, tx.Commit()
}

// A refusedError says that the database refused one of the values of a write.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }
