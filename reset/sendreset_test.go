package reset_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

//lostkey:covers ASVS-6.4.6
func TestSendResetMailsALinkThatWorks(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"pool", "engine", "synchronous"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var queue engine
			fx := newFixture(t, func(cfg *reset.Config) {
				cfg.Lifetimes.MaxReset = 4 * time.Hour
				cfg.Queue.Synchronous = mode == "synchronous"
				if mode == "engine" {
					cfg.Queue.Dispatch = queue.dispatch
				}
			})

			require.NoError(t, fx.SendReset(t.Context(), reset.SendInput{
				UserID: "7", Locale: "es", Lifetime: 3 * time.Hour,
			}))
			require.Empty(t, queue.run(t, fx.Service))
			mails, err := fx.outbox.Wait(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, mail.KindReset, mails[0].Kind)
			require.Equal(t, "ana@example.com", mails[0].To)
			require.Equal(t, "es", mails[0].Locale)

			fx.clock.advance(2 * time.Hour)
			require.NoError(t, fx.confirm(t, mailtest.Token(mails[0])))
			require.Equal(
				t, "7", fx.events.of(reset.OutcomeMailed)[0].UserID,
			)
		})
	}
}

func TestSendResetTellsItsCallerWhatIsWrong(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = queue.dispatch
	})
	fx.add(t, withoutPassword("new"))
	for id, change := range map[string]func(*reset.User){
		"gone":      func(user *reset.User) { user.Disabled = true },
		"nowhere":   func(user *reset.User) { user.Email = "nowhere" },
		"addressed": func(user *reset.User) { user.Email = "" },
	} {
		user := ana()
		user.ID = id
		change(&user)
		fx.add(t, user)
	}

	for id, want := range map[string]error{
		"gone": reset.ErrUserDisabled, "nobody": reset.ErrUserNotFound,
		"": reset.ErrUserNotFound, "new": reset.ErrNoPassword,
		"nowhere": reset.ErrNoAddress, "addressed": reset.ErrNoAddress,
	} {
		require.ErrorIs(t, fx.SendReset(
			t.Context(), reset.SendInput{UserID: id},
		), want, id)
	}
	for _, lifetime := range []time.Duration{
		-1, time.Second, time.Hour + time.Second, 1 << 62,
	} {
		require.ErrorContains(t, fx.SendReset(
			t.Context(), reset.SendInput{UserID: "7", Lifetime: lifetime},
		), "lifetime")
	}
	require.ErrorIs(t, fx.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "nowhere"},
	), reset.ErrNoAddress)

	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.ErrorIs(t, fx.SendReset(
		t.Context(), reset.SendInput{UserID: "7"},
	), errLost)

	spy.findByID = nil
	fx.drain(t)
	require.ErrorIs(t, fx.SendReset(
		t.Context(), reset.SendInput{UserID: "7"},
	), reset.ErrClosed)
	require.Empty(t, queue.jobs)
}

func TestSendResetIsNoStrangersAndWaitsAsLongAsAnInvitation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Size = time.Now, 4
		})
		fx.outbox.Fail(temporary)
		require.NoError(t, fx.SendReset(
			t.Context(), reset.SendInput{UserID: "7"},
		))
		for range 20 { // a flood of requests takes no place of it.
			fx.request(t, "ana@example.com")
		}

		<-time.After(10 * time.Hour)
		fx.outbox.Fail(nil)
		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, mails, 1)
		require.Equal(t, mail.KindReset, mails[0].Kind)
	})
}

func TestSendResetChargesNoLimit(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Limits.Off = false })
	for range 8 {
		require.NoError(t, fx.SendReset(
			t.Context(), reset.SendInput{UserID: "7"},
		))
	}
	fx.request(t, "ana@example.com")
	fx.drain(t)
	require.Len(t, fx.to(mail.KindReset), 9)
}

func TestSendResetSaysWhenTheQueueIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Now, cfg.Queue.Size = time.Now, 1
		})
		fx.outbox.Fail(temporary)
		var err error
		for range 3 {
			err = fx.SendReset(t.Context(), reset.SendInput{UserID: "7"})
		}
		require.ErrorIs(t, err, reset.ErrQueueFull)
	})
}
