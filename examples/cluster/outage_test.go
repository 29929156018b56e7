package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An outage is a cluster whose PostgreSQL and Redis can be taken away.
type outage struct {
	*cluster
	sum             summary
	postgres, redis *proxy
	user            int // the last one who came

	mu       sync.Mutex
	accepted []string
	changed  []string
	unknown  []string // who was told to try again
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	u, err := url.Parse(defaultPostgres())
	require.NoError(t, err)
	host := u.Host
	if u.Port() == "" {
		host += ":5432"
	}
	o := &outage{
		postgres: newProxy(t, host), redis: newProxy(t, defaultRedis()),
	}
	o.cluster = newCluster(t, func(opts *options) {
		opts.PostgresBy, opts.RedisBy = o.postgres.address, o.redis.address
	})
	return o
}

// each calls f for so many new visitors at once.
func (o *outage) each(n int, f func(v visitor, name string)) {
	var all sync.WaitGroup
	for range n {
		o.user++
		v, name := newVisitor(), user(o.user)
		all.Go(func() { f(v, name) })
	}
	all.Wait()
}

// visit has visitors do what they come for, with links from before.
func (o *outage) visit(phase string, links map[string]string) {
	const visitors = 30
	o.each(visitors, func(v visitor, _ string) {
		o.sum.add(phase, "opened the page", v.get(o.url+"/forgot-password"))
	})
	o.each(visitors, func(v visitor, name string) {
		a := o.sum.add(phase, "asked", v.ask(o.url, name))
		if a.status == http.StatusSeeOther {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.accepted = append(o.accepted, name)
		}
	})

	var all sync.WaitGroup
	for name, link := range links {
		all.Go(func() {
			o.sum.add(phase, "checked", newVisitor().check(o.url, link))
			o.confirm(phase, name, link)
		})
	}
	all.Wait()
}

func (o *outage) confirm(phase, name, link string) {
	a := o.sum.add(phase, "confirmed",
		newVisitor().confirm(o.url, link, passwordOf(name)))
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.status == http.StatusSeeOther {
		o.changed = append(o.changed, name)
	} else {
		o.unknown = append(o.unknown, name)
	}
}

func (v visitor) get(where string) answer {
	begun := time.Now()
	response, err := v.http.Get(where)
	if err != nil {
		return answer{took: time.Since(begun)}
	}
	_ = response.Body.Close()
	return answer{status: response.StatusCode, took: time.Since(begun)}
}

func TestRedisAndPostgreSQLTakenAwayAndBroughtBack(t *testing.T) {
	t.Parallel()
	const confirming = 20
	o := newOutage(t)
	links := o.newLinks(t, 1, 7*confirming)
	o.user = 1000
	some := func(n int) map[string]string {
		part := map[string]string{}
		for _, name := range slices.Sorted(maps.Keys(links))[:n] {
			part[name] = links[name]
			delete(links, name)
		}
		return part
	}

	o.visit("before", some(confirming))
	o.redis.takeAway()
	o.visit("Redis is away", some(confirming))
	o.redis.hold.Lock()
	o.redis.bringBack(t)
	o.visit("Redis hangs", some(confirming))
	o.redis.hold.Unlock()
	o.visit("Redis is back", some(confirming))
	require.Equal(t, 4*confirming, len(o.changed), "Redis is no loss")

	kept := o.cutInTheMiddle(t, some(confirming))
	away := some(confirming)
	o.visit("PostgreSQL is away", away)
	maps.Copy(kept, away)
	o.postgres.hold.Lock()
	o.postgres.bringBack(t)
	o.visit("PostgreSQL hangs", away)
	for _, phase := range []string{"PostgreSQL is away", "PostgreSQL hangs"} {
		require.NotZero(t, o.sum.of(phase, "opened the page")["200"])
		for _, did := range []string{"asked", "checked", "confirmed"} {
			counts := o.sum.of(phase, did)
			require.Len(t, counts, 1, "%s: %s: %v", phase, did, counts)
			require.NotZero(t, counts["503"], "%s: %s: %v", phase, did, counts)
		}
	}

	o.postgres.hold.Unlock()
	back := time.Now()
	o.waitForAll(t)
	t.Logf("all instances served again %v after PostgreSQL was back",
		time.Since(back).Round(time.Millisecond))
	for _, name := range o.changed {
		delete(kept, name)
	}
	maps.Copy(kept, some(confirming))
	o.unknown = nil
	o.visit("PostgreSQL is back", kept)
	o.waitForJobs(t)
	t.Logf("all jobs were done %v after PostgreSQL was back",
		time.Since(back).Round(time.Second/10))
	o.sum.log(t, "what visitors saw")
	o.requireNothingLost(t, 7*confirming)
}

// cutInTheMiddle takes PostgreSQL away while passwords are being changed.
func (o *outage) cutInTheMiddle(
	t *testing.T, links map[string]string,
) map[string]string {
	t.Helper()
	var all sync.WaitGroup
	var done atomic.Int64
	for name, link := range links {
		all.Go(func() {
			o.confirm("PostgreSQL goes", name, link)
			done.Add(1)
		})
	}
	require.Eventually(t, func() bool {
		return done.Load() >= int64(len(links)/3)
	}, patience, time.Millisecond)
	o.postgres.takeAway()
	all.Wait()
	return links
}

// requireNothingLost checks everybody who was told something.
func (o *outage) requireNothingLost(t *testing.T, resets int) {
	t.Helper()
	copies := 0
	for _, name := range o.accepted {
		mails, _ := o.mailsTo(name)
		require.NotEmpty(t, mails, "the mail to %s is lost", name)
		copies += sameMail(t, mails)
	}

	// A link that is refused now has done its work before the answer was lost.
	for _, name := range o.unknown {
		o.requirePassword(t, name, passwordOf(name))
	}
	all := append(slices.Clone(o.changed), o.unknown...)
	require.Len(t, all, resets)
	for _, name := range all {
		_, notices := o.mailsTo(name)
		require.NotEmpty(t, notices, "nobody told %s of the change", name)
		copies += sameMail(t, notices)
	}
	t.Logf("%d requests accepted, 0 mails lost; %d resets, 0 lost, of which %d "+
		"had been done when the answer was lost; %d second copies",
		len(o.accepted), resets, len(o.unknown), copies)
}
