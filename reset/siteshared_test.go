package reset_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestAccountsOfASharedStoreHaveOneLimitForAllSites(t *testing.T) {
	t.Parallel()
	for shared, want := range map[bool]int{true: 1, false: 3} {
		fx, all := newTenants(t, shared, func(cfg *reset.Config) {
			cfg.Limits = reset.Limits{}
		})
		for _, tt := range all {
			require.NoError(t, tt.Request(
				t.Context(), reset.RequestInput{Email: "ana@example.com"},
			))
		}
		fx.drain(t)
		require.Len(t, fx.events.of(reset.OutcomeMailed), want)
	}
}

func TestAClientHasOneLimitForAllSites(t *testing.T) {
	t.Parallel()
	_, all := newTenants(t, false, func(cfg *reset.Config) {
		cfg.Limits = reset.Limits{}
	})
	client := netip.MustParseAddr("192.0.2.1")
	for i := range 20 {
		require.NoError(t, all[i%3].Request(t.Context(), reset.RequestInput{
			Email: fmt.Sprintf("u%d@example.com", i), Client: client,
		}))
	}

	for _, tt := range all {
		var throttled *reset.ThrottledError
		require.ErrorAs(t, tt.Request(t.Context(), reset.RequestInput{
			Email: "x@example.com", Client: client,
		}), &throttled)
		require.NoError(t, tt.Request(t.Context(), reset.RequestInput{
			Email:  "y" + tt.host + "@example.com",
			Client: netip.MustParseAddr("198.51.100.1"),
		}), "another network is not affected")
	}
}

func TestHooksOfASiteAreItsOwnOrThoseOfASharedStore(t *testing.T) {
	t.Parallel()
	var called []string
	hookOf := func(owner string) reset.Hooks {
		return reset.Hooks{
			OnConfirmed: []func(context.Context, reset.Confirmation) error{
				func(_ context.Context, done reset.Confirmation) error {
					called = append(called, owner+" for "+done.Site)
					return nil
				},
			},
		}
	}
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Hooks = hookOf("first") })
	own := hookOf("b")

	for _, settings := range []reset.Site{
		{Name: "a"}, {Name: "b", Hooks: &own}, {Name: "c", Hooks: &reset.Hooks{}},
	} {
		settings.URL = "https://" + settings.Name + ".example"
		settings.From = "no-reply@app.example"
		svc, err := fx.For(settings)
		require.NoError(t, err)
		made, err := svc.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		require.NoError(t, svc.Confirm(t.Context(), reset.ConfirmInput{
			Token: rawOf(made), Password: newPassword + settings.Name,
		}))
	}
	require.Equal(t, []string{"first for a", "b for b"}, called)
}

func TestABlockedClientIsBlockedAtAllSites(t *testing.T) {
	t.Parallel()
	fx, all := newTenants(t, false, func(cfg *reset.Config) {
		cfg.Hooks.Blocked = func(netip.Addr) bool { return true }
	})
	for _, tt := range all {
		require.NoError(t, tt.Request(t.Context(), reset.RequestInput{
			Email: "ana@example.com", Client: netip.MustParseAddr("192.0.2.1"),
		}))
	}
	fx.drain(t)
	require.Len(t, fx.events.of(reset.OutcomeBlocked), 3)
	require.Len(t, fx.events.all(), 3)
}
