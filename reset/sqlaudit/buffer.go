package sqlaudit

import (
	"context"
	"fmt"
	"slices"

	"github.com/lostkey-go/lostkey/reset"
)

// fullBatch is how many waiting rows end the wait for more, where half of the
// buffer is no less.
const fullBatch = 2048

// A storedRow is one row of the table.
type storedRow struct {
	eventRow
	n rowCount
	// own says that the row tells of events that the trail has lost.
	own bool
}

// A buffer has the rows that are not in the table yet. The mutex of its Trail
// guards it.
type buffer struct {
	waiting []storedRow // those that no attempt has taken yet.
	// added counts the rows that ever came, and settled those of them that are
	// written or lost. Rows are settled in the order they came in.
	added, settled int
	running        bool     // there is a writer.
	attempt        *attempt // the one that comes next, or is under way.
	abandon        context.CancelFunc

	lost   uint64 // events, ever.
	untold int64  // lost events that no row tells of yet.
	closed bool
}

// An attempt at writing ends with done being closed. Its error is set by then.
type attempt struct {
	done chan struct{}
	err  error
}

// held is how many rows are in memory.
func (b *buffer) held() int { return b.added - b.settled }

func (b *buffer) lose(events int64) {
	b.lost += uint64(events)
	b.untold += events
}

// add has a row written, or loses it where there is no room. t.mu is held.
func (t *Trail) add(row storedRow) {
	if t.held() >= t.room && !t.closed {
		t.lose(row.n.hits)
		return
	}
	t.waiting = append(t.waiting, row)
	t.added++

	if !t.running {
		var ctx context.Context
		ctx, t.abandon = context.WithCancel(context.Background())
		t.running, t.attempt = true, &attempt{done: make(chan struct{})}
		go t.run(ctx)
	}
	if len(t.waiting) == min(fullBatch, t.room/2) {
		t.hurry()
	}
}

// hurry ends the wait of the writer, or its next one.
func (t *Trail) hurry() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// take adds what waits to a batch, with a row that tells of lost events. It
// reports whether the trail is closed, so that the next attempt is the last.
func (t *Trail) take(batch []storedRow) (all []storedRow, closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()

	all = slices.Concat(batch, t.waiting)
	t.waiting = nil
	if t.untold > 0 {
		row := eventRow{outcome: string(reset.OutcomeEventsLost)}
		all = append(all, storedRow{
			eventRow: row, n: row.times(t.untold, t.now()), own: true,
		})
		t.added++
		t.untold = 0
	}
	return all, t.closed
}

// settle takes a batch off the books and reports the end of an attempt at it.
// The rows in missing are those that are not in the table.
func (t *Trail) settle(batch, missing []storedRow, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.settled += len(batch)
	for _, row := range missing {
		t.lose(row.n.hits)
		if row.own { // Its events are counted already.
			t.lost -= uint64(row.n.hits)
		}
	}

	t.attempt.err = err
	close(t.attempt.done)
	t.attempt = &attempt{done: make(chan struct{})}
}

// Flush writes what is in memory, with what has been counted so far. It returns
// when all of it is in the table, or the error of the next attempt that fails,
// whose rows are tried again. ctx bounds the wait alone.
func (t *Trail) Flush(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.addCounted()
	for last := t.added; t.settled < last; {
		next := t.attempt
		t.hurry()

		t.mu.Unlock()
		select {
		case <-next.done:
		case <-ctx.Done():
			next = &attempt{err: ctx.Err()}
		}
		t.mu.Lock()

		if next.err != nil {
			return next.err
		}
	}
	return nil
}

// Shutdown takes no more events, and writes those it has in one attempt more.
// Call it after that of the [reset.Service], which still records events, and
// before the database is closed. When ctx ends, the attempt is abandoned. The
// error says how many events were lost. Reading goes on working. It may be
// called again.
func (t *Trail) Shutdown(ctx context.Context) error {
	t.mu.Lock()
	t.closed = true
	before := t.lost
	t.mu.Unlock()

	err := t.Flush(ctx)
	for next := err; next != nil && ctx.Err() == nil; {
		// An attempt that had begun is followed by another.
		if next = t.Flush(ctx); next != nil {
			err = next
		}
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held() > 0 {
		t.abandon()
	} else if t.lost == before {
		return nil
	}
	lost := fmt.Errorf(
		"sqlaudit: Shutdown lost %d events and abandoned %d rows",
		t.lost-before, t.held(),
	)
	if err == nil { // An attempt that failed was over before Flush looked.
		return lost
	}
	return fmt.Errorf("%w: %w", lost, err)
}
