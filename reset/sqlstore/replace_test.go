package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestReplaceHashComparesAllThatWasVerified(t *testing.T) {
	t.Parallel()
	var got []any
	f := &sqltest.DB{Exec: func(_ string, args []any) (int64, error) {
		got = args
		return 1, nil
	}}

	require.NoError(t, newStore(t, f, sqlstore.SQLite).
		ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(
		t, []any{"new hash", "7", "old hash", "ann@example.org", "3"}, got,
	)
	require.Equal(
		t, "BEGIN UPDATE COMMIT", f.Sent(),
		"nothing is read in the transaction",
	)
}

func TestReplaceHashOfADisabledAccountIsStale(t *testing.T) {
	t.Parallel()
	f, seen := &sqltest.DB{}, ann
	seen.Disabled = true
	err := newStore(t, f, sqlstore.SQLite).
		ReplaceHash(t.Context(), seen, "new hash")
	require.ErrorIs(t, err, reset.ErrStale)
	require.Empty(t, f.Sent())
}

func TestNoRowIsStaleAndManyRowsAreUndone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows  int64
		stale bool
	}{{0, true}, {2, false}, {1_000_000, false}} {
		f := &sqltest.DB{
			Exec: func(string, []any) (int64, error) { return c.rows, nil },
		}
		hooked := false
		store := newStore(t, f, sqlstore.PostgreSQL, func(cfg *sqlstore.Config) {
			cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
				hooked = true
				return nil
			}
		})

		err := store.ReplaceHash(t.Context(), ann, "new hash")
		require.Error(t, err)
		require.Equal(
			t, c.stale, errors.Is(err, reset.ErrStale), "%d rows", c.rows,
		)
		require.Equal(t, "BEGIN UPDATE ROLLBACK", f.Sent())
		require.False(t, hooked, "sessions end only with a change")

		swapped, err := store.SwapFor(ann)(t.Context(), "old hash", "new hash")
		require.False(t, swapped)
		require.Equal(t, c.stale, err == nil)
	}
}

//lostkey:covers ASVS-2.3.3
func TestHookSharesTheTransaction(t *testing.T) {
	t.Parallel()
	var (
		seen   reset.User
		result error
	)
	f := &sqltest.DB{}
	store := newStore(t, f, sqlstore.SQLite, func(cfg *sqlstore.Config) {
		cfg.InTx = func(ctx context.Context, tx *sql.Tx, u reset.User) error {
			seen = u
			_, err := tx.ExecContext(ctx, "DELETE FROM sessions")
			return errors.Join(err, result)
		}
	})
	require.NoError(t, store.ReplaceHash(t.Context(), ann, "new hash"))
	require.Equal(t, "BEGIN UPDATE DELETE COMMIT", f.Sent())
	require.Equal(t, ann, seen)

	f.Forget()
	result = errors.New("sessions are away")
	err := store.ReplaceHash(t.Context(), ann, "new hash")
	require.ErrorIs(t, err, result)
	require.NotErrorIs(t, err, reset.ErrStale)
	require.Equal(t, "BEGIN UPDATE DELETE ROLLBACK", f.Sent())
}

func TestPanicInTheHookUndoesTheChange(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{}
	store := newStore(t, f, sqlstore.SQLite, func(cfg *sqlstore.Config) {
		cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
			panic("hook")
		}
	})
	require.PanicsWithValue(t, "hook", func() {
		_ = store.ReplaceHash(t.Context(), ann, "new hash")
	})
	require.Equal(t, "BEGIN UPDATE ROLLBACK", f.Sent())
}

// Package sql rolls back in a goroutine of its own, which may be done before
// the commit is.
func TestEndOfTheContextIsItsErrorHoweverSoonTheRollbackIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := &sqltest.DB{}
	store := newStore(t, f, sqlstore.SQLite, func(cfg *sqlstore.Config) {
		cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
			cancel()
			require.Eventually(t, func() bool {
				return strings.HasSuffix(f.Sent(), "ROLLBACK")
			}, time.Minute, time.Millisecond)
			return nil
		}
	})

	err := store.ReplaceHash(ctx, ann, "new hash")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, reset.ErrStale)
	require.Equal(t, "BEGIN UPDATE ROLLBACK", f.Sent())
}

func TestLostReplyToTheCommitIsAnOpenOutcome(t *testing.T) {
	t.Parallel()
	lost := errors.New("unexpected EOF")
	f := &sqltest.DB{Commit: func() error { return lost }}
	err := newStore(t, f, sqlstore.PostgreSQL).
		ReplaceHash(t.Context(), ann, "new hash")
	require.ErrorIs(t, err, lost)
	require.NotErrorIs(t, err, reset.ErrStale)
	require.Equal(t, "BEGIN UPDATE COMMIT", f.Sent())
}

func TestSwapComparesTheHashAloneAndRunsNoHook(t *testing.T) {
	t.Parallel()
	var got []any
	f := &sqltest.DB{Exec: func(_ string, args []any) (int64, error) {
		got = args
		return 1, nil
	}}
	store := newStore(t, f, sqlstore.MySQL, func(cfg *sqlstore.Config) {
		cfg.InTx = func(context.Context, *sql.Tx, reset.User) error {
			return errors.New("a login ends no session")
		}
	})

	swapped, err := store.SwapFor(ann)(t.Context(), "old hash", "better hash")
	require.NoError(t, err)
	require.True(t, swapped)
	require.Equal(t, []any{"better hash", "7", "old hash"}, got)
}

func TestSwapWithoutItsStatementIsAnError(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{}
	store := newStore(t, f, sqlstore.PostgreSQL, func(cfg *sqlstore.Config) {
		cfg.Table, cfg.Queries = sqlstore.Table{}, plainQueries()
		cfg.Queries.Swap = ""
	})
	swapped, err := store.SwapFor(ann)(t.Context(), "old hash", "better hash")
	require.ErrorContains(t, err, "Queries.Swap")
	require.False(t, swapped)
	require.Empty(t, f.Sent())
}
