package main

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// leader is the instance that looks after River's jobs for all. To lose it is
// the worst case, since another has to be elected before anything is rescued.
func (c *cluster) leader(t *testing.T) int {
	t.Helper()
	found := -1
	require.Eventually(t, func() bool {
		id := c.text(t, "SELECT coalesce(max(leader_id), '') FROM river_leader")
		for i, s := range c.settings {
			if s.Name == id {
				found = i
			}
		}
		return found >= 0
	}, patience, tick)
	return found
}

// A holdUp keeps the mail server from answering one instance, until that is
// dead. Every other mail it has taken by then, which the instance cannot know.
type holdUp struct {
	victim string
	held   atomic.Int64
	dead   chan struct{}
}

func (h *holdUp) accept(m received) error {
	if m.By != h.victim {
		return nil
	}
	n := h.held.Add(1)
	<-h.dead
	if n%2 == 0 {
		return errors.New("the connection was cut before the mail was whole")
	}
	return nil
}

// A rush is visitors who ask, and others who confirm, all at once. Whoever is
// not served tries again, as people do.
type rush struct {
	c    *cluster
	sum  summary
	all  sync.WaitGroup
	done atomic.Int64

	mu       sync.Mutex
	accepted []string // who was told that a mail is on its way
	changed  []string // who was told that the password is changed
	unsure   []string // whose link was refused after an answer that was lost
}

func (r *rush) ask(names <-chan string) {
	for name := range names {
		for range 20 {
			a := r.sum.add("under load", "asked", newVisitor().ask(r.c.url, name))
			if a.status == http.StatusSeeOther {
				r.mu.Lock()
				r.accepted = append(r.accepted, name)
				r.mu.Unlock()
				break
			}
		}
		r.done.Add(1)
	}
}

func (r *rush) confirm(names <-chan string, links map[string]string) {
	for name := range names {
		for range 20 {
			a := r.sum.add("under load", "confirmed", newVisitor().confirm(
				r.c.url, links[name], passwordOf(name)))
			if !a.served() {
				continue
			}
			r.mu.Lock()
			if a.status == http.StatusSeeOther {
				r.changed = append(r.changed, name)
			} else {
				r.unsure = append(r.unsure, name)
			}
			r.mu.Unlock()
			break
		}
		r.done.Add(1)
	}
}

// start sends them, a few at a time.
func (r *rush) start(first, asking int, links map[string]string) {
	asks := make(chan string, asking)
	for i := range asking {
		asks <- user(first + i)
	}
	confirms := make(chan string, len(links))
	for name := range links {
		confirms <- name
	}
	close(asks)
	close(confirms)
	for range 8 {
		r.all.Go(func() { r.ask(asks) })
		r.all.Go(func() { r.confirm(confirms, links) })
	}
}

func TestInstanceKilledUnderLoadLosesNoMailAndNoReset(t *testing.T) {
	t.Parallel()
	const asking, confirming = 200, 60
	c := newCluster(t)
	links := c.newLinks(t, 1, confirming)
	c.waitForJobs(t)
	victim := c.leader(t)
	hold := &holdUp{
		victim: c.settings[victim].Name, dead: make(chan struct{}),
	}
	c.inbox.onAccept(hold.accept)

	r := &rush{c: c}
	r.start(1000, asking, links)
	require.Eventually(t, func() bool {
		return hold.held.Load() >= 4 && r.done.Load() >= confirming
	}, patience, tick, "the victim is not in the middle of its work")
	require.NoError(t, c.killInstance(victim))
	killed, left := time.Now(), asking+confirming-r.done.Load()
	close(hold.dead)
	r.all.Wait()
	stuck := c.text(t, "SELECT count(*) FROM river_job WHERE state = 'running'")
	c.waitForJobs(t)

	t.Logf("%s, River's leader, was killed while it sent %d mails, with %d of "+
		"%d visitors still to be served; %s jobs were then marked as running; "+
		"all was done %v later", hold.victim, hold.held.Load(), left,
		asking+confirming, stuck, time.Since(killed).Round(time.Second/10))
	r.sum.log(t, "an instance is killed under load")
	r.requireNothingLost(t, asking, confirming)

	require.NoError(t, c.startInstance(t.Context(), victim))
	c.waitForAll(t)
}

// requireNothingLost checks that all who were told of a mail got it, and that
// all who confirmed have their new password, and heard of it by mail.
func (r *rush) requireNothingLost(t *testing.T, asking, confirming int) {
	t.Helper()
	require.Len(t, r.accepted, asking)
	copies := 0
	for _, name := range r.accepted {
		mails, _ := r.c.mailsTo(name)
		require.NotEmpty(t, mails, "the mail to %s is lost", name)
		copies += sameMail(t, mails)
	}

	require.Len(t, append(r.changed, r.unsure...), confirming)
	noticeCopies := 0
	for _, name := range append(r.changed, r.unsure...) {
		_, notices := r.c.mailsTo(name)
		require.NotEmpty(t, notices, "nobody told %s of the change", name)
		noticeCopies += sameMail(t, notices)
	}
	for _, name := range r.unsure {
		r.c.requirePassword(t, name, passwordOf(name))
	}
	require.Equal(t, r.c.text(t, `SELECT count(*) FROM users
		WHERE password_hash <> (SELECT password_hash FROM users
			WHERE email = 'user-9999@app.example')`),
		r.c.text(t, "SELECT $1::int", confirming))

	t.Logf("mails: %d accepted, 0 lost, %d second copies; resets: %d, 0 lost, "+
		"of which %d were told that the link is used when they tried again; "+
		"notices: %d, 0 lost, %d second copies", asking, copies, confirming,
		len(r.unsure), confirming, noticeCopies)
}

// sameMail returns how many mails there are beyond the first, which must have
// its Message-ID.
func sameMail(t *testing.T, mails []received) (copies int) {
	t.Helper()
	for _, m := range mails[1:] {
		require.Equal(t, mails[0].ID, m.ID,
			"%s got another mail, not a copy", m.To)
	}
	return len(mails) - 1
}
