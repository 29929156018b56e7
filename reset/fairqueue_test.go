package reset_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// clientOf is an address in the nth of many networks.
func clientOf(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 1})
}

func (fx *fixture) requestFrom(t *testing.T, client netip.Addr, email string) {
	t.Helper()
	require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
		Email: email, Client: client,
	}))
}

// after waits for the bubble's clock.
func after(d time.Duration) { <-time.After(d) }

// A table with a column that cannot hold what was typed answers with an error
// each time. The limits are the defaults, and the requests as many as these let
// pass in 41 seconds.
func TestLookUpsThatAlwaysFailKeepNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Workers, cfg.Limits = time.Now, 0, reset.Limits{}
		})
		spy.findByEmail = func(
			ctx context.Context, email string,
		) ([]reset.User, error) {
			if strings.HasPrefix(email, "я") {
				return nil, errLost
			}
			return spy.Store.FindByEmail(ctx, email)
		}

		for i := range 1010 {
			fx.requestFrom(t, clientOf(i%67), fmt.Sprintf("я%d@example.org", i))
			after(41 * time.Second / 1000)
		}
		after(time.Second)
		fx.requestFrom(t, clientOf(1000), "ana@example.com")
		after(time.Minute)

		mails, dropped := len(
			fx.outbox.Messages(),
		), len(fx.events.of(reset.OutcomeDropped))
		delayed := len(fx.events.of(reset.OutcomeMailDelayed))
		t.Logf(
			"%d mails to the owner, %d requests dropped, %d attempts delayed",
			mails, dropped, delayed,
		)
		require.Equal(t, 1, mails)
		require.Zero(t, dropped)

		after(2 * time.Minute)
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 1010)
		require.Equal(t, "store", fx.events.reasons(reset.OutcomeMailFailed)[0])
		require.Len(t, fx.events.of(reset.OutcomeMailDelayed), 4*1010)
	})
}

//lostkey:covers ASVS-15.4.4
func TestOneNetworkDoesNotTakeTheQueueFromEverybody(t *testing.T) {
	t.Parallel()
	for name, attacker := range map[string]func(i int) netip.Addr{
		"IPv4 24": func(i int) netip.Addr {
			return netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		},
		"IPv6 48": func(i int) netip.Addr {
			addr := netip.MustParseAddr("2001:db8:1::1").As16()
			addr[6], addr[7] = byte(i>>8), byte(i)
			return netip.AddrFrom16(addr)
		},
		"unknown clients": func(int) netip.Addr { return netip.Addr{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got, slowest := visitorsInAFlood(t, attacker)
				t.Logf("%d of 100 visitors, the slowest after %v", got, slowest)

				require.GreaterOrEqual(t, got, 95)
				require.LessOrEqual(
					t, slowest, 500*time.Millisecond,
					"behind the mails of the flood",
				)
			})
		})
	}
}

// visitorsInAFlood returns how many of 100 visitors get their mail while an
// attacker asks 100 times as often, and how long the slowest mail took.
func visitorsInAFlood(
	t *testing.T, attacker func(i int) netip.Addr,
) (got int, slowest time.Duration) {
	t.Helper()
	const visitors, flood = 100, 100 // requests of the flood for each visitor
	var mu sync.Mutex
	arrived := make(map[string]time.Time)
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Now, cfg.Queue.Size, cfg.Queue.Workers = time.Now, 100, 2
		cfg.Mailer = mail.MailerFunc(
			func(_ context.Context, msg mail.Message) error {
				after(100 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				arrived[msg.To] = time.Now()
				return nil
			},
		)
	})
	for i := range visitors {
		fx.add(t, reset.User{
			ID:           fmt.Sprintf("v%d", i),
			Email:        fmt.Sprintf("v%d@example.com", i),
			PasswordHash: oldHash,
		})
	}

	asked := make(map[string]time.Time)
	for i := range visitors * flood {
		fx.requestFrom(t, attacker(i), "ana@example.com")
		if i%flood == flood-1 {
			visitor := fmt.Sprintf("v%d@example.com", i/flood)
			asked[visitor] = time.Now()
			fx.requestFrom(t, clientOf(i/flood), visitor)
		}
		after(2500 * time.Microsecond)
	}
	after(5 * time.Second) // as long as the whole queue takes

	mu.Lock()
	defer mu.Unlock()
	for visitor, at := range asked {
		if mailed, ok := arrived[visitor]; ok {
			got++
			slowest = max(slowest, mailed.Sub(at))
		}
	}
	return got, slowest
}

