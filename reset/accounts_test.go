package reset_test

import (
	"context"
	"errors"
	"fmt"
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

func TestInvitationSetsTheFirstPasswordOnce(t *testing.T) {
	t.Parallel()
	for _, marker := range []string{"", "!", "*", "!set by nobody"} {
		fx := newFixture(t, nil)
		user := withoutPassword("new")
		user.PasswordHash = marker
		fx.add(t, user)
		require.NoError(
			t, fx.Invite(t.Context(), reset.InviteInput{UserID: "new"}),
		)

		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, mail.KindInvite, mails[0].Kind)

		raw := mailtest.Token(mails[0])
		checked, err := fx.Check(t.Context(), raw)
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
			t, fx.Invite(t.Context(), reset.InviteInput{UserID: id}), want,
		)
	}

	require.Error(t, fx.Invite(
		t.Context(), reset.InviteInput{UserID: "new", Lifetime: 73 * time.Hour},
	))

	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	require.ErrorIs(
		t, fx.Invite(t.Context(), reset.InviteInput{UserID: "new"}), errLost,
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
			err = fx.Invite(t.Context(), reset.InviteInput{UserID: "new"})
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
		t.Context(), reset.InviteInput{UserID: "new", Lifetime: time.Hour},
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

func TestSessions(t *testing.T) {
	t.Parallel()
	t.Run("ended by the store", func(t *testing.T) {
		t.Parallel()
		fx := newFixture(t, nil)
		require.NoError(t, fx.confirm(t, fx.link(t, "7")))
		fx.drain(t)
		require.Contains(t, fx.outbox.Messages()[0].Text, "signed out")
	})

	t.Run("kept on purpose", func(t *testing.T) {
		t.Parallel()
		fx := newFixture(
			t, func(cfg *reset.Config) { cfg.Sessions = reset.KeepSessions() },
		)
		require.NoError(t, fx.confirm(t, fx.link(t, "7")))
		fx.drain(t)
		require.NotContains(
			t, fx.outbox.Messages()[0].Text, "signed out",
			"the notice must not promise what was not done",
		)
	})

	for name, row := range map[string]struct{ failures, calls, failed int }{
		"ended by a function":                          {0, 1, 0},
		"ended by a function that fails twice":         {2, 3, 0},
		"not ended by a function that fails for good":  {9, 3, 1},
		"not ended by a function that fails by panics": {99, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				ctx, hangUp := context.WithCancel(t.Context())
				fx := newFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Sessions = reset.EndSessionsWith(
						func(ctx context.Context, userID string) error {
							hangUp()
							require.NoError(
								t, ctx.Err(),
								"the visitor's hanging up must not keep "+
									"sessions alive",
							)
							require.Equal(t, "7", userID)

							if calls++; calls <= row.failures {
								if row.failures == 99 {
									panic("boom")
								}
								return errLost
							}
							return nil
						},
					)
				})

				require.NoError(t, fx.Confirm(ctx, reset.ConfirmInput{
					Token:    fx.link(t, "7"),
					Password: newPassword,
				}))

				fx.drain(t)
				require.Equal(t, row.calls, calls)
				require.Len(
					t, fx.events.of(reset.OutcomeSessionsFailed), row.failed,
				)

				if row.failed > 0 {
					require.NotContains(
						t, fx.outbox.Messages()[0].Text, "signed out",
					)
				} else {
					require.Contains(
						t, fx.outbox.Messages()[0].Text, "signed out",
					)
				}
			})
		})
	}
}

func TestSessionsAreLeftAloneWhenTheLinkIsRefused(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				t.Error("a refused link has ended sessions")
				return nil
			},
		)

		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(context.Context, reset.Confirmation) error {
				t.Error("a refused link has called a hook")
				return nil
			},
		}
	})

	raw := fx.link(t, "7")
	require.Error(t, fx.Confirm(
		t.Context(), reset.ConfirmInput{Token: raw, Password: "short"},
	))
	require.Error(t, fx.confirm(t, flipLast(raw)))

	spy.replace = func(context.Context, reset.User, string) error {
		return reset.ErrStale
	}
	require.Error(t, fx.confirm(t, raw))
}

func TestHooksRunOnceEachAfterTheCommit(t *testing.T) {
	t.Parallel()
	var called []string
	var fx *fixture
	hook := func(name string, fail func() error) func(
		context.Context, reset.Confirmation,
	) error {
		return func(_ context.Context, done reset.Confirmation) error {
			require.NotEqual(t, oldHash, fx.user(t, done.UserID).PasswordHash)
			require.NotEmpty(t, done.TokenID)
			require.Equal(t, token.PurposeReset, done.Purpose)
			called = append(called, name)
			return fail()
		}
	}

	fx = newFixture(t, func(cfg *reset.Config) {
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			hook("first", func() error { return errors.New("broken") }),
			hook("second", func() error { panic("broken too") }),
			hook("third", func() error { return nil }),
		}
	})

	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Equal(t, []string{"first", "second", "third"}, called)
	require.Len(t, fx.events.of(reset.OutcomeHookFailed), 2)

	fx.drain(t)
	require.Len(t, fx.to(mail.KindPasswordChanged), 1)
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

func TestStampKillsLinks(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(
		t, fx.store.Update("7", func(user *reset.User) { user.Stamp = "1" }),
	)
	raw := fx.link(t, "7")
	_, err := fx.Check(t.Context(), raw)
	require.NoError(t, err)
	require.NoError(
		t, fx.store.Update("7", func(user *reset.User) { user.Stamp = "2" }),
	)
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
}

func TestUserHasPassword(t *testing.T) {
	t.Parallel()
	for encoded, want := range map[string]bool{
		"": false, "!": false, "*": false, "!!": false, "*LK*": false,
		"!" + oldHash: false, oldHash: true, "plain": true, "x": false,
		"NP": false, "disabled": false,
	} {
		require.Equal(
			t, want, reset.User{PasswordHash: encoded}.HasPassword(), encoded,
		)
	}
}

// Where the unique index is on the address as it is spelled, anybody can
// register further spellings, and a store may list them first.
func TestCaseVariantsDoNotKeepTheOwnerFromMail(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	var found []reset.User
	for i, spelling := range []string{"Ana", "aNa", "anA", "ANa", "AnA"} {
		found = append(found, reset.User{
			ID:           fmt.Sprint("v", i),
			Email:        spelling + "@example.com",
			PasswordHash: oldHash,
		})
	}
	lookAlike := reset.User{
		ID:           "l",
		Email:        "\u0430na@example.com",
		PasswordHash: oldHash,
	}
	found = append(found, lookAlike, ana())
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		return found, nil
	}

	fx.request(t, "ana@example.com")
	fx.drain(t)
	require.Equal(t, []string{
		"ana@example.com", "Ana@example.com", "aNa@example.com",
		"anA@example.com", "ANa@example.com",
	}, fx.to(mail.KindReset))
	require.Equal(t, []string{"too-many-accounts", "address-mismatch"},
		fx.events.reasons(reset.OutcomeSkipped))
	require.Equal(
		t, "Ana@example.com", found[0].Email,
		"the store's own slice is left as it is",
	)
}

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
