package reset_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

func TestCheckShowsTheAccountAndSpendsNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Label = "Bakery"
	}))
	raw := fx.link(t, "7")

	for range 3 {
		checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
		require.Equal(t, reset.CheckResult{
			ExpiresAt:   fx.clock.Now().Add(time.Hour),
			MaskedEmail: "a•••@example.com",
			Email:       "ana@example.com",
			Label:       "Bakery",
			Purpose:     token.PurposeReset,
		}, checked)
	}

	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token: raw, Password: newPassword,
	}))
}

// Junk from a neighbour must not keep the owner of a link from seeing the page
// of it, and looking at links must not use up the limits of confirming.
func TestChecksHaveALimitOfTheirOwn(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits = reset.Limits{} })
	bo := reset.User{ID: "8", Email: "bo@example.com", PasswordHash: oldHash}
	fx.add(t, bo)
	client := netip.MustParseAddr("192.0.2.1")
	raw, neighbour := fx.link(t, "7"), fx.link(t, "8")
	throttled := func(in string) bool {
		_, err := fx.Check(
			t.Context(), reset.CheckInput{Token: in, Client: client},
		)
		_, ok := errors.AsType[*reset.ThrottledError](err)
		return ok
	}
	count := func(in string, calls int) (refused int) {
		for range calls {
			if throttled(in) {
				refused++
			}
		}
		return refused
	}

	require.Equal(t, 3, count("junk", 33))
	require.Equal(t, 3, count(raw, 33), "the junk was charged to the link")
	require.Zero(t, count(neighbour, 1), "one account was charged for another")

	fx.clock.advance(10 * time.Second)
	require.False(t, throttled(raw))
	require.True(t, throttled(raw))

	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token: raw, Password: newPassword, Client: client,
	}))
	fx.drain(t)
	require.Contains(t,
		fx.events.reasons(reset.OutcomeThrottled), "check")
}
