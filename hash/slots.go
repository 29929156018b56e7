package hash

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// SlotsConfig configures [Slots].
type SlotsConfig struct {
	// Count is how many derivations run at once. Zero means GOMAXPROCS. More
	// gain nothing and hold more memory. One less keeps a core for other
	// goroutines, which wait up to some 30 ms while all cores derive.
	Count int

	// MemoryKiB is what all running derivations may hold together. Zero means
	// 256 MiB, the largest row accepted by default, or Count times 19 MiB if
	// that is more.
	MemoryKiB int

	// Queue is how many callers may wait. Zero means 16 times Count. The next
	// caller gets [ErrBusy] at once.
	Queue int

	// Now is the clock of the waiting times in [SlotsStats]. Nil means
	// time.Now.
	Now func() time.Time
}

// Slots bound derivations as [SlotsConfig] says. Callers are served in the
// order they came: a heavy row waits until it fits, and those behind it wait
// with it. Let the Hashers of one process share one Slots, or its peak doubles.
// Slots are safe for concurrent use.
type Slots struct {
	count, memory, queue int
	now                  func() time.Time

	mu      sync.Mutex // Guards all below.
	stats   SlotsStats
	waiters list.List // Each is a *waiter.
}

// SlotsStats are figures for a metrics page. The counters never go down.
type SlotsStats struct {
	Running   int // derivations now
	MemoryKiB int // what they hold together
	Waiting   int // callers in the queue now

	Started   uint64 // derivations, ever
	Busy      uint64 // callers turned away with ErrBusy, ever
	Cancelled uint64 // callers whose ctx ended in the queue, ever

	// Waited is how long all callers that have left the queue were in it. Its
	// growth over that of Started is the mean wait for a slot.
	Waited time.Duration

	// LongestWait is the longest that any caller was, or is by now, in the
	// queue.
	LongestWait time.Duration
}

// A waiter is one caller in the queue.
type waiter struct {
	kib   int
	since time.Time
	ready chan struct{} // Closed under mu once the slot is the waiter's.
}

// NewSlots returns Slots. The error names the field that is negative.
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

	if cfg.Now == nil {
		//nolint:forbidigo // the clock of Slots without a Config.
		cfg.Now = time.Now
	}

	return &Slots{
		count: cfg.Count, memory: cfg.MemoryKiB, queue: cfg.Queue, now: cfg.Now,
	}, nil
}

// Stats returns the figures of one moment. It allocates nothing.
func (s *Slots) Stats() SlotsStats {
	s.mu.Lock()
	defer s.mu.Unlock()

	stats := s.stats
	stats.Waiting = s.waiters.Len()
	if front := s.waiters.Front(); front != nil {
		// Callers are served in their order, so no other waits for longer.
		waiting := s.now().Sub(front.Value.(*waiter).since)
		stats.LongestWait = max(stats.LongestWait, waiting)
	}
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

	w := &waiter{kib: kib, since: s.now(), ready: make(chan struct{})}
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
		s.leave(place)
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

// The five below want mu held.

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
		s.leave(front)
		s.take(w.kib)
		close(w.ready)
	}
}

// leave takes a waiter out of the queue and counts how long it was there. A
// clock that was set back counts as no time.
func (s *Slots) leave(place *list.Element) {
	w := place.Value.(*waiter)
	s.waiters.Remove(place)
	waited := max(0, s.now().Sub(w.since))
	s.stats.Waited += waited
	s.stats.LongestWait = max(s.stats.LongestWait, waited)
}
