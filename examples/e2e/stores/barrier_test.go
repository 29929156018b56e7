package stores_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// A barrier is a store that holds every write until all of n are waiting: the
// confirmations have then verified their link against the same row, and only
// the write itself is left to tell them apart. Without it a race hides behind
// the time that hashing takes. A confirmation that ends before its write fails
// the barrier, and no write that is held goes on.
type barrier struct {
	reset.Store
	release <-chan struct{}
	full    chan struct{}
	failed  chan struct{}

	mu      sync.Mutex
	missing int
	reason  error
}

// newBarrier waits for n writes. They go on when release is closed, which a nil
// release means to do by itself.
func newBarrier(
	store reset.Store, n int, release <-chan struct{},
) *barrier {
	b := &barrier{
		Store:   store,
		release: release,
		full:    make(chan struct{}),
		failed:  make(chan struct{}),
		missing: n,
	}
	if release == nil {
		b.release = b.full
	}
	return b
}

func (b *barrier) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	b.mu.Lock()
	if b.missing--; b.missing == 0 {
		close(b.full)
	}
	b.mu.Unlock()

	select {
	case <-b.release:
		return b.Store.ReplaceHash(ctx, seen, encoded)
	case <-b.failed:
		return b.reason
	}
}

// wait returns when all writes are held, or never will be.
func (b *barrier) wait() error {
	select {
	case <-b.full:
		return nil
	case <-b.failed:
		return b.reason
	}
}

// returned tells the barrier that a confirmation has ended. While the writes
// are held, none can have made its own. A nil barrier does nothing.
func (b *barrier) returned(err error) {
	if b == nil {
		return
	}
	select {
	case <-b.release:
		return
	default:
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reason == nil {
		// Its text alone, or the others would pass for stale where it was.
		b.reason = errors.New(
			"a confirmation ended before its write: " + fmt.Sprint(err),
		)
		close(b.failed)
	}
}

// Otherwise a fault of the test would look like one that never ends.
func TestBarrierFailsWhenAConfirmationEndsBeforeItsWrite(t *testing.T) {
	b := newBarrier(nil, 2, nil)
	held := make(chan error)
	go func() {
		held <- b.ReplaceHash(t.Context(), reset.User{}, "")
	}()
	b.returned(reset.ErrRejected)
	b.returned(nil)

	for _, err := range []error{<-held, b.wait()} {
		require.ErrorContains(t, err, "ended before its write")
		require.ErrorContains(t, err, reset.ErrRejected.Error())
		require.NotErrorIs(t, err, reset.ErrRejected)
	}
}
