package reset

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// A pool works on errands with a fixed number of goroutines. Everything it holds, waiting errands and those
// between two tries alike, counts against one bound, so that a mail server that is down fills the queue and not
// the memory.
type pool struct {
	// work does what it can of an errand. It returns how long to wait before the next try, or done.
	work func(ctx context.Context, e *errand) (wait time.Duration, done bool)
	// abandon is told of an errand that will not be worked on again.
	abandon func(e *errand)

	queue  chan *errand    // never full: it has room for all that may be pending
	ctx    context.Context //nolint:containedctx // the workers' own, ended by shutdown
	cancel context.CancelFunc
	idle   chan struct{} // closed when the pool is closed and nothing is pending

	mu      sync.Mutex // guards what follows
	room    int
	pending int // waiting, being worked on, or between two tries
	waiting map[*errand]*time.Timer
	closed  bool
}

// noticeRoom is what the queue holds on top for mail after a confirmation: a flood of requests must not keep an
// owner from being told.
func noticeRoom(queue int) int { return queue/4 + 1 }

func newPool(queue, workers int, work func(context.Context, *errand) (time.Duration, bool), abandon func(*errand)) *pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pool{
		work: work, abandon: abandon,
		queue: make(chan *errand, queue+noticeRoom(queue)),
		ctx:   ctx, cancel: cancel,
		idle: make(chan struct{}),
		room: queue, waiting: make(map[*errand]*time.Timer),
	}
	for range workers {
		go p.run()
	}
	return p
}

// headStart is how long an errand rests before it is worked on, so that the answer to its request is out by then. Begun at once, the work
// on an address with an account takes processor time from its own answer: measured over loopback on two cores, 95 µs
// against 48 µs for an address without one. The rest costs the visitor nothing.
const headStart = 3 * time.Millisecond

// add queues an errand and says whether there was room. It never blocks.
func (p *pool) add(e *errand, notice bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := p.room
	if notice {
		room += noticeRoom(p.room)
	}
	switch {
	case p.closed:
		return ErrClosed
	case p.pending >= room:
		return ErrQueueFull
	}
	p.pending++
	p.waiting[e] = time.AfterFunc(headStart, func() { p.wake(e) })
	return nil
}

func (p *pool) run() {
	for e := range p.queue {
		if p.ctx.Err() != nil {
			p.drop(e)
			continue
		}
		wait, done := p.work(p.ctx, e)
		if done {
			p.finish()
		} else {
			p.again(e, wait)
		}
	}
}

// again queues an errand for its next try. Once the pool is closing, each errand has one more, at once.
func (p *pool) again(e *errand, wait time.Duration) {
	p.mu.Lock()
	switch {
	case e.last || p.ctx.Err() != nil:
		p.mu.Unlock()
		p.drop(e)
		return
	case p.closed:
		e.last = true
		p.queue <- e
	default:
		p.waiting[e] = time.AfterFunc(wait, func() { p.wake(e) })
	}
	p.mu.Unlock()
}

func (p *pool) wake(e *errand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.waiting[e]; ok {
		delete(p.waiting, e)
		p.queue <- e
	}
}

func (p *pool) drop(e *errand) {
	p.abandon(e)
	p.finish()
}

func (p *pool) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	p.endIfIdle()
}

func (p *pool) endIfIdle() {
	if p.closed && p.pending == 0 {
		close(p.queue) // nothing is left that could be queued again
		close(p.idle)
	}
}

// shutdown takes no more errands and waits for those it has. When ctx ends first, it cancels what is being
// worked on, gives up the rest, and returns how many that were.
func (p *pool) shutdown(ctx context.Context) (left int, err error) {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for e, timer := range p.waiting {
			timer.Stop()
			e.last = e.tries[0].count > 0
			p.queue <- e
		}
		clear(p.waiting)
		p.endIfIdle()
	}
	p.mu.Unlock()
	select {
	case <-p.idle:
		p.cancel()
		return 0, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancel()
	return p.pending, ctx.Err()
}

// Backoff with full jitter: anything from nothing to a bound that doubles from two seconds up to a fifteenth of
// the time the mail is of use, which is a minute for reset mails. Greylisting servers want one to five minutes.
const firstBackoff = 2 * time.Second

func backoff(tries int, window time.Duration) time.Duration {
	top := max(time.Minute, window/15)
	bound := firstBackoff
	for i := 1; i < tries && bound < top; i++ {
		bound *= 2
	}
	return rand.N(min(bound, top))
}
