package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// A wrongClock is one row of the table in the documentation.
type wrongClock struct {
	by time.Duration
	// What becomes of a request for a link. "there" is the instance with the
	// wrong clock.
	askedThere, mailedThere string
	// What becomes of a link, and for how long that is good.
	itsLink, othersLink string
	lives               time.Duration

	index int // of the instance
	seen  struct {
		askedThere, mailedThere, itsLink, othersLink *observation
	}
}

// The instance with the right clock is the first, so these begin with 1.
func wrongClocks() []*wrongClock {
	const mailed, changed, early = "mailed", "confirmed", "rejected not-yet-valid"
	const bad, late, old = "job-refused bad-date", "skipped too-late", "rejected expired"
	s, m, h := time.Second, time.Minute, time.Hour
	all := []*wrongClock{
		{by: 5 * s, askedThere: mailed, mailedThere: mailed, itsLink: changed, othersLink: changed, lives: h + 5*s},
		{by: -5 * s, askedThere: mailed, mailedThere: mailed, itsLink: changed, othersLink: changed, lives: h - 5*s},
		{by: 5 * m, askedThere: bad, mailedThere: mailed, itsLink: early, othersLink: changed},
		{by: -5 * m, askedThere: mailed, mailedThere: bad, itsLink: changed, othersLink: early, lives: h - 5*m},
		{by: 5 * h, askedThere: bad, mailedThere: late, itsLink: early, othersLink: old},
		{by: -5 * h, askedThere: late, mailedThere: bad, itsLink: old, othersLink: early},
	}
	for i, w := range all {
		w.index = i + 1
	}
	return all
}

// An observation is one visitor with an address of its own, by which the rows
// of the audit trail are found.
type observation struct {
	visitor
	client string
	user   string
	asked  time.Time
	lives  time.Duration
	saw    int // the status of the last answer
}

// clocks is a cluster, of which all instances but the first have wrong clocks.
type clocks struct {
	*cluster
	user int
}

func (c *clocks) at(i int) string { return "http://" + c.settings[i].Listen }

// ask has a new visitor ask an instance for a link.
func (c *clocks) ask(t *testing.T, i int) *observation {
	t.Helper()
	c.user++
	o := &observation{user: user(c.user), asked: time.Now()}
	o.visitor, o.client = newVisitorAt()
	o.saw = o.visitor.ask(c.at(i), o.user).status
	require.Equal(t, http.StatusSeeOther, o.saw,
		"the answer to a request is the same whatever the clocks say")
	return o
}

// use waits for the link and confirms with it on an instance.
func (c *clocks) use(t *testing.T, o *observation, i int) {
	t.Helper()
	link := c.waitForLink(t, o.user).token()
	if a := o.check(c.at(i), link); a.status == http.StatusOK {
		_, after, _ := strings.Cut(a.body, `"expires":"`)
		at, _, _ := strings.Cut(after, `"`)
		expires, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		o.lives = expires.Sub(o.asked)
	}
	o.saw = o.confirm(c.at(i), link, passwordOf(o.user)).status
}

// waitForOutcome waits until a worker has done something with the request.
func (c *clocks) waitForOutcome(t *testing.T, o *observation) {
	t.Helper()
	require.Eventually(t, func() bool {
		return c.outcome(t, o, "mailed", "job-refused", "skipped") != ""
	}, patience, tick)
}

// takeRefused waits until River has nothing left to do but jobs that were
// refused, which it attempts again, and takes those away. It returns how many
// there were.
func (c *clocks) takeRefused(t *testing.T) (refused int) {
	t.Helper()
	require.Eventually(t, func() bool {
		taken, err := c.database.pool.Exec(t.Context(), `DELETE FROM river_job
			WHERE errors IS NOT NULL AND state NOT IN ('completed', 'running')`)
		require.NoError(t, err)
		refused += int(taken.RowsAffected())
		return c.text(t, `SELECT count(*) FROM river_job
			WHERE state <> 'completed'`) == "0"
	}, patience, tick, "jobs are left")
	return refused
}

