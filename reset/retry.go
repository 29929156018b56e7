package reset

import (
	"math/rand/v2"
	"time"
)

// firstBackoff is the first bound of a backoff with full jitter. The wait is
// anything from nothing to a bound that doubles from two seconds up to a
// fifteenth of the time the mail is of use, which is a minute for reset mails.
// Greylisting servers want one to five minutes.
const firstBackoff = 2 * time.Second

func backoff(tries int, window time.Duration) time.Duration {
	top := max(time.Minute, window/15)
	bound := firstBackoff
	for i := 1; i < tries && bound < top; i++ {
		bound *= 2
	}
	return rand.N(min(bound, top))
}

// A look-up for a stranger's request is retried four times, after 4, 8, 16 and
// 32 seconds less up to a half at random, so for half a minute to a minute, and
// a minute more if each hangs until its timeout. A database that restarts or
// fails over is back by then. What a stranger can make fail each time, such as
// a character that a column cannot hold, must not be worked on for as long as a
// mail may be late.
const (
	lookupRetries      = 4
	firstLookupBackoff = 4 * time.Second
)

func lookupBackoff(failed int) time.Duration {
	bound := firstLookupBackoff << (min(failed, lookupRetries) - 1)
	return bound/2 + rand.N(bound/2)
}
