package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLinkOfOneInstanceIsGoodOnceOnAnyOther(t *testing.T) {
	c := newCluster(t)
	at := func(i int) string { return "http://" + c.settings[i].Listen }
	for i := range c.settings {
		ann, v := user(i+1), newVisitor()
		require.Equal(t, http.StatusSeeOther, v.ask(at(i), ann).status)
		link := c.waitForLink(t, ann)
		for j := range c.settings {
			require.Equal(t, http.StatusOK, v.check(at(j), link.token()).status)
		}

		used := -1
		for j, s := range c.settings {
			if s.Name != link.By {
				used = j
			}
		}
		a := v.confirm(at(used), link.token(), passwordOf(ann))
		require.Equal(t, http.StatusSeeOther, a.status)
		require.NotEqual(t, link.By, a.by)
		c.requirePassword(t, ann, passwordOf(ann))
		t.Logf("asked of %s, mailed by %s, confirmed on %s",
			c.settings[i].Name, link.By, a.by)

		for j := range c.settings {
			require.Equal(t, http.StatusBadRequest,
				v.confirm(at(j), link.token(), "another one for it").status)
		}
		c.requirePassword(t, ann, passwordOf(ann))
		c.waitForJobs(t)
		links, notices := c.mailsTo(ann)
		require.Len(t, links, 1)
		require.Len(t, notices, 1)
	}
}

// race confirms with one link from many clients at once.
func (c *cluster) race(
	link string, racers int, s *summary, phase string,
) (won string, answers []answer) {
	var all sync.WaitGroup
	start := make(chan struct{})
	answers = make([]answer, racers)
	for i := range racers {
		v := newVisitor()
		all.Go(func() {
			<-start
			answers[i] = s.add(phase, "confirmed",
				v.confirm(c.url, link, fmt.Sprintf("the words of racer %d", i)))
		})
	}
	close(start)
	all.Wait()

	for i, a := range answers {
		s.note(phase, "served by", a.by, 0)
		if a.status == http.StatusSeeOther {
			won = fmt.Sprintf("the words of racer %d", i)
		}
	}
	return won, answers
}

func TestOf300ConfirmationsOnThreeInstancesOneWins(t *testing.T) {
	const racers = 300
	c, sum := newCluster(t), new(summary)
	ann, v := user(1), newVisitor()
	require.Equal(t, http.StatusSeeOther, v.ask(c.url, ann).status)
	link := c.waitForLink(t, ann)
	junk := v.confirm(c.url, "no-token", "some words for it")
	require.Equal(t, http.StatusBadRequest, junk.status)

	won, answers := c.race(link.token(), racers, sum, "wide limits")
	require.Equal(t, map[string]int{"303": 1, "400": racers - 1},
		sum.of("wide limits", "confirmed"))
	for _, a := range answers {
		if a.status == http.StatusBadRequest {
			require.Equal(t, junk.body, a.body,
				"a loser is told something else than one with no link at all")
		}
	}
	c.requirePassword(t, ann, won)
	require.Len(t, sum.of("wide limits", "served by"), 3)

	// The limits of production are counted in Redis, for all three together.
	for i := range c.settings {
		c.settings[i].LimitFactor = 1
		c.settings[i].Prefix += "narrow:"
		require.NoError(t, c.stopInstance(i))
		require.NoError(t, c.startInstance(t.Context(), i))
	}
	c.waitForAll(t)
	bob := user(2)
	require.Equal(t, http.StatusSeeOther, v.ask(c.url, bob).status)
	begun := time.Now()
	won, _ = c.race(c.waitForLink(t, bob).token(), racers, sum, "default limits")
	counts := sum.of("default limits", "confirmed")
	require.Equal(t, 1, counts["303"])
	tried, most := counts["303"]+counts["400"], 11+time.Since(begun).Minutes()
	require.GreaterOrEqual(t, tried, 10)
	if c.said(t, "shared limits") {
		t.Log("Redis was too slow at times, so instances counted for themselves")
		most *= 3
	}
	require.LessOrEqual(t, float64(tried), most)
	require.Equal(t, racers-tried, counts["429"])
	c.requirePassword(t, bob, won)

	c.waitForJobs(t)
	for _, name := range []string{ann, bob} {
		links, notices := c.mailsTo(name)
		require.Len(t, links, 1)
		require.Len(t, notices, 1)
	}
	sum.log(t, "300 confirmations of one link at once, through nginx")
}

// waitForAll waits until nginx sends visitors to all instances, and the
// database answers them.
func (c *cluster) waitForAll(t *testing.T) {
	t.Helper()
	v := newVisitor()
	require.Eventually(t, func() bool {
		by := map[string]bool{}
		for range 3 * len(c.settings) {
			response, err := v.http.Get(c.url + "/healthz")
			if err != nil {
				return false
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return false
			}
			by[response.Header.Get("Served-By")] = true
		}
		return len(by) == len(c.settings)
	}, patience, 5*tick)
}
