package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/stretchr/testify/require"
)

// A ledger is a limiter that takes charges back. It keeps what each limit was
// asked and what it is charged with, and refuses under the limits in full.
type ledger struct {
	mu      sync.Mutex
	full    map[string]bool
	calls   []string
	charged map[string]int
}

func (l *ledger) Allow(
	_ context.Context, key string,
) (time.Duration, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := names([]string{key})[0]
	l.calls = append(l.calls, "allow "+name)
	if l.full[name] {
		return time.Minute, false, nil
	}
	l.add(key, 1)
	return 0, true, nil
}

func (l *ledger) Refund(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, "refund "+names([]string{key})[0])
	if l.charged[key] > 0 {
		l.add(key, -1)
	}
	return nil
}

func (l *ledger) add(key string, n int) {
	if l.charged == nil {
		l.charged = make(map[string]int)
	}
	if l.charged[key] += n; l.charged[key] == 0 {
		delete(l.charged, key)
	}
}

// balance is what is charged to each limit.
func (l *ledger) balance() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	sums := make(map[string]int)
	for key, n := range l.charged {
		sums[names([]string{key})[0]] += n
	}
	return sums
}

func (l *ledger) limits() reset.Limits {
	return reset.Limits{
		Global:        l,
		Client:        l,
		Network:       l,
		Account:       l,
		ConfirmClient: l,
		ConfirmUser:   l,
		Check:         l,
	}
}

func TestRequestThatALimitRefusesCostsNothing(t *testing.T) {
	t.Parallel()
	for full, want := range map[string]map[string]int{
		"client":  {},
		"network": {},
		"global":  {},
		// What this one refuses must look like what it lets through.
		"account": {"client": 1, "network": 1, "global": 1},
	} {
		t.Run(full, func(t *testing.T) {
			t.Parallel()
			books := ledger{full: map[string]bool{full: true}}
			fx := newFixture(
				t, func(cfg *reset.Config) { cfg.Limits = books.limits() },
			)

			err := fx.ask(t, "ana@example.com", "192.0.2.1")
			_, aloud := errors.AsType[*reset.ThrottledError](err)
			require.Equal(t, full != "account", aloud)

			fx.drain(t)
			require.Equal(t, want, books.balance())
			require.Equal(
				t, []string{full}, fx.events.reasons(reset.OutcomeThrottled),
			)
		})
	}
}

// Twenty refusals by the site's limit leave a visitor's own twenty an hour.
func TestSiteAtItsBoundDoesNotUseUpTheVisitorsOwnAttempts(t *testing.T) {
	t.Parallel()
	full := &ledger{full: map[string]bool{"global": true}}
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Limits = reset.Limits{Global: full} },
	)
	for range 20 {
		require.Error(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
	full.full = nil
	require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
}

// What a flood was charged before Global refused it is given back, so that it
// does not fill the table of clients, which would refuse every newcomer.
func TestFloodOfInventedClientsLeavesRoomForNewOnes(t *testing.T) {
	t.Parallel()
	full := &ledger{full: map[string]bool{"global": true}}
	fx := newFixture(t, func(cfg *reset.Config) {
		small, err := ratelimit.New(ratelimit.Config{
			Burst: 20, Every: 3 * time.Minute, MaxBytes: 64 << 10, Now: cfg.Now,
		})
		require.NoError(t, err)
		cfg.Limits = reset.Limits{Global: full, Client: small}
		cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {})
	})

	in := reset.RequestInput{Email: "ana@example.com"}
	for n := range 10_000 { // for some 3,500 cells
		in.Client = ipv6(0x2001, uint16(n>>16), uint16(n), 0)
		require.Error(t, fx.Request(t.Context(), in))
	}
	full.full = nil
	for n := range 20 {
		require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
			Email:  fmt.Sprintf("user%d@example.com", n),
			Client: fromElsewhere(n),
		}))
	}
}

func TestFailedDispatchIsNotCharged(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errLost },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var queue engine
			down := true
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Limits = reset.Limits{}
				cfg.Queue.Dispatch = func(
					ctx context.Context, job reset.Job,
				) error {
					if down {
						return fail()
					}
					return queue.dispatch(ctx, job)
				}
			})

			for range 100 {
				require.Error(
					t, fx.ask(t, "ana@example.com", "192.0.2.1"),
					"the queue is down, and no limit is reached",
				)
			}
			down = false
			require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
			require.Empty(t, queue.run(t, fx.Service))

			t.Logf(
				"mails for the request after the queue was back: %d",
				len(fx.to(mail.KindReset)),
			)
			require.Len(t, fx.to(mail.KindReset), 1)
		})
	}
}

