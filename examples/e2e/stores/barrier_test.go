package stores_test

import (
	"context"
	"sync"

	"github.com/lostkey-go/lostkey/reset"
)

// A barrier is a store that holds every write until all of n are waiting: the
// confirmations have then verified their link against the same row, and only the
// write itself is left to tell them apart. Without it a race hides behind the time
// that hashing takes.
type barrier struct {
	reset.Store
	waiting sync.WaitGroup
	release chan struct{}
}

// newBarrier waits for n writes. They go on when release is closed, which a nil
// release means to do by itself.
func newBarrier(store reset.Store, n int, release chan struct{}) *barrier {
	b := &barrier{Store: store, release: release}
	b.waiting.Add(n)
	if release == nil {
		b.release = make(chan struct{})
		go func() {
			b.waiting.Wait()
			close(b.release)
		}()
	}
	return b
}

func (b *barrier) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	b.waiting.Done()
	<-b.release
	return b.Store.ReplaceHash(ctx, seen, encoded)
}
