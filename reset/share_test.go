package reset_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/stretchr/testify/require"
)

// ipv6 is the n-th client of a /48: each has a /64 of its own.
func ipv6(first, second, third uint16, n int) netip.Addr {
	var addr [16]byte
	for i, group := range []uint16{first, second, third, uint16(n)} {
		binary.BigEndian.PutUint16(addr[2*i:], group)
	}
	addr[15] = 1
	return netip.AddrFrom16(addr)
}

func ipv4(first, second, third byte, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{first, second, third, byte(n)})
}

// floods are the addresses that an attacker has, by the number of the request.
var floods = map[string]func(n int) netip.Addr{
	"one /48": func(n int) netip.Addr { return ipv6(0x2001, 0xdb8, 0xbad, n) },
	"one /24": func(n int) netip.Addr { return ipv4(192, 0, 2, n) },
	"one /32 of 65,536 /48": func(n int) netip.Addr {
		return ipv6(0x2001, 0xdb8, uint16(n), n>>16)
	},
	"one /16 of 256 /24": func(n int) netip.Addr {
		return ipv4(192, 0, byte(n), n>>8)
	},
	"100 providers, one /48 each": func(n int) netip.Addr {
		return ipv6(0x2a00, uint16(n%100), 0xbad, n/100)
	},
	"100 providers, all of their /48": func(n int) netip.Addr {
		return ipv6(0x2a00, uint16(n%100), uint16(n/100), n)
	},
	"100 /24": func(n int) netip.Addr {
		return ipv4(100, byte(n%100), 2, n/100)
	},
	"unknown": func(int) netip.Addr { return netip.Addr{} },
}

// flooded sends 20 times the site's bound for five minutes, and every three
// seconds one request of an honest visitor. It returns how many of those 100
// were served, and how many of the attacker's 60,000.
func flooded(
	t *testing.T, limits func(*testing.T, func() time.Time) reset.Limits,
	attacker, visitor func(n int) netip.Addr,
) (served, taken int) {
	t.Helper()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = limits(t, cfg.Now)
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
		cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	})
	const attack = time.Minute / (20 * 600)

	for n := range int(5 * time.Minute / attack) {
		fx.clock.advance(attack)
		email := fmt.Sprintf("user%d@example.com", n)
		if fx.Request(
			t.Context(), reset.RequestInput{Email: email, Client: attacker(n)},
		) == nil {
			taken++
		}
		if n%600 == 599 && fx.Request(t.Context(), reset.RequestInput{
			Email: "honest-" + email, Client: visitor(n / 600),
		}) == nil {
			served++
		}
	}

	return served, taken
}

// fromElsewhere are visitors who share no network with anybody.
func fromElsewhere(n int) netip.Addr { return ipv4(203, byte(n), 113, 7) }

//lostkey:covers ASVS-15.4.4
func TestFloodFromOneSideLeavesTheFlowToEverybodyElse(t *testing.T) {
	t.Parallel()
	for name, attacker := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defaults := func(*testing.T, func() time.Time) reset.Limits {
				return reset.Limits{}
			}
			served, taken := flooded(t, defaults, attacker, fromElsewhere)
			t.Logf(
				"default limits: visitors served %d of 100, attacker %d of "+
					"60,000",
				served, taken,
			)
			require.GreaterOrEqual(t, served, 95)
		})
	}
}

// endless is a limiter that allows everything and takes nothing back.
var endless = limiterFunc(
	func(context.Context, string) (time.Duration, bool, error) {
		return 0, true, nil
	},
)

// shareAlone leaves no limit but the site's, which is any Limiter.
func shareAlone(t *testing.T, now func() time.Time) reset.Limits {
	t.Helper()
	global, err := ratelimit.New(ratelimit.Config{
		Burst:    600,
		Every:    time.Minute / 600,
		MaxBytes: 64 << 10,
		Now:      now,
	})
	require.NoError(t, err)
	return reset.Limits{
		Global:  limiterFunc(global.Allow),
		Client:  endless,
		Network: endless,
		Account: endless,
	}
}

func TestShareAloneKeepsAFloodFromClosingTheFlow(t *testing.T) {
	t.Parallel()
	for name, attacker := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served, taken := flooded(t, shareAlone, attacker, fromElsewhere)
			t.Logf(
				"the site's limit alone: visitors served %d of 100, attacker "+
					"%d of 60,000",
				served, taken,
			)
			require.GreaterOrEqual(t, served, 95)
			require.Greater(
				t, taken, 2000, "what nobody else asks for is not wasted",
			)
		})
	}
}

