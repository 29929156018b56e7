package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A crowd goes on asking for links and using them, through nginx.
type crowd struct {
	c     *cluster
	sum   *summary
	phase atomic.Pointer[string]
	users atomic.Int64 // how many have begun
	done  atomic.Int64 // how many have had a link
	all   sync.WaitGroup
	end   context.CancelFunc
}

func newCrowd(t *testing.T, c *cluster, size int) *crowd {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &crowd{c: c, sum: new(summary), end: cancel}
	w.enter("before")
	w.users.Store(1000) // those below are for the test
	for range size {
		w.all.Go(func() {
			for ctx.Err() == nil {
				if w.visit(ctx, user(int(w.users.Add(1)))) {
					w.done.Add(1)
				}
			}
		})
	}
	t.Cleanup(w.leave)
	return w
}

// enter begins a phase of the summary.
func (w *crowd) enter(phase string) { w.phase.Store(&phase) }

// leave ends the crowd.
func (w *crowd) leave() {
	w.end()
	w.all.Wait()
}

func (w *crowd) add(did string, a answer) answer {
	return w.sum.add(*w.phase.Load(), did, a)
}

// visit is one reset, from the request to the new password. It reports whether
// there was a link.
func (w *crowd) visit(ctx context.Context, name string) bool {
	v := newVisitor()
	if w.add("asked", v.ask(w.c.url, name)).status != http.StatusSeeOther {
		return false
	}
	link, ok := w.waitForLink(ctx, name)
	if !ok {
		return false
	}
	for range len(w.c.settings) {
		w.add("checked", v.check(w.c.url, link.token()))
	}
	// A confirmation takes many times as long as a check.
	if w.users.Load()%4 == 0 {
		w.add("confirmed", v.confirm(w.c.url, link.token(), passwordOf(name)))
	}
	return true
}

// waitForLink gives up when a worker has refused the job.
func (w *crowd) waitForLink(
	ctx context.Context, name string,
) (link received, ok bool) {
	poll := time.NewTicker(tick)
	defer poll.Stop()

	for {
		if links, _ := w.c.mailsTo(name); len(links) > 0 {
			w.sum.note(*w.phase.Load(), "mail", "sent", 0)
			return links[0], true
		}

		var refused bool
		err := w.c.database.pool.QueryRow(ctx, `SELECT EXISTS (
			SELECT FROM river_job WHERE state = 'cancelled'
			AND args->'job'->>'email' = $1)`, name).Scan(&refused)
		if err == nil && refused {
			w.sum.note(*w.phase.Load(), "mail", "refused", 0)
			return received{}, false
		}

		select {
		case <-poll.C:
		case <-ctx.Done():
			return received{}, false
		}
	}
}

// waitForVisits waits until so many more have been served.
func (w *crowd) waitForVisits(t *testing.T, n int64) {
	t.Helper()
	before := w.done.Load()
	require.Eventually(t, func() bool { return w.done.Load() >= before+n },
		patience, tick)
}
