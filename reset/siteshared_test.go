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

// siteHooks tell which owner's hook was called, and for which site.
func siteHooks(owner string, called *[]string) reset.Hooks {
	tell := func(what, of string) error {
		*called = append(*called, owner+" "+what+" for "+of)
		return nil
	}
	return reset.Hooks{
		BeforeConfirm: func(_ context.Context, pending reset.Pending) error {
			return tell("before", pending.SiteName)
		},
		ProofKind: func(
			_ context.Context, pending reset.Pending,
		) (string, error) {
			return "", tell("needs", pending.SiteName)
		},
		OnConfirmed: []func(context.Context, reset.Confirmation) error{
			func(_ context.Context, done reset.Confirmation) error {
				return tell("confirmed", done.SiteName)
			},
		},
		OnDisputed: func(_ context.Context, what reset.Dispute) error {
			return tell("disputed", what.SiteName)
		},
	}
}

// A hook that several sites share is told whose account it is.
func TestHooksOfASiteAreItsOwnOrThoseOfASharedStore(t *testing.T) {
	t.Parallel()
	var called []string
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks = siteHooks("first", &called)
		cfg.Queue.Synchronous = true
	})
	own := siteHooks("b", &called)

	for _, settings := range []reset.Site{
		{Name: "a"}, {Name: "b", Hooks: &own}, {Name: "c", Hooks: &reset.Hooks{}},
	} {
		settings.URL = "https://" + settings.Name + ".example"
		settings.From = "no-reply@app.example"
		svc, err := fx.For(settings)
		require.NoError(t, err)
		made, err := svc.Link(t.Context(), "7", reset.LinkOptions{})
		require.NoError(t, err)
		_, err = svc.Check(t.Context(), reset.CheckInput{Token: rawOf(made)})
		require.NoError(t, err)
		require.NoError(t, svc.Confirm(t.Context(), reset.ConfirmInput{
			Token: rawOf(made), Password: newPassword + settings.Name,
		}))

		sent := fx.outbox.Messages()
		if raw := disputeLink(sent[len(sent)-1]); raw != "" {
			require.NoError(t, svc.Dispute(
				t.Context(), reset.CheckInput{Token: raw},
			))
		}
	}
	require.Equal(t, []string{
		"first needs for a", "first before for a",
		"first confirmed for a", "first disputed for a",
		"b needs for b", "b before for b",
		"b confirmed for b", "b disputed for b",
	}, called)
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
