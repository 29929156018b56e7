package hash

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// SlotsConfig configures [Slots].
type SlotsConfig struct {
	// Count is how many derivations run at once. Zero means GOMAXPROCS. More
	// slots than cores gain nothing and only hold more memory.
	Count int

	// MemoryKiB is the budget of all running derivations together. Zero means
	// the larger of 256 MiB (the largest foreign row accepted by default) and
	// Count times 19 MiB.
	MemoryKiB int

	// Queue is how many callers may wait. Zero means 16 per slot. A caller
	// that finds it full gets ErrBusy at once, which beats making everybody
	// wait until all of them time out.
	Queue int
}

// Slots bound how many derivations run at once and how much memory they hold.
// Callers are served in the order they came. A heavy row waits until it fits,
// and those behind it wait with it. One Slots value may serve several Hashers.
// A process that has two should share one, or its peak doubles.
//
// Slots are safe for concurrent use.
type Slots struct {
	count, memory, queue int

	mu      sync.Mutex // Guards all below.
	stats   SlotsStats
	waiters list.List // Each is a *waiter.
}

// SlotsStats are counters for a metrics page.
type SlotsStats struct {
	Running   int    // Derivations running now.
	MemoryKiB int    // What they hold together.
	Waiting   int    // Callers in the queue now.
	Started   uint64 // Derivations that were let in, ever.
	Busy      uint64 // Callers turned away with ErrBusy, ever.
	Cancelled uint64 // Callers whose ctx ended in the queue, ever.
}

// A waiter is one caller in the queue.
type waiter struct {
	kib   int
	ready chan struct{} // Closed under mu once the slot is the waiter's.
}

// NewSlots returns Slots, or an error that names the field that is negative.
func NewSlots(cfg SlotsConfig) (*Slots, error) {
	for name, value := range map[string]int{
		"Count": cfg.Count, "MemoryKiB": cfg.MemoryKiB, "Queue": cfg.Queue,
	} {
		if value < 0 {
			return nil, fmt.Errorf(
				"hash: SlotsConfig.%s is %d, want 0 or more", name, value,
			)
		}
	}

	if cfg.Count == 0 {
		cfg.Count = runtime.GOMAXPROCS(0)
	}
	if cfg.MemoryKiB == 0 {
		cfg.MemoryKiB = max(
			cfg.Count*defaultArgon2id.MemoryKiB,
			format.DefaultBounds().Argon2MemoryKiB,
		)
	}
	if cfg.Queue == 0 {
		cfg.Queue = 16 * cfg.Count
	}

	return &Slots{
		count: cfg.Count, memory: cfg.MemoryKiB, queue: cfg.Queue,
	}, nil
}

// Stats returns the counters as they are now.
func (s *Slots) Stats() SlotsStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Waiting = s.waiters.Len()
	return stats
}

// acquire waits for a slot and kib of memory. ctx governs the wait.
func (s *Slots) acquire(ctx context.Context, kib int) error {
	if kib > s.memory {
		// It would wait forever.
		return ErrOutOfBounds
	}
	if err := ctx.Err(); err != nil {
		return err
	}

	s.mu.Lock()
	if s.waiters.Len() == 0 && s.fits(kib) {
		s.take(kib)
		s.mu.Unlock()
		return nil
	}
	if s.waiters.Len() >= s.queue {
		s.stats.Busy++
		s.mu.Unlock()
		return ErrBusy
	}

	w := &waiter{kib: kib, ready: make(chan struct{})}
	place := s.waiters.PushBack(w)
	s.mu.Unlock()

	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Cancelled++
	select {
	case <-w.ready:
		// The slot came in the same moment. Hand it on.
		s.give(kib)
	default:
		s.waiters.Remove(place)
	}

	// A heavy waiter that leaves the front may have held back lighter ones.
	s.admit()
	return ctx.Err()
}

// release gives back a slot and kib of memory, and admits who fits then.
func (s *Slots) release(kib int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.give(kib)
	s.admit()
}

// The four below want mu held.

func (s *Slots) fits(kib int) bool {
	return s.stats.Running < s.count && s.stats.MemoryKiB+kib <= s.memory
}

func (s *Slots) take(kib int) {
	s.stats.Running++
	s.stats.MemoryKiB += kib
	s.stats.Started++
}

func (s *Slots) give(kib int) {
	s.stats.Running--
	s.stats.MemoryKiB -= kib
}

func (s *Slots) admit() {
	for front := s.waiters.Front(); front != nil; front = s.waiters.Front() {
		w := front.Value.(*waiter)
		if !s.fits(w.kib) {
			return
		}
		s.waiters.Remove(front)
		s.take(w.kib)
		close(w.ready)
	}
}
