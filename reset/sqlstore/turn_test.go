package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Where every write is in the way of every other, those that were refused must
// not run at once again.
func TestRefusedWritesAreRetriedOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 10
		var (
			mu               sync.Mutex
			refused, running int
			all              = make(chan struct{})
		)
		f := &sqltest.DB{
			Exec: func(string, []any) (int64, error) {
				mu.Lock()
				first := refused < n
				if first {
					if refused++; refused == n {
						close(all)
					}
				} else {
					running++
				}
				atOnce := running
				mu.Unlock()
				if first {
					<-all
					return 0, codeError(5)
				}

				// The others get as far as they can meanwhile.
				<-time.After(time.Second)
				mu.Lock()
				defer mu.Unlock()
				running--
				if atOnce > 1 {
					return 0, codeError(10)
				}
				return 1, nil
			},
			Query: yields(annsRow),
		}
		store := newStore(t, f, sqlstore.SQLite)

		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				encoded := fmt.Sprint("new hash ", i)
				err := store.ReplaceHash(t.Context(), ann, encoded)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// stuckRetry returns a store whose one write is retried and does not return
// before release is called, and the error that it then has.
func stuckRetry(t *testing.T) (
	store *sqlstore.Store, f *sqltest.DB, release func(), done chan error,
) {
	t.Helper()
	held, retried, attempts := make(chan struct{}), make(chan struct{}), 0
	release, done = sync.OnceFunc(func() { close(held) }), make(chan error, 1)
	f = &sqltest.DB{
		Exec: func(_ string, args []any) (int64, error) {
			if args[0] != "stuck" {
				return 1, nil
			}
			if attempts++; attempts == 1 {
				return 0, codeError(5)
			}
			close(retried)
			<-held
			return 1, nil
		},
		Query: yields(annsRow),
	}
	store = newStore(t, f, sqlstore.SQLite)
	t.Cleanup(release) // before the database is closed.
	go func() { done <- store.ReplaceHash(t.Context(), ann, "stuck") }()

	<-retried
	f.Forget()
	return store, f, release, done
}

func TestNewWriteWaitsForThoseThatAreRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, f, release, done := stuckRetry(t)
		begun := time.Now()
		second := make(chan error, 1)
		go func() {
			second <- store.ReplaceHash(t.Context(), ann, "new hash")
		}()
		synctest.Wait()
		require.Empty(t, f.Sent())

		release()
		require.NoError(t, <-done)
		require.NoError(t, <-second)
		require.Equal(t, "COMMIT BEGIN UPDATE COMMIT", f.Sent())
		require.Zero(t, time.Since(begun), "it waited for longer")

		require.NoError(t, store.ReplaceHash(t.Context(), ann, "third"))
		require.Zero(t, time.Since(begun), "nobody is retried any more")
	})
}

// One account whose row is held by others must not stop all resets.
func TestNewWriteDoesNotWaitForeverForAStuckOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, f, release, done := stuckRetry(t)
		begun := time.Now()
		err := store.ReplaceHash(t.Context(), ann, "new hash")
		require.NoError(t, err)
		require.Equal(t, "BEGIN UPDATE COMMIT", f.Sent())
		require.Equal(t, 4*time.Second, time.Since(begun))

		release()
		require.NoError(t, <-done)
	})
}

func TestContextEndsTheWaitForATurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, f, release, done := stuckRetry(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		err := store.ReplaceHash(ctx, ann, "new hash")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, reset.ErrStale)
		require.Empty(t, f.Sent())
		require.Equal(t, time.Second, time.Since(begun))

		release()
		require.NoError(t, <-done)
	})
}
