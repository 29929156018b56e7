package reset_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// The order of everything a confirmation does, as the parts see it.
func TestConfirmOrder(t *testing.T) {
	t.Parallel()
	var steps []string
	step := func(name string) { steps = append(steps, name) }
	limiter := func(name string) reset.Limiter {
		return limiterFunc(
			func(context.Context, string) (time.Duration, bool, error) {
				step(name)
				return 0, true, nil
			},
		)
	}

	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Synchronous = true
		cfg.Limits = reset.Limits{
			ConfirmClient: limiter("limit client"),
			ConfirmUser:   limiter("limit user"),
		}
		cfg.Policy = policyFunc(func(context.Context, string, []string) error {
			step("policy")
			return nil
		})
		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				step("sessions")
				return nil
			},
		)

		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(context.Context, reset.Confirmation) error {
				step("hook")
				return nil
			},
		}

		cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
			step(string(ev.Outcome))
		})
		cfg.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error {
			step("notice")
			return nil
		})
	})

	raw := fx.link(t, "7")
	spy.findByID = func(ctx context.Context, id string) (reset.User, error) {
		step("load")
		return spy.Store.FindByID(ctx, id)
	}
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		require.True(t, strings.HasPrefix(encoded, "$argon2id$"))
		step("replace")
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}
	steps = nil
	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    raw,
		Password: newPassword,
		Client:   netip.MustParseAddr("192.0.2.1"),
	}))
	require.Equal(t, []string{
		"limit user", "load", "policy", "replace", "sessions", "confirmed",
		"hook", "notice", "notice-mailed",
	}, steps)
}

// Each part fails once, by an error and by a panic, and the state after it is
// either all old with a good link, or all new.
func TestFaultAtEachStepOfConfirm(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, step := range []string{
		"load", "policy", "replace", "sessions", "hook", "sink", "mailer",
	} {
		for _, panics := range []bool{false, true} {
			if panics && step == "policy" {
				continue // it panics in the visitor's goroutine, before anything is changed; net/http recovers
			}
			t.Run(fmt.Sprintf("%s/panic=%t", step, panics), func(t *testing.T) {
				t.Parallel()
				var armed atomic.Bool
				fault := func(at string) error {
					if !armed.Load() || at != step {
						return nil
					}
					if panics {
						panic("boom")
					}
					return boom
				}

				fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
					events, outbox := cfg.Events, cfg.Mailer
					cfg.Policy = policyFunc(
						func(context.Context, string, []string) error {
							return fault("policy")
						},
					)
					cfg.Sessions = reset.EndSessionsWith(
						func(context.Context, string) error {
							return fault("sessions")
						},
					)
					cfg.Hooks.OnConfirmed = []func(
						context.Context, reset.Confirmation,
					) error{
						func(context.Context, reset.Confirmation) error {
							return fault("hook")
						},
					}
					cfg.Events = reset.SinkFunc(
						func(ctx context.Context, ev reset.Event) {
							events.Record(ctx, ev)
							_ = fault("sink")
						},
					)

					cfg.Mailer = mail.MailerFunc(
						func(ctx context.Context, msg mail.Message) error {
							if err := fault("mailer"); err != nil {
								return &mail.SendError{
									Verdict: mail.VerdictPermanent,
									Err:     err,
								}
							}
							return outbox.Send(ctx, msg)
						},
					)
				})

				spy.findByID = func(
					ctx context.Context, id string,
				) (reset.User, error) {
					if err := fault("load"); err != nil {
						return reset.User{}, err
					}
					return spy.Store.FindByID(ctx, id)
				}

				spy.replace = func(
					ctx context.Context, seen reset.User, encoded string,
				) error {
					if err := fault("replace"); err != nil {
						return err
					}
					return spy.Store.ReplaceHash(ctx, seen, encoded)
				}

				raw := fx.link(t, "7")
				armed.Store(true)
				err := fx.confirm(t, raw)
				changed := fx.user(t, "7").PasswordHash != oldHash
				switch step {
				case "load", "policy", "replace":
					require.Error(t, err)
					require.NotErrorIs(t, err, reset.ErrRejected)
					require.False(t, changed)
					require.Len(t, fx.events.of(reset.OutcomeConfirmFailed), 1)
					armed.Store(false)
					require.NoError(
						t, fx.confirm(t, raw), "the link must stay good",
					)

				default:
					require.NoError(t, err)
					require.True(t, changed)
					fx.drain(t)
					require.Len(t, fx.events.of(reset.OutcomeConfirmed), 1)
					for at, outcome := range map[string]reset.Outcome{
						"sessions": reset.OutcomeSessionsFailed,
						"hook":     reset.OutcomeHookFailed,
						"mailer":   reset.OutcomeNoticeFailed,
					} {
						if at == step {
							require.Len(t, fx.events.of(outcome), 1)
							require.Error(t, fx.events.of(outcome)[0].Err)
						} else {
							require.Empty(t, fx.events.of(outcome))
						}
					}
				}
			})
		}
	}
}
