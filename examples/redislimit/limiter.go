package redislimit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

//go:embed gcra.lua
var source string

//go:embed refund.lua
var refundSource string

// Config says where the limiter keeps its counts and what it allows.
type Config struct {
	// Client is required and must have Options.ContextTimeoutEnabled. It may
	// be shared with other limiters and the rest of the application, and is
	// the caller's to close.
	Client *redis.Client

	// Prefix is put before every key. Required: two limiters with different
	// rates must not share keys.
	Prefix string

	// Burst, Every and Also are the rates, with the meaning and the bounds that
	// they have in [ratelimit.Config]. Every is rounded up to a microsecond.
	Burst int
	Every time.Duration
	Also  []ratelimit.Rate

	// MaxBytes is the memory of the in-process limiter; see [ratelimit.Config].
	MaxBytes int

	// Timeout bounds one call. Zero means 100 ms, less than what a visitor
	// notices and less than lostkey's own timeout for a limiter.
	Timeout time.Duration

	// Pause is how long Redis is left alone after a failure; zero means 1 s.
	Pause time.Duration

	// OnError, when set, is called with every failure of Redis: at most once
	// for each Pause and each call that was already on its way. The error
	// does not hold the key. It must not block.
	OnError func(ctx context.Context, err error)

	// Now is the clock of the in-process limiter and of Pause; nil means
	// time.Now.
	Now func() time.Time
}

// Limiter satisfies lostkey's reset.Limiter and reset.Refunder. It is safe for
// concurrent use and starts no goroutine.
type Limiter struct {
	cfg    Config
	local  *ratelimit.Limiter
	script *redis.Script
	refund *redis.Script
	args   []any
	// Unix nanoseconds before which Redis is left alone; 0: it is well
	retry atomic.Int64
}

// New returns a Limiter. It does not connect: a Redis that is down when the
// application starts must not keep it from starting.
func New(cfg Config) (*Limiter, error) {
	switch {
	case cfg.Client == nil:
		return nil, errors.New("redislimit: Config.Client is nil")
	case !cfg.Client.Options().ContextTimeoutEnabled:
		return nil, errors.New("redislimit: Config.Client lacks " +
			"ContextTimeoutEnabled, so that a hung Redis would hold up every call")
	case cfg.Prefix == "":
		return nil, errors.New("redislimit: Config.Prefix is empty")
	case cfg.Timeout < 0:
		return nil, fmt.Errorf("redislimit: Config.Timeout is %v", cfg.Timeout)
	case cfg.Pause < 0:
		return nil, fmt.Errorf("redislimit: Config.Pause is %v", cfg.Pause)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 100 * time.Millisecond
	}
	if cfg.Pause == 0 {
		cfg.Pause = time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	local, err := ratelimit.New(ratelimit.Config{
		Burst: cfg.Burst, Every: cfg.Every, Also: cfg.Also,
		MaxBytes: cfg.MaxBytes, Now: cfg.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("redislimit: %w", err)
	}
	l := &Limiter{
		cfg: cfg, local: local, script: redis.NewScript(source),
		refund: redis.NewScript(refundSource),
	}
	l.addRate(cfg.Burst, cfg.Every)
	for _, rate := range cfg.Also {
		l.addRate(rate.Burst, rate.Every)
	}
	return l, nil
}

func (l *Limiter) addRate(burst int, every time.Duration) {
	micros := int64((every + time.Microsecond - 1) / time.Microsecond)
	l.args = append(l.args, micros, micros*int64(burst))
}

// Allow charges one event to key, in Redis or, when that fails, in the
// in-process limiter. A refused event is not charged. The error is always nil.
//
// It returns by the deadline of ctx and within Config.Timeout, whichever is
// earlier. It does not return early when ctx is cancelled.
func (l *Limiter) Allow(
	ctx context.Context, key string,
) (retryAfter time.Duration, ok bool, err error) {
	if !l.mayTry() {
		return l.local.Allow(ctx, key)
	}
	retryAfter, err = l.run(ctx, l.script, key)
	if err != nil {
		l.failed(ctx, err)
		return l.local.Allow(ctx, key)
	}
	l.retry.Store(0)
	if retryAfter > 0 {
		return retryAfter, false, nil
	}
	// Redis has decided; this only keeps the in-process limiter warm.
	_, _, _ = l.local.Allow(ctx, key)
	return 0, true, nil
}

// Refund gives back one event that Allow charged to key, where it was charged:
// in this process always, and in Redis unless that fails. What an outage begins
// or ends between the two calls is off by that one event. The error is always
// nil.
func (l *Limiter) Refund(ctx context.Context, key string) error {
	_ = l.local.Refund(ctx, key)
	if !l.mayTry() {
		return nil
	}
	if _, err := l.run(ctx, l.refund, key); err != nil {
		l.failed(ctx, err)
		return nil
	}
	l.retry.Store(0)
	return nil
}

// failed leaves Redis alone for a while.
func (l *Limiter) failed(ctx context.Context, err error) {
	l.retry.Store(l.cfg.Now().Add(l.cfg.Pause).UnixNano())
	if l.cfg.OnError != nil {
		l.cfg.OnError(ctx, fmt.Errorf("redislimit: %w", err))
	}
}

// mayTry reports whether this call should ask Redis. After a pause exactly one
// caller may: were all of them let through, a hung server would hold up all.
func (l *Limiter) mayTry() bool {
	until := l.retry.Load()
	if until == 0 {
		return true
	}
	now := l.cfg.Now()
	return now.UnixNano() >= until &&
		l.retry.CompareAndSwap(until, now.Add(l.cfg.Pause).UnixNano())
}

// run runs a script and returns the time to wait, 0 when admitted.
func (l *Limiter) run(
	ctx context.Context, script *redis.Script, key string,
) (time.Duration, error) {
	deadline, bounded := ctx.Deadline()
	// A visitor who closes the connection must not dodge the shared limit.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx),
		l.cfg.Timeout)
	defer cancel()
	if bounded {
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	micros, err := script.Run(ctx, l.cfg.Client, []string{l.cfg.Prefix + key},
		l.args...).Int64()
	if err != nil {
		return 0, err
	}
	return time.Duration(micros) * time.Microsecond, nil
}
