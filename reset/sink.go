package reset

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Sink records events, concurrently. Whoever made the event waits for it,
// except for those of [Service.Request], so that a slow sink cannot vary the
// answer. The context is not the visitor's. It ends after five seconds, and
// Record must return then.
type Sink interface {
	Record(ctx context.Context, ev Event)
}

// A SinkFunc is a function that is a [Sink].
type SinkFunc func(ctx context.Context, ev Event)

// Record calls f.
func (f SinkFunc) Record(ctx context.Context, ev Event) { f(ctx, ev) }

// Sinks is a Sink that records to each of its members in turn.
type Sinks []Sink

// Record records to each member.
func (s Sinks) Record(ctx context.Context, ev Event) {
	for _, sink := range s {
		sink.Record(ctx, ev)
	}
}

// SlogSink returns a Sink that logs to logger, or slog.Default() for nil. What
// needs attention is a warning or an error. Texts with control characters are
// quoted.
func SlogSink(logger *slog.Logger) Sink {
	if logger == nil {
		logger = slog.Default()
	}
	return slogSink{logger}
}

type slogSink struct{ logger *slog.Logger }

func (s slogSink) Record(ctx context.Context, ev Event) {
	level := levelOf(ev.Outcome)
	if !s.logger.Enabled(ctx, level) {
		return
	}

	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("outcome", string(ev.Outcome)))
	if ev.Client.IsValid() {
		attrs = append(
			attrs, slog.String("client", logText(ev.Client.String())),
		)
	}

	for _, field := range []struct{ name, value string }{
		{"site", ev.SiteName},
		{"user", ev.UserID},
		{"request", ev.RequestID},
		{"token", ev.TokenID},
		{"purpose", string(ev.Purpose)},
		{"reason", string(ev.Reason)},
	} {
		if field.value != "" {
			attrs = append(attrs, slog.String(field.name, logText(field.value)))
		}
	}
	if ev.Count != 0 {
		attrs = append(attrs, slog.Int("count", ev.Count))
	}
	if ev.Err != nil {
		attrs = append(attrs, slog.String("err", logText(ev.Err.Error())))
	}

	s.logger.LogAttrs(
		ctx, level, "password reset "+string(ev.Outcome), attrs...,
	)
}

func levelOf(outcome Outcome) slog.Level {
	switch outcome {
	case OutcomeDispatchFailed, OutcomeMailFailed, OutcomeConfirmFailed,
		OutcomeSessionsFailed, OutcomeHookFailed, OutcomeNoticeFailed,
		OutcomeJobRefused, OutcomeDisputeFailed, OutcomeRedeemFailed:
		return slog.LevelError
	case OutcomeThrottled, OutcomeBlocked, OutcomeDropped,
		OutcomeLimiterFailed, OutcomeEventsLost, OutcomeMailDelayed,
		OutcomeLostRace, OutcomeDisputed:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// maxLogText bounds one value. An error of a database driver may quote a whole
// statement.
const maxLogText = 1024

// logText makes a text of others safe for any handler.
func logText(text string) string {
	if len(text) > maxLogText {
		text = text[:maxLogText] + "…"
	}
	quoted := strconv.QuoteToGraphic(text)
	if inner := quoted[1 : len(quoted)-1]; inner == text {
		return text
	}
	return quoted
}

// sinkTimeout is the timeout that bounds one call of a sink that heeds its
// context.
const sinkTimeout = 5 * time.Second

// A recorder takes the events of one site.
type recorder struct {
	*journal
	site string // its name.
}

// A journal passes the events of all sites to the sink, at once or from one
// goroutine, in order. When the sink cannot keep up, it counts instead of
// growing.
type journal struct {
	sink  Sink
	now   func() time.Time
	queue chan entry     // nil when synchronous.
	lost  atomic.Int64   // not told of yet.
	late  sync.WaitGroup // what was to follow an event that found no room.
	done  chan struct{}

	allLost, panics atomic.Uint64 // ever.

	// mu guards closed, and the queue against being closed during a send.
	mu     sync.RWMutex
	closed bool
}

// An entry is an event, and what is to be done once it is recorded or lost. One
// without an outcome is no event.
type entry struct {
	event Event
	then  func() // may be nil.
}

// recorderRoom is how many events of requests may wait for a slow sink.
const recorderRoom = 1024

func newJournal(
	sink Sink, now func() time.Time, synchronous bool,
) *journal {
	j := &journal{sink: sink, now: now}
	if synchronous {
		return j
	}

	j.queue = make(chan entry, recorderRoom)
	j.done = make(chan struct{})
	go j.run()
	return j
}

// record passes an event to the sink now. The event outlives the visitor, since
// one who hangs up must not keep a line out of an audit trail.
func (r *recorder) record(ctx context.Context, ev Event) {
	ev.SiteName = cmp.Or(ev.SiteName, r.site)
	r.journal.record(ctx, ev)
}

// recordLater passes an event to the sink from the background, because a sink
// that writes to a database must not be in the path of a request.
func (r *recorder) recordLater(ev Event) {
	ev.Time = r.now()
	if r.queue == nil {
		r.record(context.Background(), ev)
		return
	}
	r.add(entry{event: ev})
}

func (r *recorder) add(e entry) {
	e.event.SiteName = cmp.Or(e.event.SiteName, r.site)
	r.journal.add(e)
}

func (j *journal) record(ctx context.Context, ev Event) {
	if ev.Time.IsZero() {
		ev.Time = j.now()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sinkTimeout)
	defer cancel()
	if guard("Sink.Record", func() error {
		j.sink.Record(ctx, ev)
		return nil
	}) != nil {
		j.panics.Add(1)
	}
}

func (j *journal) add(e entry) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if j.closed {
		j.lose(e.event)
		return
	}
	select {
	case j.queue <- e:
	default:
		j.lose(e.event)
		if e.then != nil {
			// It asks the limiters that each request waits for, so there are
			// no more of these than of requests.
			j.late.Go(e.then)
		}
	}
}

func (j *journal) lose(ev Event) {
	if ev.Outcome != "" {
		j.lost.Add(1)
		j.allLost.Add(1)
	}
}

func (j *journal) run() {
	defer close(j.done)
	for e := range j.queue {
		j.pass(e)
		j.recordLost()
	}
	j.recordLost()
	j.late.Wait()
}

func (j *journal) pass(e entry) {
	if e.event.Outcome != "" {
		j.record(context.Background(), e.event)
	}
	if e.then != nil {
		e.then()
	}
}

func (j *journal) recordLost() {
	if n := j.lost.Swap(0); n > 0 {
		j.record(context.Background(), Event{
			Outcome: OutcomeEventsLost, Count: int(n),
		})
	}
}

// close stops taking events and waits until those taken are passed on, or ctx
// ends.
func (j *journal) close(ctx context.Context) error {
	if j.queue == nil {
		return nil
	}

	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.queue)
	}
	j.mu.Unlock()

	select {
	case <-j.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