// outcome is what the audit trail says of an observation.
func (c *clocks) outcome(
	t *testing.T, o *observation, outcomes ...string,
) string {
	t.Helper()
	return c.text(t, `SELECT coalesce(max(trim(outcome || ' ' || reason)), '')
		FROM lostkey_audit WHERE client = $1 AND outcome = ANY($2)`,
		o.client, outcomes)
}

//lostkey:covers ASVS-16.2.2
func TestOneInstanceWithAWrongClock(t *testing.T) {
	t.Parallel()
	rows := wrongClocks()
	c := &clocks{cluster: newCluster(t, func(opts *options) {
		opts.Instances = 1 + len(rows)
		opts.Each = func(i int, s *settings) {
			if i > 0 {
				s.Clock, s.NoWorker = rows[i-1].by, true
			}
		}
	})}

	// The mails are made where the clock is right.
	for _, w := range rows {
		w.seen.askedThere = c.ask(t, w.index)
		w.seen.othersLink = c.ask(t, 0)
	}
	for _, w := range rows {
		c.waitForOutcome(t, w.seen.askedThere)
		c.use(t, w.seen.othersLink, w.index)
	}
	// Two requests, and the notice of a change, of clocks that are ahead.
	require.Equal(t, 3, c.takeRefused(t))

	// And now where it is wrong.
	c.restart(t, 0, true)
	for _, w := range rows {
		c.restart(t, w.index, false)
		w.seen.mailedThere = c.ask(t, 0)
		w.seen.itsLink = c.ask(t, w.index)
		c.waitForOutcome(t, w.seen.mailedThere)
		c.takeRefused(t) // before another clock sees it
		c.use(t, w.seen.itsLink, 0)
		c.restart(t, w.index, true)
	}
	c.requireRows(t, rows)
}

// restart starts an instance again that works on jobs, or does not.
func (c *clocks) restart(t *testing.T, i int, noWorker bool) {
	t.Helper()
	c.settings[i].NoWorker = noWorker
	require.NoError(t, c.stopInstance(i))
	require.NoError(t, c.startInstance(t.Context(), i))
}

func (c *clocks) requireRows(t *testing.T, rows []*wrongClock) {
	t.Helper()
	c.audit(t, "") // has all counted rows written
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "clock\tasked there\tmailed there\tits links"+
		"\tlinks of others there\tits rows are dated")
	for _, w := range rows {
		saw := w.seen
		mail := []string{"mailed", "job-refused", "skipped"}
		link := []string{"confirmed", "rejected"}
		got := []string{
			c.outcome(t, saw.askedThere, mail...),
			c.outcome(t, saw.mailedThere, mail...),
			c.outcome(t, saw.itsLink, link...),
			c.outcome(t, saw.othersLink, link...),
		}
		dated := c.dated(t, saw.askedThere)
		_, _ = fmt.Fprintf(table, "%+v\t%s\t%+v\n", w.by,
			strings.Join(got, "\t"), dated.Round(time.Second))

		require.Equal(t, []string{
			w.askedThere, w.mailedThere, w.itsLink, w.othersLink,
		}, got, "%v", w.by)
		require.InDelta(t, w.by, dated, float64(3*time.Second))
		require.InDelta(t, w.lives, saw.itsLink.lives, float64(3*time.Second))
		for o, outcome := range map[*observation]string{
			saw.itsLink: w.itsLink, saw.othersLink: w.othersLink,
		} {
			want := http.StatusBadRequest
			if outcome == "confirmed" {
				want = http.StatusSeeOther
			}
			require.Equal(t, want, o.saw)
		}
	}

	_ = table.Flush()
	t.Logf("one instance with a wrong clock\n%s", text.String())
}

// dated is by how much the row of a request is dated wrong.
func (c *clocks) dated(t *testing.T, o *observation) time.Duration {
	t.Helper()
	var at int64
	require.NoError(t, c.database.pool.QueryRow(t.Context(), `SELECT at_ms
		FROM lostkey_audit WHERE client = $1 AND outcome = 'requested'`,
		o.client).Scan(&at))
	return time.UnixMilli(at).Sub(o.asked)
}