// A flood from one customer of an access provider leaves the flow to the
// provider's others.
func TestNeighboursOfAFloodAreServed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attacker, visitor func(n int) netip.Addr
	}{
		"one /48 of a /32": {
			floods["one /48"], func(n int) netip.Addr {
				return ipv6(0x2001, 0xdb8, uint16(n), 1)
			},
		},
		"one /24 of a /16": {
			floods["one /24"], func(n int) netip.Addr {
				return ipv4(192, 0, byte(100+n), 1)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			served, taken := flooded(t, shareAlone, test.attacker, test.visitor)
			t.Logf(
				"neighbours served %d of 100, attacker %d of 60,000", served,
				taken,
			)
			require.GreaterOrEqual(t, served, 95)
		})
	}
}

// A flood in which each request comes from a network of its own is more than
// any share can tell from visitors. It must not make visitors look like it.
func TestInventedNetworksCannotFillTheCounters(t *testing.T) {
	t.Parallel()
	var wronged atomic.Int64
	visitors := netip.MustParsePrefix("203.0.0.0/8")
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = shareAlone(t, cfg.Now)
		cfg.Queue.Synchronous = true // so that no event is lost
		cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
			if ev.Reason == "share" && visitors.Contains(ev.Client) {
				wronged.Add(1)
			}
		})
	})

	for n := range 60_000 {
		fx.clock.advance(5 * time.Millisecond)
		in := reset.RequestInput{
			Email:  "ana@example.com",
			Client: ipv6(0x2000+uint16(n>>8), uint16(n), uint16(n), 0),
		}
		_ = fx.Request(t.Context(), in)
		if n%300 == 0 {
			in.Client = fromElsewhere(n / 300)
			_ = fx.Request(t.Context(), in)
		}
	}

	t.Logf(
		"200 visitors, %d taken for a network that asked before",
		wronged.Load(),
	)
	require.LessOrEqual(t, wronged.Load(), int64(10))
}

// While the site has room, nobody's share matters.
func TestShareHoldsNobodyBackWhileTheSiteHasRoom(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = shareAlone(t, cfg.Now)
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
	for n := range 600 {
		require.NoError(
			t, fx.ask(t, fmt.Sprintf("user%d@example.com", n), "192.0.2.1"),
		)
	}

	throttled := func(client, reason string, wait time.Duration) {
		t.Helper()
		before := len(fx.events.of(reset.OutcomeThrottled))
		refused, ok := errors.AsType[*reset.ThrottledError](
			fx.ask(t, "ana@example.com", client),
		)
		require.True(t, ok)
		require.InDelta(t, wait, refused.RetryAfter, float64(time.Second))
		for len(fx.events.of(reset.OutcomeThrottled)) == before {
			runtime.Gosched()
		}
		require.Equal(
			t, reason, fx.events.reasons(reset.OutcomeThrottled)[before],
		)
	}

	throttled("192.0.2.1", "global", time.Second)
	// The count halves in five minutes and the bound doubles in one.
	throttled("192.0.2.1", "share", 50*time.Second)
	throttled("192.0.2.9", "share", 50*time.Second)
	throttled("198.51.100.1", "global", time.Second)

	// The last refusal has halved the bound once more.
	fx.clock.advance(99 * time.Second)
	throttled("192.0.2.1", "share", time.Second)
	require.NoError(t, fx.ask(t, "ana@example.com", "198.51.100.1"))

	fx.clock.advance(2 * time.Second)
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
}

