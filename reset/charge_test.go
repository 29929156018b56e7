package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestLimitsAreChargedInOrderForKnownAndUnknownAlike(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"ana@example.com", "nobody@example.com"} {
		var keys keyLog
		fx, spy := newSpyFixture(
			t, func(cfg *reset.Config) { cfg.Limits = keys.limits() },
		)
		spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
			require.Equal(
				t, []string{"client", "network", "global", "account"},
				names(keys.keys), "all are charged before the look-up",
			)
			return nil, nil
		}
		require.NoError(t, fx.ask(t, email, "192.0.2.1"))

		fx.drain(t)
		require.Len(t, keys.keys, 4)
	}
}

// A client over its limit must not use up what everybody shares, nor an
// address's share.
func TestThrottledClientChargesNobodyElse(t *testing.T) {
	t.Parallel()
	var keys keyLog
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = keys.limits()
		cfg.Limits.Client = limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return 90 * time.Second, false, nil
			},
		)
	})

	err := fx.ask(t, "ana@example.com", "192.0.2.1")
	throttled, ok := errors.AsType[*reset.ThrottledError](err)
	require.True(t, ok)
	require.Equal(t, 90*time.Second, throttled.RetryAfter)
	require.Empty(t, keys.keys)
}

func TestAccountIsChargedOnlyOnceTheSignatureIsGood(t *testing.T) {
	t.Parallel()
	var keys keyLog
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits = keys.limits() })
	raw := fx.link(t, "7")
	client := netip.MustParseAddr("192.0.2.1")

	require.Error(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    flipLast(raw),
		Password: newPassword,
		Client:   client,
	}))
	require.Equal(
		t, []string{"confirm-client"}, names(keys.keys),
		"a forger must not use up the victim's attempts",
	)

	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    raw,
		Password: newPassword,
		Client:   client,
	}))
	require.Equal(
		t, []string{"confirm-client", "confirm-user"}, names(keys.keys),
	)
}

func TestThrottledAccountIsNotLoaded(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Limits.Off = false
		cfg.Limits.ConfirmUser = limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				return time.Minute, false, nil
			},
		)
	})

	raw := fx.link(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		t.Error("loaded")
		return ana(), nil
	}
	_, throttled := errors.AsType[*reset.ThrottledError](fx.confirm(t, raw))
	require.True(t, throttled)
}

func TestFailingLimiter(t *testing.T) {
	t.Parallel()
	for name, allow := range map[string]limiterFunc{
		"error": func(context.Context, string) (time.Duration, bool, error) {
			return 0, false, errLost
		},
		"panic": func(context.Context, string) (time.Duration, bool, error) {
			panic("boom")
		},
		"hung": func(ctx context.Context, _ string) (time.Duration, bool, error) {
			<-ctx.Done()
			return 0, false, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { withoutLimiter(t, allow) })
		})
	}
}

// withoutLimiter asks and confirms while every limiter of the application's own
// fails.
func withoutLimiter(t *testing.T, failing reset.Limiter) {
	t.Helper()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Now = time.Now
		cfg.Limits = reset.Limits{
			Client: failing, ConfirmClient: failing, ConfirmUser: failing,
		}
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	})

	start := time.Now()
	require.NoError(t, fx.ask(t, "user@example.com", "192.0.2.1"))
	require.LessOrEqual(t, time.Since(start), 150*time.Millisecond)

	refused := 0
	for i := range 30 {
		email := fmt.Sprintf("user%d@example.com", i)
		if fx.ask(t, email, "192.0.2.1") != nil {
			refused++
		}
	}
	require.InDelta(
		t, 10, refused, 2, "requests fall back to the limiter in the process",
	)

	in := reset.ConfirmInput{
		Token:    fx.link(t, "7"),
		Password: newPassword,
		Client:   netip.MustParseAddr("192.0.2.1"),
	}
	require.NoError(t, fx.Confirm(t.Context(), in), "confirmations proceed")
	in.Token = "junk"
	require.ErrorIs(t, fx.Confirm(t.Context(), in), reset.ErrRejected)

	fx.drain(t)
	reasons := fx.events.reasons(reset.OutcomeLimiterFailed)
	require.Len(t, reasons, 33)
	require.Contains(t, reasons, "confirm-user")
	require.Contains(t, reasons, "confirm-client")
	require.Error(t, fx.events.of(reset.OutcomeLimiterFailed)[0].Err)
}

