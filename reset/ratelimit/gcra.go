package ratelimit

import (
	"fmt"
	"time"
)

// A gcra is the generic cell rate algorithm (ITU-T I.371) in nanoseconds. All
// it keeps for a key is the time at which the key will have earned everything
// back. A time in the past is the same as no time at all.
type gcra struct {
	every  int64
	window int64 // burst * every, the furthest that time may lie ahead.
}

func newGCRA(field string, rate Rate) (gcra, error) {
	switch {
	case rate.Burst < 1:
		return gcra{}, fmt.Errorf(
			"ratelimit: %sBurst is %d, want at least 1", field, rate.Burst,
		)
	case rate.Every <= 0:
		return gcra{}, fmt.Errorf(
			"ratelimit: %sEvery is %v, want more than 0", field, rate.Every,
		)
	case rate.Every > maxWindow/time.Duration(rate.Burst):
		return gcra{}, fmt.Errorf(
			"ratelimit: %sBurst * Every is above %v", field, maxWindow,
		)
	}

	every := int64(rate.Every)
	return gcra{every: every, window: every * int64(rate.Burst)}, nil
}

// sane bounds a full time. Only a clock that has stepped back makes one lie
// further ahead than the window, and a key must then wait for one window at
// most, not for the length of the step.
func (g gcra) sane(at, now int64) int64 {
	return min(at, now+g.window)
}

// charge returns the full time after one more event.
func (g gcra) charge(at, now int64) int64 {
	return max(at, now) + g.every
}

// refund returns the full time after one event less. A cell whose time has
// passed may be another key's by now, and has nothing to give back.
func (g gcra) refund(at, now int64) int64 {
	if at <= now {
		return at
	}
	return g.sane(at, now) - g.every
}

// wait returns how long the key must wait for that event. With 0 or less it
// need not wait at all.
func (g gcra) wait(at, now int64) time.Duration {
	return time.Duration(g.charge(at, now) - g.window - now)
}
