package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func (fx *fixture) ask(t *testing.T, email, client string) error {
	t.Helper()
	addr, _ := netip.ParseAddr(client)
	return fx.Request(
		t.Context(), reset.RequestInput{Email: email, Client: addr},
	)
}

// withDefaultLimits makes a fixture whose jobs nobody works on.
func withDefaultLimits(t *testing.T) *fixture {
	t.Helper()
	return newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{}
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
}

//lostkey:covers ASVS-2.4.1 ASVS-6.1.1 FP-CS-3 63B-3.2.2
func TestAccountIsMailedOnceAMinuteAndFiveTimesAnHourSilently(t *testing.T) {
	t.Parallel()
	fx := withDefaultLimits(t)
	for _, wait := range []time.Duration{
		0, time.Second, 58 * time.Second, time.Second,
	} {
		fx.clock.advance(wait)
		require.NoError(t, fx.ask(t, "ana@example.com", ""))
	}
	for range 10 {
		fx.clock.advance(time.Minute)
		require.NoError(t, fx.ask(t, "ANA@example.com", ""))
	}
	require.NoError(
		t, fx.ask(t, "bob@example.com", ""), "another address has its own",
	)

	fx.drain(t)
	require.Len(
		t, fx.events.of(reset.OutcomeRequested), 6, "5 of ana's 14, and bob's",
	)
	require.Equal(t, "account", fx.events.reasons(reset.OutcomeThrottled)[0])
}

func TestClientAsksTwentyTimesAnHour(t *testing.T) {
	t.Parallel()
	fx := withDefaultLimits(t)
	refused := 0
	for i := range 25 {
		err := fx.ask(
			t, fmt.Sprintf("user%d@example.com", i),
			fmt.Sprintf("2001:db8:0:1::%x", i+1),
		)
		if throttled, ok := errors.AsType[*reset.ThrottledError](err); ok {
			require.Equal(t, 3*time.Minute, throttled.RetryAfter)
			refused++
			continue
		}
		require.NoError(t, err)
	}
	require.Equal(t, 5, refused)
	require.NoError(
		t, fx.ask(t, "next@example.com", "2001:db8:0:2::1"), "the next /64",
	)

	fx.clock.advance(3*time.Minute - time.Second)
	require.Error(t, fx.ask(t, "later@example.com", "2001:db8:0:1::1"))
	fx.clock.advance(time.Second)
	require.NoError(t, fx.ask(t, "later@example.com", "2001:db8:0:1::1"))
}

//lostkey:covers ASVS-2.4.1 ASVS-6.1.1
func TestNetworkAsksTwoHundredTimesAtOnceThenThreeHundredAnHour(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(n int) netip.Addr{
		"/48": func(n int) netip.Addr { return ipv6(0x2001, 0xdb8, 1, n) },
		"/24": func(n int) netip.Addr { return ipv4(192, 0, 2, n) },
	} {
		fx := withDefaultLimits(t)
		ask := func(n int, client netip.Addr) error {
			return fx.Request(t.Context(), reset.RequestInput{
				Email:  fmt.Sprintf("user%d@example.com", n),
				Client: client,
			})
		}
		for n := range 200 {
			require.NoError(t, ask(n, client(n)), name)
		}

		err := ask(200, client(200))
		throttled, ok := errors.AsType[*reset.ThrottledError](err)
		require.True(t, ok, name)
		require.Equal(t, 12*time.Second, throttled.RetryAfter)
		require.NoError(t, ask(201, fromElsewhere(1)), "the next network")

		fx.clock.advance(11 * time.Second)
		require.Error(t, ask(202, client(202)), name)
		fx.clock.advance(time.Second)
		require.NoError(t, ask(203, client(203)), name)
		require.Error(t, ask(204, client(204)), name)

		fx.drain(t)
		require.Equal(
			t, []string{"network", "network", "network"},
			fx.events.reasons(reset.OutcomeThrottled),
		)
	}
}

func TestSiteIsAskedSixHundredTimesAtOnce(t *testing.T) {
	t.Parallel()
	fx := withDefaultLimits(t)
	refused := 0
	for i := range 610 {
		err := fx.ask(t, fmt.Sprintf("user%d@example.com", i), "")
		if err != nil {
			refused++
		}
	}
	require.Equal(t, 10, refused)
}

