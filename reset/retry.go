package reset

import (
	"math/rand/v2"
	"time"
)

// retry holds a task until its next attempt. Once the pool is closing, each
// task has one more, at once.
func (p *pool) retry(t *task, wait time.Duration) {
	p.mu.Lock()
	if t.last || p.ctx.Err() != nil {
		p.mu.Unlock()
		p.giveUp(t, reasonShutdown)
		return
	}

	l := p.laneOf(t.network)
	if !t.retries {
		t.retries = true
		l.places--
	}
	l.hold(t)
	var victim *task
	if p.closed {
		p.lastAttempt(t)
	} else {
		t.timer = time.AfterFunc(wait, func() { p.wake(t) })
		victim = p.crowdedOut(l)
	}
	p.mu.Unlock()

	if victim != nil {
		p.giveUp(victim, reasonQueue)
	}
}

// crowdedOut takes the oldest task away from the network that holds most, if
// more tasks are between two attempts than there is room for.
func (p *pool) crowdedOut(l *lane) *task {
	if l.held <= l.room {
		return nil
	}

	t := l.oldestOfMost()
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	} else {
		p.unqueue(l, t)
	}
	l.release(t)
	return t
}

// wake makes a task due for its next attempt.
func (p *pool) wake(t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.timer != nil {
		p.makeDue(t)
	}
}

func (p *pool) makeDue(t *task) {
	t.timer = nil
	s := p.laneOf(t.network).holding(t.network)
	t.place = s.due.PushBack(t)
	p.offer(s)
}

func (p *pool) lastAttempt(t *task) {
	t.last = true
	p.makeDue(t)
}

// firstBackoff is the first bound of a backoff with full jitter. The wait is
// anything from nothing to a bound that doubles from two seconds up to a
// fifteenth of the time the mail is of use, which is a minute for reset mails.
// Greylisting servers want one to five minutes.
const firstBackoff = 2 * time.Second

func backoff(failed int, window time.Duration) time.Duration {
	top := max(time.Minute, window/15)
	bound := firstBackoff
	for i := 1; i < failed && bound < top; i++ {
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
