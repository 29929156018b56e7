package reset

import (
	"cmp"
	"container/list"
	"context"
	"sync"
	"time"
)

// A pool works on tasks with a fixed number of goroutines. Tasks that wait for
// their first attempt and tasks between two attempts have bounds of their own.
// A mail server or a store that is down keeps no new task out, and fills no
// memory. Work is taken from the networks in turn.
type pool struct {
	poolConfig
	ctx     context.Context //nolint:containedctx // the workers' own, ended by shutdown
	cancel  context.CancelFunc
	closing chan struct{} // closed when the pool is.
	// idle is closed when the pool is closed and nothing is pending.
	idle chan struct{}

	mu        sync.Mutex // guards what follows.
	work      sync.Cond  // signalled for each task that a worker can take.
	requests  lane       // what a stranger can cause.
	own       lane       // mails after a confirmation, invitations.
	turns     list.List  // of the holdings that have work, the next one first.
	seq       uint64
	pending   int    // waiting, being worked on, or between two attempts.
	displaced uint64 // tasks that found or kept no place, ever.
	closed    bool
}

// A poolConfig says what a pool does and how much it holds. None of its
// functions is called with the pool's mutex held.
type poolConfig struct {
	queue, workers int
	// attempt does what it can of a task. It returns how long to wait before
	// the next attempt, or done.
	attempt func(ctx context.Context, t *task) (wait time.Duration, done bool)
	// abandon is told of a task that will not be worked on again, and why.
	abandon func(t *task, reason Reason)
	// dropped is told of a task that lost its place before its first attempt.
	// It must be quick, because a request waits for it.
	dropped func(t *task)
}

// ownRoom is what the pool holds on top for mail that no stranger can cause. A
// flood of requests must not keep an owner from being told of a change.
func ownRoom(queue int) int { return queue/4 + 1 }

func newPool(cfg poolConfig) *pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pool{
		poolConfig: cfg,
		ctx:        ctx, cancel: cancel,
		closing:  make(chan struct{}),
		idle:     make(chan struct{}),
		requests: newLane(cfg.queue),
		own:      newLane(cfg.queue + ownRoom(cfg.queue)),
	}

	p.work.L = &p.mu
	for range cfg.workers {
		go p.run()
	}
	return p
}

// headStart is how long a task rests before it is worked on, so that the answer
// to its request is out by then. Begun at once, the work on an address with an
// account takes processor time from its own answer. Measured over loopback on
// two cores, that is 95 µs against 48 µs for an address without one. The rest
// costs the visitor nothing.
const headStart = 3 * time.Millisecond

// add queues a task of a network, or says that there is no room. It never
// blocks.
func (p *pool) add(t *task, n network) error {
	victim, err := p.admit(t, n)
	if victim != nil {
		p.dropped(victim)
	}
	return err
}

// admit gives t a place. When there is none, the network that holds most loses
// its newest one, if it still has as many as the newcomer's network then.
func (p *pool) admit(t *task, n network) (victim *task, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}

	l := p.laneOf(n)
	if p.isFull(l) {
		victim = l.newestOfMost(n)
		p.countLoss(cmp.Or(victim, t))
		if victim == nil {
			return nil, ErrQueueFull
		}
		p.unqueue(l, victim)
		l.places--
		p.pending--
	}

	p.seq++
	t.network, t.seq = n, p.seq
	t.added = time.Now() //nolint:forbidigo // a rest is real time.
	s := l.holding(n)
	t.place = s.fresh.PushBack(t)
	l.changed(s)
	l.places++
	l.fresh++
	p.pending++
	p.offer(s)
	return victim, nil
}

// countLoss counts a task that found or kept no place. One that sends nothing
// is none.
func (p *pool) countLoss(t *task) {
	if !t.attempts[0].job.Throttled {
		p.displaced++
	}
}

// isFull says whether a lane takes no more new tasks. What no stranger can
// cause may use the places that requests leave free, and keeps no request out.
func (p *pool) isFull(l *lane) bool {
	if l == &p.own {
		return l.places+p.requests.places >= l.room
	}
	return l.places >= l.room
}

func (p *pool) laneOf(n network) *lane {
	if n.own {
		return &p.own
	}
	return &p.requests
}

// offer lets a worker know of one more task of s.
func (p *pool) offer(s *holding) {
	if s.turn == nil {
		s.turn = p.turns.PushBack(s)
	}
	p.work.Signal()
}

// unqueue takes a task away from what workers may take.
func (p *pool) unqueue(l *lane, t *task) {
	s := l.holding(t.network)
	if t.retries {
		s.due.Remove(t.place)
	} else {
		s.fresh.Remove(t.place)
		l.fresh--
	}
	t.place = nil

	if s.turn != nil && s.fresh.Len()+s.due.Len() == 0 {
		p.turns.Remove(s.turn)
		s.turn = nil
	}
	l.changed(s)
}

func (p *pool) run() {
	for {
		t := p.next()
		if t == nil {
			return
		}

		if rest := headStart - time.Since(t.added); !t.retries && rest > 0 {
			select {
			case <-time.After(rest):
			case <-p.closing:
			}
		}
		if p.ctx.Err() != nil {
			p.giveUp(t, reasonShutdown)
			continue
		}

		wait, done := p.attempt(p.ctx, t)
		if done {
			p.finish(t)
		} else {
			p.retry(t, wait)
		}
	}
}

// next waits for a task and takes it, from one network after the other. It
// returns nil when there will be no more.
func (p *pool) next() *task {
	p.mu.Lock()
	defer p.mu.Unlock()

	for p.turns.Len() == 0 {
		if p.closed && p.pending == 0 {
			return nil
		}
		p.work.Wait()
	}

	turn := p.turns.Front()
	p.turns.MoveToBack(turn)
	s, _ := turn.Value.(*holding) // nothing else is in there.
	t := s.next()
	l := p.laneOf(t.network)
	p.unqueue(l, t)
	if t.retries {
		l.release(t)
	}
	return t
}

func (p *pool) giveUp(t *task, reason Reason) {
	p.abandon(t, reason)
	p.finish(t)
}

func (p *pool) finish(t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.retries {
		p.laneOf(t.network).places--
	}
	p.pending--
	p.endIfIdle()
}

// shutdown takes no more tasks and waits for those it has. When ctx ends first,
// it cancels what is being worked on, gives up the rest, and returns how many
// that were.
func (p *pool) shutdown(ctx context.Context) (unfinished int, err error) {
	p.close()
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

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}

	p.closed = true
	close(p.closing)
	for _, l := range []*lane{&p.requests, &p.own} {
		for _, s := range l.holdings {
			for _, t := range s.held.items {
				if t.timer != nil {
					t.timer.Stop()
					p.lastAttempt(t)
				}
			}
		}
	}
	p.endIfIdle()
}

func (p *pool) endIfIdle() {
	if p.closed && p.pending == 0 {
		close(p.idle)
		p.work.Broadcast()
	}
}
