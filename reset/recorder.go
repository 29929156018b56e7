package reset

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// sinkTimeout is the timeout that bounds one call of a sink that heeds its
// context.
const sinkTimeout = 5 * time.Second

// record passes an event to the sink now. The event outlives the visitor, since
// one who hangs up must not keep a line out of an audit trail.
func (s *Service) record(ctx context.Context, ev Event) {
	if ev.Time.IsZero() {
		ev.Time = s.cfg.Now()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sinkTimeout)
	defer cancel()
	_ = guard("Sink.Record", func() error {
		s.cfg.Events.Record(ctx, ev)
		return nil
	})
}

// recordLater passes an event to the sink from the background, because a sink
// that writes to a database must not be in the path of a request.
func (s *Service) recordLater(ev Event) {
	ev.Time = s.cfg.Now()
	if s.later == nil {
		s.record(context.Background(), ev)
		return
	}
	s.later.add(entry{event: ev})
}

// recorderRoom is how many events of requests may wait for a slow sink.
const recorderRoom = 1024

// An entry is an event with what is to be given back for it. One without an
// outcome is no event.
type entry struct {
	event Event
	paid  bill
}

// A recorder passes events on from one goroutine, in order. When the sink
// cannot keep up, it counts instead of growing.
type recorder struct {
	pass  func(entry)
	queue chan entry
	lost  atomic.Int64
	done  chan struct{}

	// mu guards closed, and the queue against being closed during a send.
	mu     sync.RWMutex
	closed bool
}

func newRecorder(pass func(entry)) *recorder {
	r := &recorder{
		pass:  pass,
		queue: make(chan entry, recorderRoom),
		done:  make(chan struct{}),
	}
	go r.run()
	return r
}

func (r *recorder) add(e entry) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		r.lost.Add(1)
		return
	}
	select {
	case r.queue <- e:
	default:
		r.lost.Add(1)
	}
}

func (r *recorder) run() {
	defer close(r.done)
	for e := range r.queue {
		r.pass(e)
		r.passLost()
	}
	r.passLost()
}

func (r *recorder) passLost() {
	if n := r.lost.Swap(0); n > 0 {
		r.pass(entry{event: Event{Outcome: OutcomeEventsLost, Count: int(n)}})
	}
}

// close stops taking events and waits until those taken are passed on, or ctx
// ends.
func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()

	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