//lostkey:covers ASVS-6.3.1 ASVS-6.6.3 FP-CS-18 63B-3.2.2 CWE-307
func TestConfirmationsAreThirtyForAClientAndTenForALink(t *testing.T) {
	t.Parallel()
	fx := withDefaultLimits(t)
	raw := fx.link(t, "7")
	throttled := func(times int, raw string, client netip.Addr) (n int) {
		for range times {
			err := fx.Confirm(t.Context(), reset.ConfirmInput{
				Token: raw, Password: "short", Client: client,
			})
			if _, ok := errors.AsType[*reset.ThrottledError](err); ok {
				n++
			}
		}
		return n
	}

	require.Equal(t, 2, throttled(12, raw, netip.Addr{}))
	require.Equal(t, 3, throttled(33, "nonsense", ipv4(192, 0, 2, 1)))

	fx.drain(t)
	reasons := fx.events.reasons(reset.OutcomeThrottled)
	require.Contains(t, reasons, "confirm-user")
	require.Contains(t, reasons, "confirm-client")
}

func TestLimitsOffRefuseNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{Off: true}
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})
	for range 700 {
		require.NoError(t, fx.ask(t, "ana@example.com", "192.0.2.1"))
	}
}

func TestClientKeys(t *testing.T) {
	t.Parallel()
	networks := map[string]string{
		"client:192.0.2.7":      "network:192.0.2.0",
		"client:2001:db8:1:2::": "network:2001:db8:1::",
		"client:fe80::":         "network:fe80::",
		"client:::":             "network:::",
	}

	for client, want := range map[string]string{
		"192.0.2.7":                        "client:192.0.2.7",
		"::ffff:192.0.2.7":                 "client:192.0.2.7",
		"2001:db8:1:2:3:4:5:6":             "client:2001:db8:1:2::",
		"2001:db8:1:2::1":                  "client:2001:db8:1:2::",
		"fe80::1%eth0":                     "client:fe80::",
		"fe80::1%eth0\r\nforged: log line": "client:fe80::",
		"::1":                              "client:::",
		"":                                 "",
	} {
		var keys keyLog
		fx := newFixture(
			t, func(cfg *reset.Config) { cfg.Limits = keys.limits() },
		)
		require.NoError(t, fx.ask(t, "ana@example.com", client))

		fx.drain(t)
		if want == "" {
			require.Equal(
				t, []string{"global", "account"}, names(keys.keys),
				"nobody shares the bucket of the unknown",
			)
			continue
		}
		require.Equal(t, want, keys.keys[0], client)
		require.Equal(t, networks[want], keys.keys[1], client)
		require.Empty(t, fx.events.of(reset.OutcomeRequested)[0].Client.Zone())
	}
}

func TestAccountKeysAreDigestsThatInstancesAgreeOn(t *testing.T) {
	t.Parallel()
	key := func(email string, change func(cfg *reset.Config)) string {
		var keys keyLog
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Limits = keys.limits()
			if change != nil {
				change(cfg)
			}
		})
		require.NoError(t, fx.ask(t, email, ""))
		require.Len(t, keys.keys, 2)
		return keys.keys[1]
	}

	want := key("ana@example.com", nil)
	require.NotContains(t, want, "ana")
	require.Len(t, want, len("account:")+22)
	require.Equal(
		t, want, key("ana@example.com", nil),
		"another instance with the same keys",
	)
	require.Equal(
		t, want, key("ANA@Example.com", nil),
		"one bucket for all spellings of one address",
	)
	require.NotEqual(t, want, key("\u0251na@example.com", nil))
	require.NotEqual(t, want, key(
		"ana@example.com",
		func(cfg *reset.Config) { cfg.Site = "https://other.example" },
	))
}

func TestConfirmKeysHoldNoIDInClear(t *testing.T) {
	t.Parallel()
	var keys keyLog
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits = keys.limits() })
	fx.add(t, reset.User{
		ID:           "zoe@example.com",
		Email:        "zoe@example.com",
		PasswordHash: oldHash,
	})
	require.NoError(t, fx.confirm(t, fx.link(t, "zoe@example.com")))
	require.Len(t, keys.keys, 1)
	require.NotContains(t, keys.keys[0], "zoe")
}

// A flood of requests for one address leaves its owner able to use the links
// they have.
//
//lostkey:covers ASVS-6.1.1 FP-CS-19
func TestFloodDoesNotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits = reset.Limits{} })
	raw := fx.link(t, "7")
	for range 500 {
		_ = fx.ask(t, "ana@example.com", "")
	}
	require.NoError(t, fx.confirm(t, raw))
	fx.drain(t)
	require.Len(t, fx.to(mail.KindReset), 1)
}
