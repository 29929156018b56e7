package reset_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// oddState is a change of an account, and the reason to refuse its link.
type oddState struct {
	change func(t *testing.T, fx *fixture)
	reason string // "" means that the link still works
}

func updated(change func(user *reset.User)) func(*testing.T, *fixture) {
	return func(t *testing.T, fx *fixture) {
		t.Helper()
		require.NoError(t, fx.store.Update("7", change))
	}
}

// oddStates are what can happen to an account between the link and its use.
var oddStates = map[string]oddState{
	"nothing":   {updated(func(*reset.User) {}), ""},
	"signed in": {updated(func(*reset.User) {}), ""},
	"language changed": {updated(func(user *reset.User) {
		user.Locale = "es"
	}), ""},
	"disabled": {updated(func(user *reset.User) {
		user.Disabled = true
	}), "disabled"},
	"address changed": {updated(func(user *reset.User) {
		user.Email = "ana@new.example"
	}), "stale"},
	"address case changed": {updated(func(user *reset.User) {
		user.Email = "Ana@example.com"
	}), "stale"},
	"address removed": {updated(func(user *reset.User) {
		user.Email = ""
	}), "stale"},
	"password changed": {updated(func(user *reset.User) {
		user.PasswordHash = "$argon2id$other"
	}), "stale"},
	"re-hashed at login": {updated(func(user *reset.User) {
		user.PasswordHash = oldHash + "x"
	}), "stale"},
	"password removed": {updated(func(user *reset.User) {
		user.PasswordHash = ""
	}), "stale"},
	"password made unusable": {updated(func(user *reset.User) {
		user.PasswordHash = "!" + oldHash
	}), "stale"},
	"stamp changed": {updated(func(user *reset.User) {
		user.Stamp = "2"
	}), "stale"},
	"deleted": {func(t *testing.T, fx *fixture) {
		t.Helper()
		require.NoError(t, fx.store.Delete("7"))
	}, "unknown-user"},
	"deleted and the id used again": {func(t *testing.T, fx *fixture) {
		t.Helper()
		require.NoError(t, fx.store.Delete("7"))
		fx.add(t, reset.User{
			ID: "7", Email: "new@example.com",
			PasswordHash: "$argon2id$new",
		})
	}, "stale"},
}

// What happens to an account between the link and its use, and what becomes of
// the link.
func TestOddStatesBetweenIssueAndConfirm(t *testing.T) {
	t.Parallel()
	for name, row := range oddStates {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, nil)
			raw := fx.link(t, "7")
			row.change(t, fx)
			before, _ := fx.store.FindByID(t.Context(), "7")
			_, checkErr := fx.Check(t.Context(), reset.CheckInput{Token: raw})
			err := fx.confirm(t, raw)
			if row.reason == "" {
				require.NoError(t, checkErr)
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, checkErr, reset.ErrRejected)
			require.ErrorIs(t, err, reset.ErrRejected)
			require.Equal(
				t, reset.ErrRejected.Error(), err.Error(),
				"one text for all rejections",
			)
			require.Equal(
				t, []string{row.reason},
				fx.events.reasons(reset.OutcomeCheckRejected),
			)
			require.Equal(
				t, []string{row.reason},
				fx.events.reasons(reset.OutcomeRejected),
			)

			after, _ := fx.store.FindByID(t.Context(), "7")
			require.True(
				t, sameUser(before, after), "a refused link has changed the account",
			)

			fx.drain(t)
			require.Empty(t, fx.outbox.Messages())
		})
	}
}

// The same between verification and write, where only the conditional write can
// see it.
func TestOddStatesBetweenVerifyAndWrite(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(user *reset.User){
		"disabled": func(user *reset.User) { user.Disabled = true },
		"address changed": func(user *reset.User) {
			user.Email = "ana@new.example"
		},
		"password changed": func(user *reset.User) {
			user.PasswordHash = "$argon2id$other"
		},
		"stamp changed": func(user *reset.User) { user.Stamp = "2" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fx *fixture
			fx = newFixture(t, func(cfg *reset.Config) {
				cfg.Policy = policyFunc(
					func(context.Context, string, []string) error {
						return fx.store.Update("7", change)
					},
				)
			})
			raw := fx.link(t, "7")
			require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
			require.Len(t, fx.events.of(reset.OutcomeLostRace), 1)

			want := ana()
			change(&want)
			require.True(
				t, sameUser(want, fx.user(t, "7")),
				"the change in between was overwritten",
			)
		})
	}
}

func TestStoreThatReturnsAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	raw := fx.link(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		user := ana()
		user.ID = "07"
		return user, nil
	}
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	require.Equal(
		t, []string{"unknown-user"}, fx.events.reasons(reset.OutcomeRejected),
	)
}

func TestStoreThatReturnsAnotherAccountIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	spy.findByID = func(context.Context, string) (reset.User, error) {
		user := ana()
		user.PasswordHash = oldHash
		return user, nil
	}

	for _, id := range []string{"07", " 7", "7abc"} {
		_, err := fx.Link(t.Context(), id, reset.LinkOptions{})
		require.ErrorIs(t, err, reset.ErrUserNotFound)
		require.NoError(t, fx.Process(t.Context(), fx.Sign(reset.Job{
			Kind:        mail.KindReset,
			UserID:      id,
			Email:       "ana@example.com",
			RequestedAt: fx.clock.Now(),
		})))
	}

	require.Empty(t, fx.outbox.Messages())
}

