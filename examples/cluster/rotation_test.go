package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// rotate restarts the instances one by one with other keys. between is called
// after each, when nginx sends visitors to it again.
func (c *cluster) rotate(t *testing.T, keys string, between func()) {
	t.Helper()
	for i := range c.settings {
		c.settings[i].Keys = keys
		require.NoError(t, c.stopInstance(i))
		require.NoError(t, c.startInstance(t.Context(), i))
		c.waitForAll(t)
		between()
	}
}

// newLinks asks for links for the users from first on.
func (c *cluster) newLinks(t *testing.T, first, n int) map[string]string {
	t.Helper()
	links := map[string]string{}
	for i := range n {
		require.Equal(t, http.StatusSeeOther,
			newVisitor().ask(c.url, user(first+i)).status)
	}
	for i := range n {
		links[user(first+i)] = c.waitForLink(t, user(first+i)).token()
	}
	return links
}

func TestKeysRotatedInTwoStepsRefuseNobody(t *testing.T) {
	c := newCluster(t)
	first, second := c.settings[0].Keys, newKeys(t, "second")
	old := c.newLinks(t, 1, 20)
	w := newCrowd(t, c, 6)
	w.waitForVisits(t, 20)

	w.enter("1. the new key verifies")
	c.rotate(t, first+","+second, func() { w.waitForVisits(t, 20) })
	w.enter("2. the new key signs")
	c.rotate(t, second+","+first, func() { w.waitForVisits(t, 20) })
	w.enter("after")
	for name, link := range old {
		w.add("confirmed", newVisitor().confirm(c.url, link, passwordOf(name)))
	}
	w.waitForVisits(t, 20)
	w.leave()

	w.sum.log(t, "keys rotated in two steps, under load")
	require.Zero(t, w.sum.total("mail", "refused"))
	require.Zero(t, w.sum.total("checked", "400"))
	require.Zero(t, w.sum.total("confirmed", "400"))
	require.GreaterOrEqual(t, w.sum.of("after", "confirmed")["303"], len(old))
	w.requireNoFailure(t, 2*len(c.settings))
}

func TestKeysRotatedInOneStepRefuseLinksAndLoseNoMail(t *testing.T) {
	c := newCluster(t)
	first, second := c.settings[0].Keys, newKeys(t, "second")
	w := newCrowd(t, c, 6)
	w.waitForVisits(t, 20)

	w.enter("1. the new key signs")
	c.rotate(t, second+","+first, func() {
		w.waitForVisits(t, 20)
		// Instances without the key refuse what is signed with it.
		require.Eventually(t, func() bool {
			return w.sum.total("checked", "400") > 0 && c.text(t, `SELECT EXISTS (
				SELECT FROM river_job WHERE errors::text LIKE '%job is refused%'
				)`) == "true"
		}, patience, tick)
	})
	w.waitForVisits(t, 30) // of those who began before
	w.enter("after")
	w.waitForVisits(t, 20)
	w.leave()

	w.sum.log(t, "keys rotated in one step, under load")
	c.waitForJobs(t)
	require.Zero(t, w.sum.total("mail", "refused"))
	require.Zero(t, w.sum.of("after", "checked")["400"])
	seen := c.audit(t, "")
	t.Log("what the operator sees:", seen)
	require.Contains(t, seen, "check-rejected unknown-key")
	require.Contains(t, seen, "job-refused bad-mac")
}

// requireNoFailure checks that restarts showed to nobody. What waits in the
// queue of a listener that is closed is lost, though, and nginx answers 502.
// That is a matter of microseconds on a machine with time to spare, and one for
// each restart is let pass.
func (w *crowd) requireNoFailure(t *testing.T, restarts int) {
	t.Helper()
	lost := 0
	for _, did := range []string{"asked", "checked", "confirmed"} {
		for _, status := range []string{"cut", "429", "500", "503", "504"} {
			require.Zero(t, w.sum.total(did, status), "%s: %s", did, status)
		}
		lost += w.sum.total(did, "502")
	}
	require.LessOrEqual(t, lost, restarts)
}
