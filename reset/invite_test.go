package reset_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// inviteByLink and inviteByMail are the two ways to a link for a first
// password.
func inviteByLink(t *testing.T, fx *fixture, id string) string {
	t.Helper()
	made, err := fx.Link(
		t.Context(), id, reset.LinkOptions{Purpose: token.PurposeInvite},
	)
	require.NoError(t, err)
	return rawOf(made)
}

func inviteByMail(t *testing.T, fx *fixture, id string) string {
	t.Helper()
	before := len(fx.outbox.Messages())
	require.NoError(t, fx.Invite(t.Context(), reset.SendInput{UserID: id}))
	mails, err := fx.outbox.Wait(t.Context(), before+1)
	require.NoError(t, err)
	return mailtest.Token(mails[before])
}

// Clearing the hash is the usual way to lock an account, or to move it to
// another way of signing in. It must not bring a used invitation back.
//
//lostkey:covers ASVS-6.4.1
func TestUsedInvitationStaysUsedWhenTheHashIsCleared(t *testing.T) {
	t.Parallel()
	for name, invite := range map[string]func(
		*testing.T, *fixture, string,
	) string{
		"link": inviteByLink, "mail": inviteByMail,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(
				t, func(cfg *reset.Config) { cfg.Mail.SkipNotice = true },
			)
			fx.add(t, withoutPassword("new"))
			first, second := invite(t, fx, "new"), invite(t, fx, "new")
			_, err := fx.Check(t.Context(), reset.CheckInput{Token: first})
			require.NoError(t, err, "both live until one is used")
			require.NoError(t, fx.confirm(t, second))

			require.NoError(t, fx.store.Update(
				"new", func(user *reset.User) { user.PasswordHash = "" },
			))

			for _, raw := range []string{first, second} {
				_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
				require.ErrorIs(t, err, reset.ErrRejected)
				require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
			}
			require.Empty(
				t, fx.user(t, "new").PasswordHash, "the account stays locked",
			)

			third := invite(t, fx, "new")
			require.ErrorIs(
				t, fx.confirm(t, first), reset.ErrRejected,
				"nor does a new invitation bring it back",
			)
			require.NoError(t, fx.confirm(t, third))
		})
	}
}

func TestMarkerOfAnInvitedAccount(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.add(t, withoutPassword("one"))
	fx.add(t, withoutPassword("two"))
	_ = inviteByLink(t, fx, "one")
	_ = inviteByMail(t, fx, "two")

	one, two := fx.user(t, "one"), fx.user(t, "two")
	require.Regexp(t, `^![A-Za-z0-9]{40}$`, one.PasswordHash)
	require.Regexp(t, `^![A-Za-z0-9]{40}$`, two.PasswordHash)
	require.NotEqual(t, one.PasswordHash, two.PasswordHash)
	require.True(t, hash.IsUnusable(one.PasswordHash))

	_, err := fx.Link(t.Context(), "one", reset.LinkOptions{})
	require.ErrorIs(
		t, err, reset.ErrNoPassword, "there is still nothing to reset",
	)
}

func TestOnlyAnEmptyHashOfAnInvitedAccountIsMarked(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(
		t, func(cfg *reset.Config) { cfg.Mail.HintSignsInElsewhere = true },
	)
	spy.replace = func(context.Context, reset.User, string) error {
		t.Error("written")
		return nil
	}

	for _, marker := range []string{"!", "*", "!set by nobody", oldHash} {
		user := withoutPassword("user" + marker)
		user.PasswordHash = marker
		fx.add(t, user)
		_, _ = fx.Link(
			t.Context(), user.ID,
			reset.LinkOptions{Purpose: token.PurposeInvite},
		)
		require.Equal(t, marker, fx.user(t, user.ID).PasswordHash)
	}

	elsewhere, disabled := withoutPassword(
		"elsewhere",
	), withoutPassword("disabled")
	disabled.Disabled = true
	fx.add(t, elsewhere)
	fx.add(t, disabled)
	fx.request(t, elsewhere.Email)
	_, err := fx.Link(t.Context(), elsewhere.ID, reset.LinkOptions{})
	require.ErrorIs(t, err, reset.ErrNoPassword)

	_, err = fx.Link(
		t.Context(), disabled.ID,
		reset.LinkOptions{Purpose: token.PurposeInvite},
	)
	require.ErrorIs(t, err, reset.ErrUserDisabled)
	require.ErrorIs(
		t, fx.Invite(t.Context(), reset.SendInput{UserID: disabled.ID}),
		reset.ErrUserDisabled,
	)

	fx.drain(t)
}