// The mail server is down for everybody but the last visitor.
func TestMailServerThatIsDownKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(
			t,
			func(cfg *reset.Config) { cfg.Now, cfg.Queue.Size = time.Now, 10 },
		)
		fx.add(t, reset.User{
			ID:           "8",
			Email:        "bob@example.com",
			PasswordHash: oldHash,
		})
		fx.outbox.Fail(func(msg mail.Message) error {
			if msg.To == "bob@example.com" {
				return nil
			}
			return temporary(msg)
		})
		for range 25 {
			fx.request(t, "ana@example.com")
			after(10 * time.Millisecond)
		}
		require.Empty(
			t, fx.events.of(reset.OutcomeDropped),
			"each has had its first attempt",
		)

		failed := fx.events.of(reset.OutcomeMailFailed)
		require.Len(
			t, failed, 15,
			"as many wait for a retry as there are places in the queue",
		)

		requested := fx.events.of(reset.OutcomeRequested)
		for i, ev := range failed {
			require.Equal(t, reset.Reason("queue"), ev.Reason)
			require.Equal(
				t, requested[i].RequestID, ev.RequestID,
				"the oldest goes first",
			)
		}

		fx.request(t, "bob@example.com")
		after(10 * time.Millisecond)
		require.Equal(t, []string{"bob@example.com"}, fx.to(mail.KindReset))

		fx.outbox.Fail(nil)
		fx.drain(t)
		require.Len(t, fx.to(mail.KindReset), 11)
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 15)
	})
}

func TestRetriesOfOneNetworkDoNotPushOutThoseOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx, spy := newSpyFixture(
			t,
			func(cfg *reset.Config) { cfg.Now, cfg.Queue.Size = time.Now, 10 },
		)
		spy.findByEmail = func(
			ctx context.Context, email string,
		) ([]reset.User, error) {
			if email == "x@example.org" {
				return nil, errLost
			}
			return spy.Store.FindByEmail(ctx, email)
		}

		fx.outbox.Fail(temporary)
		fx.requestFrom(t, clientOf(1), "ana@example.com")
		after(10 * time.Millisecond)
		for range 100 {
			fx.requestFrom(t, clientOf(2), "x@example.org")
			after(10 * time.Millisecond)
		}
		fx.outbox.Fail(nil)
		after(2 * time.Minute)
		require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 100)
	})
}

// While an owner's notice waits for its mail server, requests must neither take
// its place nor find theirs taken.
func TestNoticesAndRequestsHaveRoomsOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(
			t,
			func(cfg *reset.Config) { cfg.Now, cfg.Queue.Size = time.Now, 4 },
		)
		fx.outbox.Fail(temporary)
		for range 6 {
			require.NoError(t, fx.store.Update(
				"7", func(user *reset.User) { user.PasswordHash = oldHash },
			))
			require.NoError(t, fx.confirm(t, fx.link(t, "7")))
			after(10 * time.Millisecond)
		}
		for range 20 {
			fx.request(t, "ana@example.com")
			after(10 * time.Millisecond)
		}
		require.Empty(t, fx.events.of(reset.OutcomeNoticeFailed))
		require.Empty(t, fx.events.of(reset.OutcomeDropped))
		require.Len(t, fx.events.of(reset.OutcomeMailFailed), 16)

		fx.outbox.Fail(nil)
		fx.drain(t)
		require.Len(t, fx.to(mail.KindPasswordChanged), 6)
		require.Len(t, fx.to(mail.KindReset), 4)
	})
}

func TestDroppedRequestsAreTheNewestOfTheNetworkThatHoldsMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := &ledger{}
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Size, cfg.Queue.Workers = time.Now, 6, 1
			cfg.Limits = books.limits()
		})
		busy := make(chan struct{})
		fx.outbox.Fail(func(mail.Message) error {
			<-busy
			return nil
		})
		// The one worker has the first, so five more wait.
		fx.requestFrom(t, clientOf(1), "ana@example.com")
		after(10 * time.Millisecond)
		for range 8 {
			fx.requestFrom(t, clientOf(1), "ana@example.com")
		}
		for range 4 {
			fx.requestFrom(t, clientOf(2), "ana@example.com")
		}
		close(busy)
		fx.drain(t)

		lost := fx.events.of(reset.OutcomeDropped)
		require.Len(
			t, lost, 7,
			"three without a place, two that lost it, two of the second "+
				"network",
		)

		requested := fx.events.of(reset.OutcomeRequested)
		require.Equal(
			t, requested[5].RequestID, lost[3].RequestID, "the newest first",
		)
		require.Equal(t, requested[4].RequestID, lost[4].RequestID)
		require.Equal(
			t, []netip.Addr{clientOf(2), clientOf(2)},
			[]netip.Addr{lost[5].Client, lost[6].Client},
			"three against two is as even as five can be",
		)
		require.Len(t, fx.to(mail.KindReset), 6)
		require.Equal(
			t, 6, books.balance()["global"],
			"what lost its place is given back",
		)
	})
}