func TestRetryAfterIsNeverZero(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{
			Global: limiterFunc(
				func(context.Context, string) (time.Duration, bool, error) {
					return 0, false, nil
				},
			),
		}
	})

	throttled, ok := errors.AsType[*reset.ThrottledError](
		fx.ask(t, "ana@example.com", ""),
	)
	require.True(t, ok)
	require.Equal(t, time.Second, throttled.RetryAfter)
}

// Junk from behind an address that many share must not keep others there from
// using good links.
func TestJunkFromANeighbourDoesNotKeepGoodLinksOut(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits = reset.Limits{} })
	shared := netip.MustParseAddr("192.0.2.1")
	post := func(raw string) error {
		return fx.Confirm(t.Context(), reset.ConfirmInput{
			Token:    raw,
			Password: newPassword,
			Client:   shared,
		})
	}
	for range 40 {
		_ = post("junk")
	}

	refused, throttledJunk := 0, 0
	for i := range 50 {
		id := fmt.Sprintf("user%d", i)
		fx.add(t, reset.User{
			ID:           id,
			Email:        id + "@example.com",
			PasswordHash: oldHash,
		})
		fx.clock.advance(5 * time.Second)
		if _, throttled := errors.AsType[*reset.ThrottledError](
			post("junk"),
		); throttled {
			throttledJunk++
		}
		if post(fx.link(t, id)) != nil {
			refused++
		}
	}

	require.Zero(t, refused, "of 50 good links")
	require.Greater(t, throttledJunk, 30, "junk itself is limited")
}

func TestEachConfirmationIsChargedOnce(t *testing.T) {
	t.Parallel()
	update := func(change func(user *reset.User)) func(*fixture) {
		return func(fx *fixture) { _ = fx.store.Update("7", change) }
	}
	after := func(d time.Duration) func(*fixture) {
		return func(fx *fixture) { fx.clock.advance(d) }
	}
	nothing := func(*fixture) {}
	same := func(raw string) string { return raw }
	text := func(text string) func(string) string {
		return func(string) string { return text }
	}

	for name, row := range map[string]struct {
		change func(fx *fixture)
		send   func(raw string) string
		want   string
	}{
		"good": {nothing, same, "confirm-user"},
		"stale": {
			update(func(user *reset.User) { user.Stamp = "2" }),
			same, "confirm-user",
		},
		"disabled": {
			update(func(user *reset.User) { user.Disabled = true }),
			same, "confirm-user",
		},
		"deleted": {
			func(fx *fixture) { _ = fx.store.Delete("7") },
			same, "confirm-user",
		},
		"expired":         {after(time.Hour), same, "confirm-client"},
		"from the future": {after(-time.Minute), same, "confirm-client"},
		"forged":          {nothing, flipLast, "confirm-client"},
		"nonsense":        {nothing, text("junk"), "confirm-client"},
		"empty":           {nothing, text(""), "confirm-client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireOneCharge(t, row.change, row.send, row.want)
		})
	}
}

// requireOneCharge confirms by a link, after a change, and sees that one limit
// is charged, before the account is loaded.
func requireOneCharge(
	t *testing.T, change func(*fixture), send func(raw string) string,
	want string,
) {
	t.Helper()
	var keys keyLog
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Limits = keys.limits()
	})
	raw := send(fx.link(t, "7"))
	change(fx)

	spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
		require.Equal(
			t, []string{"confirm-user"}, names(keys.keys),
			"loaded before it was charged",
		)
		return spy.Store.FindByID(ctx, id)
	}

	_ = fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    raw,
		Password: newPassword,
		Client:   netip.MustParseAddr("192.0.2.1"),
	})
	require.Equal(t, []string{want}, names(keys.keys))
}
