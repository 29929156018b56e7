package sqlstore

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// maxAttempts bounds how many attempts are made at work that other transactions
// get in the way of. Of 16,000 confirmations, 1,000 at once for 200 accounts,
// over 24 connections under SERIALIZABLE, one needed eleven.
const maxAttempts = 20

// longestPause is the longest wait between two attempts.
const longestPause = 512 * time.Millisecond

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