func TestBadTokensReachNeitherStoreNorPolicy(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			t.Error(
				"the policy was asked about a password that comes with a bad " +
					"link",
			)
			return nil
		})
	})

	good := fx.link(t, "7")
	otherKeys := newFixture(t, func(cfg *reset.Config) {
		var err error
		cfg.Keys, err = token.GenerateKeys("test")
		require.NoError(t, err)
	})
	otherSite := newFixture(
		t, func(cfg *reset.Config) { cfg.Site = "https://staging.example" },
	)
	spy.findByID = func(context.Context, string) (reset.User, error) {
		t.Error("the store was asked for a token that is not good")
		return reset.User{}, reset.ErrUserNotFound
	}

	for name, raw := range map[string]string{
		"empty": "", "space": " ", "dots": "..", "words": "not a token",
		"long": strings.Repeat("a.", 5<<20),
		"cut":  good[:len(good)-1], "longer": good + "A",
		"line break": good + "\n", "wrapped": "Bearer " + good,
		"changed":         strings.Replace(good, ".", ".A", 1),
		"flipped":         flipLast(good),
		"link":            site + "/reset-password#token=" + good,
		"of another key":  otherKeys.link(t, "7"),
		"of another site": otherSite.link(t, "7"),
	} {
		err := fx.confirm(t, raw)
		require.ErrorIs(t, err, reset.ErrRejected, name)
		require.Equal(t, reset.ErrRejected.Error(), err.Error(), name)
		_, err = fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.ErrorIs(t, err, reset.ErrRejected, name)
	}

	fx.clock.advance(time.Hour + time.Second)
	require.ErrorIs(t, fx.confirm(t, good), reset.ErrRejected)
	reasons := fx.events.reasons(reset.OutcomeRejected)
	require.Equal(t, "expired", reasons[len(reasons)-1])

	for _, ev := range fx.events.of(reset.OutcomeRejected) {
		if ev.Reason != "expired" {
			require.Empty(
				t, ev.UserID,
				"an id out of a token whose signature is not good: %s",
				ev.Reason,
			)
		}
	}
}

func flipLast(raw string) string {
	last := byte('A')
	if raw[len(raw)-1] == 'A' {
		last = 'B'
	}
	return raw[:len(raw)-1] + string(last)
}

func TestLinkDiesToTheSecond(t *testing.T) {
	t.Parallel()
	for after, good := range map[time.Duration]bool{
		time.Hour - time.Second: true, time.Hour: false,
		time.Hour + time.Second: false,
	} {
		fx := newFixture(t, nil)
		raw := fx.link(t, "7")
		fx.clock.advance(after)
		err := fx.confirm(t, raw)
		if good {
			require.NoError(t, err, after)
		} else {
			require.ErrorIs(t, err, reset.ErrRejected, after)
		}
	}
}

// Two machines whose clocks disagree a little share one key.
func TestClockOfTheIssuerMayBeTenSecondsAhead(t *testing.T) {
	t.Parallel()
	for ahead, good := range map[time.Duration]bool{
		9 * time.Second: true, 10 * time.Second: true, 11 * time.Second: false,
	} {
		fx := newFixture(t, nil)
		fx.clock.advance(ahead)
		raw := fx.link(t, "7")
		fx.clock.advance(-ahead)
		_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.Equal(t, good, err == nil, ahead)
	}
}

func TestSinkIsNotCutOffByAVisitorWhoHangsUp(t *testing.T) {
	t.Parallel()
	recorded := 0
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Events = reset.SinkFunc(func(ctx context.Context, _ reset.Event) {
			require.NoError(t, ctx.Err())
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			recorded++
		})
	})

	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	require.Error(t, fx.Confirm(
		ctx, reset.ConfirmInput{Token: "made up", Password: newPassword},
	))
	require.Equal(t, 1, recorded)
}

func TestStoreDownAtConfirmIsNoRejection(t *testing.T) {
	t.Parallel()
	fx, spy := newSpyFixture(t, nil)
	raw := fx.link(t, "7")
	spy.findByID = func(context.Context, string) (reset.User, error) {
		return reset.User{}, errLost
	}
	err := fx.confirm(t, raw)
	require.ErrorIs(t, err, errLost)
	require.NotErrorIs(t, err, reset.ErrRejected)
	_, err = fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, errLost)
	spy.findByID = nil
	require.NoError(t, fx.confirm(t, raw))
}

func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	raw := fx.link(t, "7")
	for range 100 {
		_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err)
	}
	require.True(t, sameUser(ana(), fx.user(t, "7")))
	require.NoError(t, fx.confirm(t, raw))

	fx.drain(t)
	require.Equal(
		t,
		[]reset.Outcome{
			reset.OutcomeLinkMade, reset.OutcomeConfirmed,
			reset.OutcomeNoticeMailed,
		},
		fx.events.outcomes(),
	)
}

func TestStampKillsLinks(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	require.NoError(
		t, fx.store.Update("7", func(user *reset.User) { user.Stamp = "1" }),
	)
	raw := fx.link(t, "7")
	_, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.NoError(t, err)
	require.NoError(
		t, fx.store.Update("7", func(user *reset.User) { user.Stamp = "2" }),
	)
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
}
