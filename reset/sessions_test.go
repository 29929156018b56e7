package reset_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

func TestNoticePromisesNoMoreThanWasDoneAboutSessions(t *testing.T) {
	t.Parallel()
	ended := newFixture(t, nil)
	require.NoError(t, ended.confirm(t, ended.link(t, "7")))
	ended.drain(t)
	require.Contains(t, ended.outbox.Messages()[0].Text, "signed out")

	kept := newFixture(t, func(cfg *reset.Config) {
		cfg.Sessions = reset.KeepSessions()
	})
	require.NoError(t, kept.confirm(t, kept.link(t, "7")))
	kept.drain(t)
	require.NotContains(t, kept.outbox.Messages()[0].Text, "signed out")
}

//lostkey:covers ASVS-7.4.3 FP-CS-14 CWE-613
func TestSessionsAreEndedByAFunction(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ failures, calls, failed int }{
		"at once":                {0, 1, 0},
		"that fails twice":       {2, 3, 0},
		"that fails for good":    {9, 3, 1},
		"that panics every time": {99, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				ctx, hangUp := context.WithCancel(t.Context())
				end := func(ctx context.Context, userID string) error {
					hangUp()
					require.NoError(
						t, ctx.Err(), "a visitor who hangs up keeps no session",
					)
					require.Equal(t, "7", userID)

					calls++
					switch {
					case calls > row.failures:
						return nil
					case row.failures == 99:
						panic("boom")
					}
					return errLost
				}
				fx := newFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					cfg.Sessions = reset.EndSessionsWith(end)
				})

				require.NoError(t, fx.Confirm(ctx, reset.ConfirmInput{
					Token: fx.link(t, "7"), Password: newPassword,
				}))
				fx.drain(t)
				require.Equal(t, row.calls, calls)
				require.Len(
					t, fx.events.of(reset.OutcomeSessionsFailed), row.failed,
				)

				promised := strings.Contains(
					fx.outbox.Messages()[0].Text, "signed out",
				)
				require.Equal(t, row.failed == 0, promised)
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
