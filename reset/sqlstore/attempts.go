package sqlstore

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// maxAttempts bounds how many attempts are made at work that other transactions
// get in the way of. Of 12,000 confirmations, 1,000 at once over 24 connections
// under SERIALIZABLE without an index on what Config.InTx deletes by, none
// needed more than three, and with three stores in place of one none more than
// fourteen.
const maxAttempts = 20

// longestPause is the longest wait between two attempts.
const longestPause = 512 * time.Millisecond

// longestQueue is the longest wait of a first attempt for those of others. One
// that is stuck, on a row that an open transaction holds, delays first attempts
// no longer. Retries wait until their ctx ends. 1,000 accounts that were all in
// each other's way took 5 to 11 seconds on two processors at a load of 12.
const longestQueue = 4 * time.Second

// pause waits before the attempt that follows the n-th, counted from 1, so that
// those who were in each other's way are not again. It returns false when ctx
// ends.
func pause(ctx context.Context, n int) bool {
	timer := time.NewTimer(rand.N(min(time.Millisecond<<n, longestPause)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// retried repeats work that was refused because of other transactions, as
// PostgreSQL under SERIALIZABLE does to a lone SELECT too. The work must be one
// that may be repeated, so a look-up, or an update with its condition.
func retried[T any](
	ctx context.Context, d sqldialect.Dialect, work func() (T, error),
) (T, error) {
	for n := 1; ; n++ {
		done, err := work()
		if n == maxAttempts || !d.Conflict(err) || !pause(ctx, n) {
			return done, err
		}
	}
}

// inTurn runs the n-th attempt at a write. Those that were refused before run
// one at a time, and new ones queue with them, for longestQueue at most. Where
// every write is in the way of every other, as without an index under
// SERIALIZABLE, all but one of those that run at once are refused.
func (s *Store) inTurn(ctx context.Context, n int, write func() error) error {
	var enough <-chan time.Time
	switch {
	case n > 1:
		s.refused.Add(1)
		defer s.refused.Add(-1)
	case s.refused.Load() > 0:
		enough = time.After(longestQueue)
	default:
		return write()
	}

	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-enough:
	case <-ctx.Done(): // which write will say.
	}
	return write()
}