// A store that is down for a moment, twice, while the mail server is down too:
// only look-ups that fail one after the other say that a value is at fault.
func TestLookUpsThatWorkInBetweenAreNotGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx, spy := newSpyFixture(t, realClock)
		calls := 0
		spy.findByEmail = func(
			ctx context.Context, email string,
		) ([]reset.User, error) {
			if calls++; calls%4 != 0 {
				return nil, errLost
			}
			return spy.Store.FindByEmail(ctx, email)
		}

		failures := 2
		fx.outbox.Fail(func(msg mail.Message) error {
			if failures--; failures >= 0 {
				return temporary(msg)
			}
			return nil
		})
		fx.request(t, "ana@example.com")
		after(5 * time.Minute)
		require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
		require.Equal(t, 12, calls)
	})
}

// An invitation is the administrator's, who has been told that it is queued.
func TestInvitationOutlivesAnOutageOfTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx, spy := newSpyFixture(t, realClock)
		fx.add(t, withoutPassword("new"))
		var down atomic.Bool
		spy.findByID = func(
			ctx context.Context, id string,
		) (reset.User, error) {
			if down.Load() {
				return reset.User{}, errLost
			}
			return spy.Store.FindByID(ctx, id)
		}

		require.NoError(
			t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}),
		)

		down.Store(true)
		after(time.Hour)
		down.Store(false)
		after(time.Minute)
		require.Equal(t, []string{"new@example.com"}, fx.to(mail.KindInvite))
	})
}

func TestEachRequestHasOneEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			var mu sync.Mutex
			requestsAtRandom(t, func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n)
			})
		})
	}
}

func requestsAtRandom(t *testing.T, chance func(n int) int) {
	t.Helper()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Now = time.Now
		cfg.Queue.Size, cfg.Queue.Workers = 1+chance(16), 1+chance(4)
	})
	spy.findByEmail = func(
		ctx context.Context, email string,
	) ([]reset.User, error) {
		if chance(3) == 0 {
			return nil, errLost
		}
		return spy.Store.FindByEmail(ctx, email)
	}
	fx.outbox.Fail(func(msg mail.Message) error {
		after(time.Duration(chance(50)) * time.Millisecond)
		if chance(2) == 0 {
			return temporary(msg)
		}
		return nil
	})

	var visitors sync.WaitGroup
	for n := range 8 {
		visitors.Go(func() {
			for range 50 {
				fx.requestFrom(t, clientOf(chance(n+1)), "ana@example.com")
				after(time.Duration(chance(400)) * time.Millisecond)
			}
		})
	}
	visitors.Wait()

	ctx, cancel := context.WithTimeout(
		t.Context(), time.Duration(chance(200))*time.Millisecond,
	)
	defer cancel()
	err := fx.Shutdown(ctx)
	synctest.Wait()
	if err != nil {
		require.NoError(t, fx.Shutdown(t.Context()))
	}

	ends := make(map[string]int)
	for _, ev := range fx.events.all() {
		switch ev.Outcome {
		case reset.OutcomeMailed, reset.OutcomeMailFailed, reset.OutcomeDropped:
			ends[ev.RequestID]++
		}
	}
	require.Len(t, ends, 400)
	for id, n := range ends {
		require.Equal(t, 1, n, id)
	}
}

// What a request that loses its place was charged must not tell whether its
// address was throttled.
func TestThrottledAddressLooksLikeAnyOtherWhenItLosesItsPlace(t *testing.T) {
	t.Parallel()
	balances := make(map[bool]map[string]int)
	for _, throttled := range []bool{false, true} {
		books := &ledger{full: map[string]bool{"account": throttled}}
		synctest.Test(t, func(t *testing.T) {
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Now, cfg.Queue.Size, cfg.Queue.Workers = time.Now, 6, 1
				cfg.Limits = books.limits()
			})
			for range 9 {
				fx.requestFrom(t, clientOf(1), "ana@example.com")
			}
			for range 4 {
				fx.requestFrom(t, clientOf(2), "ana@example.com")
			}
			fx.drain(t)
		})

		balances[throttled] = books.balance()
		delete(balances[throttled], "account")
	}

	require.Equal(t, 6, balances[false]["global"])
	require.Equal(t, balances[false], balances[true])
}