func TestFullQueueIsNotCharged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Size, cfg.Queue.Workers = time.Now, 1, 1
			cfg.Limits = reset.Limits{}
			outbox := cfg.Mailer
			cfg.Mailer = mail.MailerFunc(
				func(ctx context.Context, msg mail.Message) error {
					<-release
					return outbox.Send(ctx, msg)
				},
			)
		})

		fx.add(t, reset.User{
			ID:           "8",
			Email:        "bob@example.com",
			PasswordHash: oldHash,
		})
		require.NoError(t, fx.ask(t, "bob@example.com", "192.0.2.1"))

		for range 30 {
			require.NoError(
				t, fx.ask(t, "ana@example.com", "192.0.2.2"),
				"neither limit is reached",
			)
		}
		close(release)
		_, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		synctest.Wait()

		require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.2"))
		fx.drain(t)
		t.Logf("mails: %v", fx.to(mail.KindReset))
		require.Equal(
			t, []string{"bob@example.com", "ana@example.com"},
			fx.to(mail.KindReset),
		)
		require.Len(t, fx.events.of(reset.OutcomeDropped), 30)
		require.Empty(t, fx.events.of(reset.OutcomeThrottled))
	})
}

// A visitor who hangs up must not get round the limits: whether the job was
// queued is anybody's guess.
func TestHangingUpIsNotAWayAroundTheLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause error
		want  int
	}{
		"the visitor hung up":            {context.Canceled, 1},
		"the application's time was up":  {context.DeadlineExceeded, 0},
		"the queue failed, nobody ended": {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var books ledger
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if errors.Is(test.cause, context.DeadlineExceeded) {
				ctx, cancel = context.WithDeadline(ctx, time.Unix(0, 0))
				defer cancel()
			}

			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Limits = books.limits()
				cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
					if errors.Is(test.cause, context.Canceled) {
						cancel()
					}
					return errLost
				}
			})

			require.Error(t, fx.Request(ctx, reset.RequestInput{
				Email:  "ana@example.com",
				Client: netip.MustParseAddr("192.0.2.1"),
			}))

			for _, limit := range []string{
				"client", "network", "global", "account",
			} {
				require.Equal(t, test.want, books.balance()[limit], limit)
			}
		})
	}
}

func TestFailingRefundIsAnEventAndNothingMore(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errLost },
		"panic": func(context.Context) error { panic("boom") },
		"hung": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fx := newFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Limits = reset.Limits{
						Client: &stubborn{fail: fail},
						Global: &ledger{full: map[string]bool{"global": true}},
					}
				})
				start := time.Now()
				_, throttled := errors.AsType[*reset.ThrottledError](
					fx.ask(t, "ana@example.com", "192.0.2.1"),
				)
				require.True(t, throttled)
				require.LessOrEqual(t, time.Since(start), 150*time.Millisecond)

				fx.drain(t)
				require.Equal(
					t, []string{"client"},
					fx.events.reasons(reset.OutcomeLimiterFailed),
				)
			})
		})
	}
}

// stubborn takes nothing back.
type stubborn struct {
	ledger
	fail func(context.Context) error
}

func (s *stubborn) Refund(
	ctx context.Context, _ string,
) error {
	return s.fail(ctx)
}

// Whatever the queue does, slow or down, it does for an address over its limit
// as for any other, and so do the limiters.
func TestThrottledAddressGoesTheSameWayAsAnyOther(t *testing.T) {
	t.Parallel()
	type way struct {
		Answer     string
		Took       time.Duration
		Dispatched int
		Limiters   []string
	}

	for name, result := range map[string]error{
		"slow": nil, "slow and down": errLost,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ways := make(map[bool]way)
				for _, throttled := range []bool{false, true} {
					var jobs []reset.Job
					books := &ledger{
						full: map[string]bool{"account": throttled},
					}
					fx := newFixture(t, func(cfg *reset.Config) {
						cfg.Now, cfg.Limits = time.Now, books.limits()
						cfg.Queue.Dispatch = func(
							_ context.Context, job reset.Job,
						) error {
							jobs = append(jobs, job)
							<-time.After(4 * time.Millisecond)
							return result
						}
					})

					start := time.Now()
					err := fx.ask(t, "ana@example.com", "192.0.2.1")
					ways[throttled] = way{
						fmt.Sprint(err),
						time.Since(start),
						len(jobs),
						books.calls,
					}

					require.Len(t, jobs, 1)
					require.Equal(t, throttled, jobs[0].Throttled)
					require.Equal(t, "ana@example.com", jobs[0].Email)

					fx.drain(t)
				}

				t.Logf(
					"in time:   %+v\nthrottled: %+v", ways[false], ways[true],
				)
				require.Equal(t, ways[false], ways[true])
			})
		})
	}
}

