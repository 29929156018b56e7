package hash

import (
	"container/list"
	"context"
	"errors"
	"runtime"
	"sync"
)

// LimiterConfig configures a [Limiter].
type LimiterConfig struct {
	// Slots is how many derivations run at once. Zero means GOMAXPROCS. More
	// slots than cores gain nothing and only hold more memory.
	Slots int

	// MemoryKiB is the budget of all running derivations together. Zero means
	// the larger of 256 MiB (the largest foreign row accepted by default) and
	// Slots times 19 MiB.
	MemoryKiB int

	// Queue is how many callers may wait. Zero means 16 per slot. A caller
	// that finds it full gets ErrBusy at once, which beats making everybody
	// wait until all of them time out.
	Queue int
}

// A Limiter bounds how many derivations run at once and how much memory they
// hold. Callers are served in the order they came. A heavy row waits until it
// fits, and those behind it wait with it. One Limiter may serve several
// Hashers. A process that has two should share one, or its peak doubles.
//
// A Limiter is safe for concurrent use.
type Limiter struct {
	slots, memory, queue int

	mu      sync.Mutex // Guards all below.
	stats   LimiterStats
	waiters list.List // Each is a *waiter.
}

// LimiterStats are counters for a metrics page.
type LimiterStats struct {
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

// NewLimiter returns a Limiter, or an error that names the negative field.
func NewLimiter(cfg LimiterConfig) (*Limiter, error) {
	switch {
	case cfg.Slots < 0:
		return nil, errors.New("hash: LimiterConfig.Slots is negative")
	case cfg.MemoryKiB < 0:
		return nil, errors.New("hash: LimiterConfig.MemoryKiB is negative")
	case cfg.Queue < 0:
		return nil, errors.New("hash: LimiterConfig.Queue is negative")
	}

	if cfg.Slots == 0 {
		cfg.Slots = runtime.GOMAXPROCS(0)
	}
	if cfg.MemoryKiB == 0 {
		cfg.MemoryKiB = max(
			cfg.Slots*defaultArgon2id.MemoryKiB,
			defaultLimits().Argon2MemoryKiB,
		)
	}
	if cfg.Queue == 0 {
		cfg.Queue = 16 * cfg.Slots
	}

	return &Limiter{
		slots: cfg.Slots, memory: cfg.MemoryKiB, queue: cfg.Queue,
	}, nil
}

// Stats returns the counters as they are now.
func (l *Limiter) Stats() LimiterStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting = l.waiters.Len()
	return s
}

// acquire waits for a slot and kib of memory. ctx governs the wait.
func (l *Limiter) acquire(ctx context.Context, kib int) error {
	if kib > l.memory {
		// It would wait forever.
		return ErrOverLimit
	}
	if err := ctx.Err(); err != nil {
		return err
	}

	l.mu.Lock()
	if l.waiters.Len() == 0 && l.fits(kib) {
		l.take(kib)
		l.mu.Unlock()
		return nil
	}
	if l.waiters.Len() >= l.queue {
		l.stats.Busy++
		l.mu.Unlock()
		return ErrBusy
	}

	w := &waiter{kib: kib, ready: make(chan struct{})}
	place := l.waiters.PushBack(w)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Cancelled++
	select {
	case <-w.ready:
		// The slot came in the same moment. Hand it on.
		l.give(kib)
	default:
		l.waiters.Remove(place)
	}

	// A heavy waiter that leaves the front may have held back lighter ones.
	l.admit()
	return ctx.Err()
}

// release gives back a slot and kib of memory, and admits who fits then.
func (l *Limiter) release(kib int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.give(kib)
	l.admit()
}

// The four below want mu held.

func (l *Limiter) fits(kib int) bool {
	return l.stats.Running < l.slots && l.stats.MemoryKiB+kib <= l.memory
}

func (l *Limiter) take(kib int) {
	l.stats.Running++
	l.stats.MemoryKiB += kib
	l.stats.Started++
}

func (l *Limiter) give(kib int) {
	l.stats.Running--
	l.stats.MemoryKiB -= kib
}

func (l *Limiter) admit() {
	for front := l.waiters.Front(); front != nil; front = l.waiters.Front() {
		w := front.Value.(*waiter)
		if !l.fits(w.kib) {
			return
		}
		l.waiters.Remove(front)
		l.take(w.kib)
		close(w.ready)
	}
}
