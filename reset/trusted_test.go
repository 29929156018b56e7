package reset_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

func withoutPassword(
	id string,
) reset.User {
	return reset.User{ID: id, Email: id + "@example.com"}
}

//lostkey:covers ASVS-6.4.1
func TestInvitationSetsTheFirstPasswordOnce(t *testing.T) {
	t.Parallel()
	for _, marker := range []string{"", "!", "*", "!set by nobody"} {
		fx := newFixture(t, nil)
		user := withoutPassword("new")
		user.PasswordHash = marker
		fx.add(t, user)
		require.NoError(
			t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}),
		)

		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, mail.KindInvite, mails[0].Kind)

		raw := mailtest.Token(mails[0])
		checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
		require.Equal(t, token.PurposeInvite, checked.Purpose)
		require.Equal(t, fx.clock.Now().Add(72*time.Hour), checked.ExpiresAt)

		fx.clock.advance(71 * time.Hour)
		require.NoError(t, fx.confirm(t, raw))
		require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
		require.Equal(
			t, []string{"stale"}, fx.events.reasons(reset.OutcomeRejected),
		)
		require.Equal(
			t, token.PurposeInvite,
			fx.events.of(reset.OutcomeRejected)[0].Purpose,
		)
	}
}

func TestInviteTellsItsCallerWhatIsWrong(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	fx.add(t, withoutPassword("new"))
	gone := withoutPassword("gone")
	gone.Disabled = true
	fx.add(t, gone)

	for id, want := range map[string]error{
		"7": reset.ErrHasPassword, "gone": reset.ErrUserDisabled,
		"nobody": reset.ErrUserNotFound,
	} {
		require.ErrorIs(
			t, fx.Invite(t.Context(), reset.SendInput{UserID: id}), want,
		)
	}

	require.Error(t, fx.Invite(
		t.Context(), reset.SendInput{UserID: "new", Lifetime: 73 * time.Hour},
	))

	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.ErrorIs(
		t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}), errLost,
	)

	fx.drain(t)
	require.Empty(t, fx.outbox.Messages())
}

func TestInviteSaysWhenTheQueueIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(
			t,
			func(cfg *reset.Config) { cfg.Now, cfg.Queue.Size = time.Now, 1 },
		)
		fx.add(t, withoutPassword("new"))
		fx.outbox.Fail(temporary)
		var err error
		for range 3 {
			err = fx.Invite(t.Context(), reset.SendInput{UserID: "new"})
		}
		require.ErrorIs(t, err, reset.ErrQueueFull)
	})
}

func TestInvitationIsNotSentOnceThereIsAPassword(t *testing.T) {
	t.Parallel()
	var queue engine
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Queue.Dispatch = queue.dispatch },
	)
	fx.add(t, withoutPassword("new"))
	require.NoError(t, fx.Invite(
		t.Context(), reset.SendInput{UserID: "new", Lifetime: time.Hour},
	))
	require.NoError(t, fx.store.Update(
		"new", func(user *reset.User) { user.PasswordHash = oldHash },
	))
	require.Empty(t, queue.run(t, fx.Service))
	require.Empty(t, fx.outbox.Messages())
	require.Equal(
		t, []string{"has-password"}, fx.events.reasons(reset.OutcomeSkipped),
	)
}

func TestLinkTellsItsCallerWhatIsWrong(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(
		t, func(cfg *reset.Config) { cfg.Lifetimes.MaxReset = 4 * time.Hour },
	)
	fx.add(t, withoutPassword("new"))
	gone := ana()
	gone.ID, gone.Disabled = "gone", true
	fx.add(t, gone)

	for _, row := range []struct {
		id      string
		purpose token.Purpose
		want    error
	}{
		{"7", token.PurposeInvite, reset.ErrHasPassword},
		{"new", token.PurposeReset, reset.ErrNoPassword},
		{"new", "", reset.ErrNoPassword},
		{"gone", "", reset.ErrUserDisabled},
		{"nobody", "", reset.ErrUserNotFound},
		{"", "", reset.ErrUserNotFound},
	} {
		link, err := fx.Link(
			t.Context(), row.id, reset.LinkOptions{Purpose: row.purpose},
		)
		require.ErrorIs(t, err, row.want)
		require.Empty(t, link.Reveal())
	}

	for lifetime, good := range map[time.Duration]bool{
		time.Minute: true, 4 * time.Hour: true,
		4*time.Hour + time.Second: false, -1: false, time.Second: false,
	} {
		_, err := fx.Link(
			t.Context(), "7", reset.LinkOptions{Lifetime: lifetime},
		)
		require.Equal(t, good, err == nil, lifetime)
	}

	_, err := fx.Link(
		t.Context(), "7", reset.LinkOptions{Purpose: "newsletter"},
	)
	require.Error(t, err)

	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	_, err = fx.Link(t.Context(), "7", reset.LinkOptions{})
	require.ErrorIs(t, err, errLost)

	fx.drain(t)
	require.Empty(t, fx.outbox.Messages(), "Link sends nothing")
}