func TestThrottledJobIsDroppedWithoutALook(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.FindByIdentifier = func(
			context.Context, string,
		) ([]reset.User, error) {
			t.Error("looked up")
			return nil, nil
		}
		cfg.Mail.HintNoAccount = true
	})

	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		t.Error("looked up")
		return nil, nil
	}
	for _, email := range []string{
		"ana@example.com", "nobody@example.com", "a name",
	} {
		text, err := json.Marshal(fx.Sign(reset.Job{
			ID: "x", Kind: mail.KindReset, Email: email,
			RequestedAt: fx.clock.Now(), Throttled: true,
		}))
		require.NoError(t, err)
		require.Contains(t, string(text), `"throttled":true`)
		var job reset.Job
		require.NoError(t, json.Unmarshal(text, &job))
		require.NoError(t, fx.Process(t.Context(), job))
	}

	require.Empty(t, fx.outbox.Messages())
	require.Empty(t, fx.events.all())

	text, err := json.Marshal(reset.Job{ID: "x"})
	require.NoError(t, err)
	require.NotContains(t, string(text), "throttled")
}

// In one process, too: the queue that is full gives the same back.
func TestThrottledAddressLooksLikeAnyOtherWhenTheQueueIsFull(t *testing.T) {
	t.Parallel()
	balances := make(map[bool]map[string]int)
	for _, throttled := range []bool{false, true} {
		books := &ledger{full: map[string]bool{"account": throttled}}
		release := make(chan struct{})
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Limits, cfg.Queue.Size, cfg.Queue.Workers = books.limits(), 1, 1
			cfg.Store = &spyStore{
				Store: cfg.Store,
				findByEmail: func(
					context.Context, string,
				) ([]reset.User, error) {
					<-release
					return nil, nil
				},
			}
		})

		books.full, books.charged = nil, nil
		require.NoError(t, fx.ask(t, "bob@example.com", "203.0.113.1"))
		books.full, books.charged = map[string]bool{"account": throttled}, nil
		for range 5 {
			require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
		}
		balances[throttled] = maps.Clone(books.balance())
		close(release)
		fx.drain(t)
	}

	require.Empty(t, balances[false])
	require.Empty(t, balances[true])
}

// A network that loses its place gets its charges back, also while the sink
// takes no events, and for an address over its limit as for any other.
func TestChargesAreGivenBackAlsoWhileTheSinkHangs(t *testing.T) {
	t.Parallel()
	// The events are the newcomer's own and, of a request that was taken, that
	// it was dropped.
	for throttled, events := range map[bool]int{false: 2, true: 1} {
		synctest.Test(t, func(t *testing.T) {
			books := &ledger{full: map[string]bool{"account": throttled}}
			hung, answer := context.WithCancel(context.Background())
			defer answer()
			blocked := netip.MustParseAddr("203.0.113.1")
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Now = time.Now
				cfg.Limits, cfg.Queue.Size, cfg.Queue.Workers = books.limits(), 4, 1
				cfg.Hooks.Blocked = func(client netip.Addr) bool {
					return client == blocked
				}
				cfg.Events = reset.SinkFunc(func(context.Context, reset.Event) {
					<-hung.Done()
				})
			})
			for range 1100 {
				require.NoError(t, fx.ask(t, "x@example.com", blocked.String()))
			}
			for range 4 {
				require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
			}

			lost := fx.Stats().EventsLost
			require.NoError(t, fx.ask(t, "no@example.com", "198.51.100.1"))
			require.EqualValues(t, events, fx.Stats().EventsLost-lost)
			synctest.Wait()
			require.Equal(t, 4, books.balance()["network"],
				"three of the first network, and the newcomer")
			answer()
			fx.drain(t)
		})
	}
}
