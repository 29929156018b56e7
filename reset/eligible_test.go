package reset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// bySingleSignOn lets nobody of one company use the flow.
func bySingleSignOn(_ context.Context, user reset.User) (bool, error) {
	return !strings.HasSuffix(user.Email, "@corp.example"), nil
}

func TestAnAccountThatIsNotEligibleGetsNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.Eligible = bySingleSignOn
		cfg.Mail.HintNoAccount = true
		cfg.Mail.HintSignsInElsewhere = true
	})
	fx.add(t, reset.User{
		ID: "8", Email: "bo@corp.example", PasswordHash: oldHash,
	})
	fx.add(t, reset.User{ID: "9", Email: "cy@corp.example"})

	fx.request(t, "bo@corp.example")
	fx.request(t, "ana@example.com")
	for id, purpose := range map[string]error{
		"8": second(fx.Link(t.Context(), "8", reset.LinkOptions{})),
		"9": fx.Invite(t.Context(), reset.SendInput{UserID: "9"}),
	} {
		require.ErrorIs(t, purpose, reset.ErrNotEligible, id)
	}
	err := fx.SendReset(t.Context(), reset.SendInput{UserID: "8"})
	require.ErrorIs(t, err, reset.ErrNotEligible)
	require.Empty(t, fx.user(t, "9").PasswordHash, "no marker")

	fx.drain(t)
	require.Len(t, fx.outbox.Messages(), 1)
	require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
	skipped := fx.events.of(reset.OutcomeSkipped)
	require.Len(t, skipped, 1)
	require.Equal(t, "8", skipped[0].UserID)
	require.EqualValues(t, "not-eligible", skipped[0].Reason)
}

func second[T any](_ T, err error) error { return err }

func TestALinkDiesWhenItsAccountIsNoLongerEligible(t *testing.T) {
	t.Parallel()
	var barred atomic.Bool
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.Eligible = func(
			_ context.Context, user reset.User,
		) (bool, error) {
			require.True(t, sameUser(ana(), user))
			return !barred.Load(), nil
		}
	})
	raw := fx.link(t, "7")

	barred.Store(true)
	_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, reset.ErrRejected)
	err = fx.confirm(t, raw)
	require.ErrorIs(t, err, reset.ErrRejected)
	require.Equal(t, reset.ErrRejected.Error(), err.Error())
	require.True(t, sameUser(ana(), fx.user(t, "7")))

	for _, outcome := range []reset.Outcome{
		reset.OutcomeCheckRejected, reset.OutcomeRejected,
	} {
		ev := fx.events.of(outcome)[0]
		require.EqualValues(t, "not-eligible", ev.Reason)
		require.Equal(t, "7", ev.UserID)
		require.NotEmpty(t, ev.TokenID)
	}

	barred.Store(false)
	require.NoError(t, fx.confirm(t, raw), "nothing was spent")
}

// A hook that cannot tell decides nothing. A worker asks again later, and a
// link stays good.
func TestAHookThatCannotTellDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"error", "panic", "hangs", "late"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				release := make(chan struct{})
				fx := newFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Hooks.Eligible = func(
						ctx context.Context, user reset.User,
					) (bool, error) {
						switch {
						case !broken.Load():
						case fault == "error":
							return true, fmt.Errorf("no %s", user.PasswordHash)
						case fault == "panic":
							panic("boom " + user.Email)
						case fault == "hangs":
							<-release
						case fault == "late":
							<-ctx.Done()
						}
						return true, nil
					}
				})
				raw := fx.link(t, "7")

				broken.Store(true)
				_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
				requireNoVerdict(t, err)
				requireNoVerdict(t, fx.confirm(t, raw))
				_, err = fx.Link(t.Context(), "7", reset.LinkOptions{})
				requireNoVerdict(t, err)

				fx.request(t, "ana@example.com")
				<-time.After(11 * time.Second)
				require.Empty(t, fx.outbox.Messages())
				require.NotEmpty(t, fx.events.of(reset.OutcomeMailDelayed))
				for _, outcome := range []reset.Outcome{
					reset.OutcomeMailDelayed, reset.OutcomeConfirmFailed,
					reset.OutcomeCheckFailed,
				} {
					ev := fx.events.of(outcome)[0]
					require.EqualValues(t, "hook", ev.Reason)
					require.NotContains(t, ev.Err.Error(), "ana@example.com")
					require.NotContains(t, ev.Err.Error(), oldHash)
				}

				close(release)
				broken.Store(false)
				_, err = fx.outbox.Wait(t.Context(), 1)
				require.NoError(t, err)
				require.NoError(t, fx.confirm(t, raw))
				fx.drain(t)
			})
		})
	}
}

func requireNoVerdict(t *testing.T, err error) {
	t.Helper()
	require.ErrorContains(t, err, "Config.Hooks.Eligible")
	require.NotErrorIs(t, err, reset.ErrRejected)
	require.NotErrorIs(t, err, reset.ErrNotEligible)
}

func TestConfirmationNamesTheAddressThatReceivedTheLink(t *testing.T) {
	t.Parallel()
	var done []reset.Confirmation
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{func(_ context.Context, c reset.Confirmation) error {
			done = append(done, c)
			return errors.New("could not mark " + c.Email)
		}}
	})
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Email = "Ana@Example.com"
	}))
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))

	require.Len(t, done, 1)
	require.Equal(t, "Ana@Example.com", done[0].Email)
	failed := fx.events.of(reset.OutcomeHookFailed)
	require.NotContains(t, failed[0].Err.Error(), "Ana@Example.com")
}