// A clock that steps back neither frees a network nor holds it down for the
// length of the step.
func TestShareSurvivesAClockThatStepsBack(t *testing.T) {
	t.Parallel()
	books := &ledger{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = books.limits()
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
	for range 100 {
		require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	books.full = map[string]bool{"global": true}
	require.Error(t, fx.ask(t, "ana@example.com", "198.51.100.1"))

	books.full = nil
	for _, step := range []time.Duration{-24 * time.Hour, 49 * time.Second} {
		fx.clock.advance(step)
		require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	fx.clock.advance(2 * time.Second)
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
}

// What a network was granted long ago is no share of what was granted lately.
func TestShareForgetsWhatWasGrantedLongAgo(t *testing.T) {
	t.Parallel()
	books := &ledger{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = books.limits()
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
	for range 100 {
		require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	fx.clock.advance(time.Hour)
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))

	for range 100 {
		require.NoError(t, fx.ask(t, "ana@example.com", "198.51.100.1"))
	}
	books.full = map[string]bool{"global": true}
	require.Error(t, fx.ask(t, "ana@example.com", "203.0.113.1"))

	books.full = nil
	require.Error(t, fx.ask(t, "ana@example.com", "198.51.100.1"))
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
}

// What one flood did to the bound is forgotten by the next.
func TestShareWorksAgainAfterAQuietTime(t *testing.T) {
	t.Parallel()
	books := &ledger{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = books.limits()
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})

	for range 3 {
		for range 100 {
			require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
		}
		books.full = map[string]bool{"global": true}
		require.Error(t, fx.ask(t, "ana@example.com", "198.51.100.1"))
		books.full = nil
		require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
		fx.clock.advance(7 * 24 * time.Hour)
	}
}

// Requests that were on their way when the bound was lowered do not lower it
// again: a slow limiter must not turn one refusal into a hundred.
func TestRefusalsAtOnceLowerTheBoundOnce(t *testing.T) {
	t.Parallel()
	const callers = 100
	var full atomic.Bool
	var arrived sync.WaitGroup
	arrived.Add(callers)
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = shareAlone(t, cfg.Now)
		cfg.Limits.Global = limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				if full.Load() {
					arrived.Done()
					arrived.Wait()
					return time.Second, false, nil
				}
				return 0, true, nil
			},
		)

		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})

	for n := range 1000 { // one network has 90 of 100, the others 1 each
		client := "192.0.2.1"
		if n%10 == 0 {
			client = fromElsewhere(n / 100).String()
		}
		require.NoError(t, fx.ask(t, "ana@example.com", client))
	}
	full.Store(true)
	var calls sync.WaitGroup
	for n := range callers {
		calls.Go(func() {
			_ = fx.ask(t, "ana@example.com", fromElsewhere(100+n).String())
		})
	}
	calls.Wait()
	full.Store(false)
	require.Error(
		t, fx.ask(t, "ana@example.com", "192.0.2.1"), "above half of all",
	)
	require.NoError(
		t, fx.ask(t, "ana@example.com", fromElsewhere(1).String()), "far below",
	)
}

// A request that is refused by its share charges nobody.
func TestRefusedByItsShareChargesNobody(t *testing.T) {
	t.Parallel()
	books := &ledger{}
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = books.limits()
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
	for range 100 {
		require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	books.full = map[string]bool{"global": true}
	require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))

	books.full, books.calls = nil, nil
	require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	require.Empty(t, books.calls)
}

// What was given back does not count: a flood while the queue is down is
// charged to nobody, and must not mark a network for later.
func TestWhatWasGivenBackIsNoShare(t *testing.T) {
	t.Parallel()
	books := &ledger{}
	var down atomic.Bool
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = books.limits()
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			if down.Load() {
				return errLost
			}
			return nil
		}
	})

	down.Store(true)
	for range 500 {
		require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	down.Store(false)
	for n := range 100 {
		require.NoError(
			t, fx.ask(t, "ana@example.com", fromElsewhere(n).String()),
		)
	}
	books.full = map[string]bool{"global": true}
	require.Error(t, fx.ask(t, "ana@example.com", "198.51.100.1"))

	books.full = nil
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
}

func TestShareUnderConcurrentFloods(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = shareAlone(t, cfg.Now)
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
		cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	})
	var taken atomic.Int64
	var workers sync.WaitGroup

	for worker := range 8 {
		workers.Go(func() {
			for n := range 1000 {
				if fx.Request(t.Context(), reset.RequestInput{
					Email:  "ana@example.com",
					Client: ipv4(192, byte(worker), 2, n),
				}) == nil {
					taken.Add(1)
				}
			}
		})
	}

	workers.Wait()
	require.EqualValues(
		t, 600, taken.Load(), "no more than the bound, and no less",
	)

	fx.clock.advance(time.Second)
	require.NoError(t, fx.ask(t, "ana@example.com", fromElsewhere(0).String()))
}

func TestShareAllocatesNothing(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	share := reset.ShareOfRequest(func() time.Time { return now })
	for _, client := range []string{"192.0.2.1", "2001:db8::1"} {
		addr := netip.MustParseAddr(client)
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			share(addr)
			now = now.Add(time.Second)
		}))
	}
}