// Invitations at once write one marker, and all of them are good until one is
// used.
func TestInvitationsAtOnceShareOneMarker(t *testing.T) {
	t.Parallel()
	const racers = 16
	fx, spy := newSpyFixture(t, nil)
	fx.add(t, withoutPassword("new"))
	barrier := newGate(racers)
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		barrier.pass() // everybody has seen an empty hash
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}
	links := make([]string, racers)
	var group sync.WaitGroup

	for i := range racers {
		group.Go(func() {
			made, err := fx.Link(
				t.Context(), "new",
				reset.LinkOptions{Purpose: token.PurposeInvite},
			)
			if err == nil {
				links[i] = rawOf(made)
			}
		})
	}

	group.Wait()
	spy.replace = nil

	for _, raw := range links {
		_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
	}
	require.NoError(t, fx.confirm(t, links[racers-1]))

	for _, raw := range links {
		require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	}
}

// markerFault is a write of the marker, and the error that Link returns.
type markerFault struct {
	replace func(fx *fixture, seen reset.User, encoded string) error
	want    error // nil when there is a link
}

// markerFaults are what the store may say about the marker.
var markerFaults = map[string]markerFault{
	"fails before the write": {func(*fixture, reset.User, string) error {
		return errLost
	}, errLost},
	"fails after the write": {func(
		fx *fixture, seen reset.User, encoded string,
	) error {
		_ = fx.store.ReplaceHash(context.Background(), seen, encoded)
		return errLost
	}, nil},
	"says it wrote and did not": {func(*fixture, reset.User, string) error {
		return nil
	}, errAny},
	"stale for ever": {func(*fixture, reset.User, string) error {
		return reset.ErrStale
	}, errAny},
	"panics": {func(*fixture, reset.User, string) error {
		panic("boom")
	}, errAny},
	"another marker came first": {func(
		fx *fixture, _ reset.User, _ string,
	) error {
		_ = fx.store.Update("new", func(user *reset.User) {
			user.PasswordHash = "!another"
		})
		return reset.ErrStale
	}, nil},
	"the address changed first": {func(
		fx *fixture, seen reset.User, encoded string,
	) error {
		_ = fx.store.Update("new", func(user *reset.User) {
			user.Email = "next@example.com"
		})
		return fx.store.ReplaceHash(context.Background(), seen, encoded)
	}, nil},
	"a password came first": {func(
		fx *fixture, _ reset.User, _ string,
	) error {
		_ = fx.store.Update("new", func(user *reset.User) {
			user.PasswordHash = oldHash
		})
		return reset.ErrStale
	}, reset.ErrHasPassword},
	"disabled first": {func(fx *fixture, _ reset.User, _ string) error {
		_ = fx.store.Update("new", func(user *reset.User) {
			user.Disabled = true
		})
		return reset.ErrStale
	}, reset.ErrUserDisabled},
	"deleted first": {func(fx *fixture, _ reset.User, _ string) error {
		_ = fx.store.Delete("new")
		return reset.ErrStale
	}, reset.ErrUserNotFound},
}

// What the store may say about the marker, and whether a link comes of it. No
// link may ever be bound to the empty hash.
func TestFaultsWhileAnAccountIsMarked(t *testing.T) {
	t.Parallel()
	for name, row := range markerFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx, spy := newSpyFixture(t, nil)
			fx.add(t, withoutPassword("new"))
			spy.replace = func(
				_ context.Context, seen reset.User, encoded string,
			) error {
				return row.replace(fx, seen, encoded)
			}
			made, err := fx.Link(
				t.Context(), "new",
				reset.LinkOptions{Purpose: token.PurposeInvite},
			)
			spy.replace = nil

			if row.want != nil {
				require.Error(t, err)
				require.Empty(t, made.Reveal())
				if !errors.Is(row.want, errAny) {
					require.ErrorIs(t, err, row.want)
				}
				return
			}

			require.NoError(t, err)
			require.NotEmpty(t, fx.user(t, "new").PasswordHash)
			require.NoError(t, fx.confirm(t, rawOf(made)))
		})
	}
}

