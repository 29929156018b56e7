package reset_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

func TestNoticeIsRetriedForLongerThanALink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		raw := fx.link(t, "7")
		fx.outbox.Fail(temporary)
		require.NoError(t, fx.confirm(t, raw))
		<-time.After(10 * time.Hour)
		fx.outbox.Fail(nil)
		_, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(
			t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
		)
	})
}

func TestNoticeThatNeverGoesOutIsAnEventAndTheResetASuccess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, realClock)
		raw := fx.link(t, "7")
		fx.outbox.Fail(temporary)
		require.NoError(t, fx.confirm(t, raw))
		<-time.After(48 * time.Hour)
		synctest.Wait()
		require.Equal(
			t, []string{"gave-up"},
			fx.events.reasons(reset.OutcomeNoticeFailed),
		)
	})
}

//lostkey:covers ASVS-6.3.7 63B-4.2.3
func TestNoticeGoesToTheAddressOfTheMomentOfTheChange(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(_ context.Context, done reset.Confirmation) error {
				return cfg.Store.(interface {
					Update(string, func(*reset.User)) error
				}).Update(done.UserID, func(user *reset.User) {
					user.Email = "thief@example.com"
				})
			},
		}
	})

	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Equal(
		t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
	)
}

func TestNoticeCanBeLeftOut(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Mail.SkipNotice = true })
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
}

func TestNoticeIsInTheLanguageOfTheAccount(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(
		t,
		fx.store.Update("7", func(user *reset.User) { user.Locale = "en-GB" }),
	)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	fx.drain(t)
	require.Equal(t, "en", fx.outbox.Messages()[0].Locale)
}

//lostkey:covers ASVS-6.3.7
func TestNotifyChangedTellsTheOwnerAsAResetDoes(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"pool", "engine", "synchronous"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var queue engine
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Queue.Synchronous, cfg.Mail.SkipNotice = mode == "synchronous", true
				if mode == "engine" {
					cfg.Queue.Dispatch = queue.dispatch
				}
			})
			require.NoError(t, fx.store.Update(
				"7", func(user *reset.User) { user.Locale = "es" },
			))
			require.NoError(t, fx.NotifyChanged(t.Context(), reset.NotifyInput{
				UserID:        "7",
				SessionsEnded: true,
				Client:        clientOf(1),
			}))
			require.Empty(t, queue.run(t, fx.Service))

			fx.drain(t)
			require.Equal(
				t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
			)
			require.Equal(t, "es", fx.outbox.Messages()[0].Locale)
			require.Equal(
				t, clientOf(1),
				fx.events.of(reset.OutcomeNoticeMailed)[0].Client,
			)
			require.ErrorIs(
				t,
				fx.NotifyChanged(t.Context(), reset.NotifyInput{UserID: "7"}),
				reset.ErrClosed,
			)
		})
	}
}

func TestNotifyChangedTellsItsCallerWhatIsWrong(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errors.New("no row for ana@example.com")
		}
	})
	gone := withoutPassword("gone")
	gone.Disabled = true
	fx.add(t, gone)

	for id, want := range map[string]error{
		"gone": reset.ErrUserDisabled, "nobody": reset.ErrUserNotFound,
		"": reset.ErrUserNotFound,
	} {
		require.ErrorIs(
			t, fx.NotifyChanged(t.Context(), reset.NotifyInput{UserID: id}),
			want,
		)
	}

	err := fx.NotifyChanged(t.Context(), reset.NotifyInput{UserID: "7"})
	require.EqualError(t, err, "reset: queue the notice: no row for [redacted]")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.ErrorIs(
		t, fx.NotifyChanged(t.Context(), reset.NotifyInput{UserID: "7"}),
		errLost,
	)
}
