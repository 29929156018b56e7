package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// Rate allows Burst events at once and one more every Every. {Burst: 5, Every:
// 12 * time.Minute} lets through 10 in the first hour and 5 in every hour after
// it.
type Rate struct {
	Burst int           // at least 1.
	Every time.Duration // more than 0, with Burst * Every at most a year.
}

// Config says what a Limiter allows and how much memory it may use.
type Config struct {
	// Burst and Every are the first rate.
	Burst int
	Every time.Duration

	// Also holds up to three further rates for the same keys. An event passes
	// only when every rate admits it, and is otherwise charged to none.
	Also []Rate

	// MaxBytes is the memory of the limiter, allocated at once. Zero means 16
	// MiB, and the least is 64 KiB. A key takes 12 bytes, and 8 more for each
	// rate in Also. Plan with a quarter more keys than you expect.
	MaxBytes int

	// Now is the clock. Nil means time.Now, by its monotonic reading. A clock
	// that steps back refuses a key for at most Burst * Every longer.
	Now func() time.Time
}

const (
	defaultBytes = 16 << 20
	minBytes     = 64 << 10
	maxAlso      = 3
	maxWindow    = 365 * 24 * time.Hour
)

// Limiter charges events to keys. Make one with [New]. It is safe for
// concurrent use and needs no Close.
type Limiter struct {
	rates []gcra
	table *table
	seed  maphash.Seed
	now   func() time.Time
	epoch time.Time
	locks [shards]sync.Mutex
}

// New returns a Limiter, or an error that names the field that is out of range.
func New(cfg Config) (*Limiter, error) {
	if len(cfg.Also) > maxAlso {
		return nil, fmt.Errorf(
			"ratelimit: Config.Also has %d rates, at most %d are possible",
			len(cfg.Also), maxAlso,
		)
	}

	first, err := newGCRA("Config.", Rate{Burst: cfg.Burst, Every: cfg.Every})
	if err != nil {
		return nil, err
	}
	rates := []gcra{first}
	for i, rate := range cfg.Also {
		g, err := newGCRA(fmt.Sprintf("Config.Also[%d].", i), rate)
		if err != nil {
			return nil, err
		}
		rates = append(rates, g)
	}

	size := cfg.MaxBytes
	if size == 0 {
		size = defaultBytes
	}
	if size < minBytes {
		return nil, fmt.Errorf(
			"ratelimit: Config.MaxBytes is %d, want at least %d", size,
			minBytes,
		)
	}
	now := cfg.Now
	if now == nil {
		now = time.Now //nolint:forbidigo // the one default that is the real clock.
	}

	return &Limiter{
		rates: rates,
		table: newTable(size, len(rates)),
		seed:  maphash.MakeSeed(),
		now:   now,
		epoch: now(),
	}, nil
}

// Allow charges one event to key and says whether it may happen. When it may
// not, nothing was charged, and retryAfter is how long to wait if nobody else
// charges the key. Any string is a key. The error is always nil and ctx is not
// looked at.
func (l *Limiter) Allow(
	_ context.Context, key string,
) (retryAfter time.Duration, ok bool, err error) {
	sum := maphash.String(l.seed, key)
	now := l.clock()

	// Both buckets of a key lie in one shard, so that one lock makes the
	// look-up, the decision and the charge to every rate a single step.
	lock := &l.locks[l.table.shard(sum)]
	lock.Lock()
	defer lock.Unlock()

	cell, free := l.table.find(sum, now)
	if cell < 0 {
		return time.Duration(free - now), false, nil
	}

	times := l.table.times(cell)
	for i, rate := range l.rates {
		times[i] = rate.sane(times[i], now)
		retryAfter = max(retryAfter, rate.wait(times[i], now))
	}
	if retryAfter > 0 {
		return retryAfter, false, nil
	}

	for i, rate := range l.rates {
		times[i] = rate.charge(times[i], now)
	}
	l.table.claim(cell, sum)
	return 0, true, nil
}

// Refund gives back one event that Allow charged to key and that then did not
// happen. A key never gets more than its burst, and one without a charge gets
// nothing. Refund an event once, and soon: if it was earned back already, a
// later one is given back. The error is always nil.
func (l *Limiter) Refund(_ context.Context, key string) error {
	sum := maphash.String(l.seed, key)
	now := l.clock()

	lock := &l.locks[l.table.shard(sum)]
	lock.Lock()
	defer lock.Unlock()

	cell, _ := l.table.find(sum, now)
	if cell < 0 {
		return nil
	}

	times := l.table.times(cell)
	for i, rate := range l.rates {
		times[i] = rate.refund(times[i], now)
	}
	return nil
}

// origin is the limiter's time at its epoch. It is far above zero, because a
// zero cell means long expired even to a clock that steps back behind the
// epoch.
const origin = 1 << 62

// clock counts nanoseconds by the difference to the epoch, which uses the
// monotonic reading when the clock has one.
func (l *Limiter) clock() int64 {
	return origin + int64(l.now().Sub(l.epoch))
}