var errAny = errors.New("any")

// A replica that does not show the marker yet delays the invitation.
func TestInvitationWaitsForAReplicaThatLags(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fx, spy := newSpyFixture(t, realClock)
		fx.add(t, withoutPassword("new"))
		replica := fx.user(t, "new")
		var lags atomic.Bool
		lags.Store(true)
		spy.findByID = func(
			ctx context.Context, id string,
		) (reset.User, error) {
			if lags.Load() {
				return replica, nil
			}
			return spy.Store.FindByID(ctx, id)
		}

		require.NoError(
			t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}),
		)

		<-time.After(time.Second)
		synctest.Wait()
		require.Empty(t, fx.outbox.Messages())
		require.NotEmpty(t, fx.events.of(reset.OutcomeMailDelayed))

		lags.Store(false)
		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, fx.confirm(t, mailtest.Token(mails[0])))
	})
}

func TestInvitationIsNotMailedUntilTheMarkerIsWritten(t *testing.T) {
	t.Parallel()
	var job reset.Job
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, queued reset.Job) error {
			job = queued
			return nil
		}
	})
	fx.add(t, withoutPassword("new"))
	require.NoError(t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}))
	require.Empty(
		t, fx.user(t, "new").PasswordHash, "the worker writes, not the caller",
	)

	spy.replace = func(context.Context, reset.User, string) error {
		return errLost
	}
	require.ErrorIs(t, fx.Process(t.Context(), job), errLost)
	require.Empty(t, fx.outbox.Messages())

	spy.replace = nil
	require.NoError(t, fx.Process(t.Context(), job))
	require.Equal(t, []string{"new@example.com"}, fx.to(mail.KindInvite))
	require.NoError(t, fx.Process(t.Context(), job), "an engine may call twice")

	for _, msg := range fx.outbox.Messages() {
		_, err := fx.Check(
			t.Context(), reset.CheckInput{Token: mailtest.Token(msg)},
		)
		require.NoError(t, err)
	}
}

// What happens to the account while it is marked decides about the mail.
func TestInvitationIsNotMailedToAnAccountThatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for reason, change := range map[string]func(user *reset.User){
		"has-password": func(user *reset.User) { user.PasswordHash = oldHash },
		"disabled":     func(user *reset.User) { user.Disabled = true },
		"bad-address": func(user *reset.User) {
			user.Email, user.PasswordHash = "", "!another"
		},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			fx, spy := newSpyFixture(t, nil)
			fx.add(t, withoutPassword("new"))
			spy.replace = func(context.Context, reset.User, string) error {
				_ = fx.store.Update("new", change)
				return reset.ErrStale
			}
			require.NoError(
				t, fx.Invite(t.Context(), reset.SendInput{UserID: "new"}),
			)

			fx.drain(t)
			require.Empty(t, fx.outbox.Messages())
			require.Equal(
				t, []string{reason}, fx.events.reasons(reset.OutcomeSkipped),
			)
		})
	}
}

// A store that counts up a stamp with each write kills no invitation by the
// marker.
func TestInvitationIsBoundToTheStampAfterTheMarker(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	fx.add(t, withoutPassword("new"))
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		err := spy.Store.ReplaceHash(ctx, seen, encoded)
		_ = fx.store.Update("new", func(user *reset.User) { user.Stamp += "1" })
		return err
	}
	first := inviteByLink(t, fx, "new")
	second := inviteByMail(t, fx, "new")
	require.Equal(t, "1", fx.user(t, "new").Stamp)

	_, err := fx.Check(t.Context(), reset.CheckInput{Token: first})
	require.NoError(t, err)
	require.NoError(t, fx.confirm(t, second))
}
