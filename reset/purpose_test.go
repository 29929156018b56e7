package reset_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

const (
	verifyEmail token.Purpose = "verify-email"
	changeEmail token.Purpose = "change-email"
)

// ownTexts are the texts of purposes of an application's own.
func ownTexts(purposes ...token.Purpose) fstest.MapFS {
	texts := []string{}
	for _, purpose := range purposes {
		for key, text := range map[string]string{
			"subject": "Confirm your address for {product}",
			"title":   "Confirm your address",
			"what":    "On {when}, this address was given to {product}.",
			"action":  "To confirm that it is yours, open this link:",
			"button":  "Confirm the address",
			"not-you": "If this was not you, ignore this message.",
		} {
			texts = append(texts, `"`+string(purpose)+"."+key+`": "`+text+`"`)
		}
	}
	return fstest.MapFS{"locales/en.json": {
		Data: []byte("{" + strings.Join(texts, ",") + "}"),
	}}
}

// verified is what an application knows of addresses beside its users.
type verified struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (v *verified) has(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ids[id]
}

func (v *verified) state(_ context.Context, user reset.User) (string, error) {
	if v.has(user.ID) {
		return "verified", nil
	}
	return "", nil
}

func (v *verified) apply(_ context.Context, user reset.User) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ids[user.ID] = true
	return nil
}

// withPurposes configures a link to verify an address and one to change it.
func withPurposes(t *testing.T, cfg *reset.Config) *verified {
	t.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: ownTexts(verifyEmail, changeEmail),
		Kinds: []mail.Kind{mail.Kind(verifyEmail), mail.Kind(changeEmail)},
	})
	require.NoError(t, err)
	known := &verified{ids: map[string]bool{}}
	cfg.Mail.Renderer = templates
	cfg.Pages.Purposes = map[token.Purpose]reset.Purpose{
		verifyEmail: {Path: "/verify-email", State: known.state},
		changeEmail: {Path: "/change-email", Lifetime: time.Hour},
	}
	return known
}

func newPurposeFixture(
	t *testing.T, change func(cfg *reset.Config),
) (*fixture, *verified) {
	t.Helper()
	var known *verified
	fx := newFixture(t, func(cfg *reset.Config) {
		known = withPurposes(t, cfg)
		if change != nil {
			change(cfg)
		}
	})
	return fx, known
}

// sent mails ana a link to verify her address and returns its token.
func (fx *fixture) sent(t *testing.T) string {
	t.Helper()
	n := len(fx.outbox.Messages())
	require.NoError(t, fx.SendPurpose(
		t.Context(), verifyEmail, reset.SendInput{UserID: "7"},
	))
	mails, err := fx.outbox.Wait(t.Context(), n+1)
	require.NoError(t, err)
	return mailtest.Token(mails[n])
}

func (fx *fixture) redeem(
	t *testing.T, raw string, apply func(context.Context, reset.User) error,
) error {
	t.Helper()
	return fx.Redeem(t.Context(), verifyEmail, reset.RedeemInput{
		Token: raw, Client: clientOf(1),
	}, apply)
}

func TestLinkOfTheApplicationsOwnWorksOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"pool", "engine", "synchronous"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var queue engine
			fx, known := newPurposeFixture(t, func(cfg *reset.Config) {
				cfg.Queue.Synchronous = mode == "synchronous"
				if mode == "engine" {
					cfg.Queue.Dispatch = queue.dispatch
				}
			})
			require.NoError(t, fx.SendPurpose(
				t.Context(), verifyEmail, reset.SendInput{UserID: "7"},
			))
			require.Empty(t, queue.run(t, fx.Service))
			mails, err := fx.outbox.Wait(t.Context(), 1)
			require.NoError(t, err)
			require.Equal(t, mail.Kind(verifyEmail), mails[0].Kind)
			require.Equal(t, "ana@example.com", mails[0].To)
			require.True(t, strings.HasPrefix(
				mailtest.Link(mails[0]), site+"/verify-email/#token=",
			))

			raw := mailtest.Token(mails[0])
			require.NoError(t, fx.redeem(t, raw, known.apply))
			require.True(t, known.has("7"))
			require.ErrorIs(
				t, fx.redeem(t, raw, known.apply), reset.ErrRejected,
			)

			mailed := fx.events.of(reset.OutcomeMailed)[0]
			used := fx.events.of(reset.OutcomeRedeemed)[0]
			require.Equal(t, verifyEmail, mailed.Purpose)
			require.Equal(t, verifyEmail, used.Purpose)
			require.Equal(t, mailed.TokenID, used.TokenID)
			require.Equal(t, clientOf(1), used.Client)
			require.Equal(
				t, []string{"stale"}, fx.events.reasons(reset.OutcomeRejected),
			)
		})
	}
}

func TestLinkThatChangesNothingItIsBoundToFailsLoudly(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	raw := fx.sent(t)
	err := fx.redeem(t, raw, func(context.Context, reset.User) error {
		return nil
	})
	require.ErrorIs(t, err, reset.ErrStillValid)
	require.ErrorContains(t, err, "verify-email")
	require.Equal(
		t, []string{"still-valid"},
		fx.events.reasons(reset.OutcomeRedeemFailed),
	)
}

func TestLinkToANewAddressProvesThatOneAlone(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	const to = "ana@new.example"
	require.NoError(t, fx.SendPurposeTo(
		t.Context(), changeEmail, to, reset.SendInput{UserID: "7"},
	))
	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, to, mails[0].To)
	raw := mailtest.Token(mails[0])

	change := func(to string) error {
		return fx.Redeem(t.Context(), changeEmail, reset.RedeemInput{
			Token: raw, To: to,
		}, func(_ context.Context, user reset.User) error {
			return fx.store.Update(user.ID, func(row *reset.User) {
				row.Email = to
			})
		})
	}
	for _, other := range []string{
		"", "ana@example.com", "thief@new.example", "Ana@new.example",
		strings.Repeat("a", 5000),
	} {
		require.ErrorIs(t, change(other), reset.ErrRejected)
	}
	require.NoError(t, change(to))
	require.Equal(t, to, fx.user(t, "7").Email)
	require.ErrorIs(t, change(to), reset.ErrRejected)
	require.ErrorIs(t, change(""), reset.ErrRejected)
}

func TestOwnLinkDiesWithWhateverItIsBoundTo(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*reset.User){
		"hash":     func(u *reset.User) { u.PasswordHash = oldHash + "x" },
		"address":  func(u *reset.User) { u.Email = "new@example.com" },
		"stamp":    func(u *reset.User) { u.Stamp = "1" },
		"disabled": func(u *reset.User) { u.Disabled = true },
	} {
		fx, known := newPurposeFixture(t, nil)
		raw := fx.sent(t)
		require.NoError(t, fx.store.Update("7", change))
		require.ErrorIs(
			t, fx.redeem(t, raw, known.apply), reset.ErrRejected, name,
		)
		require.False(t, known.has("7"))
	}

	fx, known := newPurposeFixture(t, nil)
	raw := fx.sent(t)
	fx.clock.advance(24 * time.Hour)
	require.ErrorIs(t, fx.redeem(t, raw, known.apply), reset.ErrRejected)
	require.Equal(
		t, []string{"expired"}, fx.events.reasons(reset.OutcomeRejected),
	)
}

func TestOwnLinkAndResetLinkDoNotStandInForEachOther(t *testing.T) {
	t.Parallel()
	fx, known := newPurposeFixture(t, nil)
	raw := fx.sent(t)
	require.ErrorIs(
		t, fx.redeem(t, fx.link(t, "7"), known.apply), reset.ErrRejected,
	)
	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected)
	require.ErrorIs(t, fx.Redeem(
		t.Context(), changeEmail, reset.RedeemInput{Token: raw}, known.apply,
	), reset.ErrRejected)
	require.False(t, known.has("7"))

	for _, purpose := range []token.Purpose{
		"", "newsletter", token.PurposeReset, token.PurposeInvite,
		reset.PurposeDispute,
	} {
		require.ErrorContains(t, fx.Redeem(
			t.Context(), purpose, reset.RedeemInput{Token: raw}, known.apply,
		), "Config.Pages.Purposes")
		require.ErrorContains(t, fx.SendPurpose(
			t.Context(), purpose, reset.SendInput{UserID: "7"},
		), "Config.Pages.Purposes")
	}
	require.Error(t, fx.redeem(t, raw, nil))
}

func TestFunctionsOfAPurposeThatFailLeaveTheLinkGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call func(context.Context) error
		want string
	}{
		"fails": {
			func(context.Context) error {
				return errors.New("no row for ana@example.com")
			},
			"no row for [redacted]",
		},
		"panics": {
			func(context.Context) error { panic("boom") }, "reset: panic in ",
		},
		"hangs": {
			func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			},
			"deadline exceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool // a hook that hangs is not waited for
				fx, known := newPurposeFixture(t, func(cfg *reset.Config) {
					cfg.Now = time.Now
					of := cfg.Pages.Purposes[verifyEmail]
					state := of.State
					of.State = func(
						ctx context.Context, user reset.User,
					) (string, error) {
						if broken.Load() {
							return "", c.call(ctx)
						}
						return state(ctx, user)
					}
					cfg.Pages.Purposes[verifyEmail] = of
				})
				raw := fx.sent(t)

				broken.Store(true)
				require.ErrorContains(
					t, fx.redeem(t, raw, known.apply), c.want,
				)
				broken.Store(false)
				require.ErrorContains(t, fx.redeem(
					t, raw, func(ctx context.Context, _ reset.User) error {
						return c.call(ctx)
					},
				), c.want)
				require.Equal(
					t, []string{"hook", "hook"},
					fx.events.reasons(reset.OutcomeRedeemFailed),
				)
				require.NoError(t, fx.redeem(t, raw, known.apply))
			})
		})
	}
}

func TestApplyThatLostARaceIsARejectedLink(t *testing.T) {
	t.Parallel()
	fx, _ := newPurposeFixture(t, nil)
	err := fx.redeem(
		t, fx.sent(t), func(context.Context, reset.User) error {
			return reset.ErrStale
		},
	)
	require.ErrorIs(t, err, reset.ErrRejected)
	require.Len(t, fx.events.of(reset.OutcomeLostRace), 1)
}

func TestSendTellsItsCallerWhatIsWrong(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, _ := newPurposeFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = queue.dispatch
	})
	fx.add(t, withoutPassword("new"))
	gone, nowhere := withoutPassword("gone"), withoutPassword("nowhere")
	gone.Disabled, nowhere.Email = true, "nowhere"
	fx.add(t, gone)
	fx.add(t, nowhere)

	for id, want := range map[string]error{
		"gone": reset.ErrUserDisabled, "nobody": reset.ErrUserNotFound,
		"nowhere": reset.ErrNoAddress, "new": nil,
	} {
		in := reset.SendInput{UserID: id}
		require.ErrorIs(t, fx.SendPurpose(t.Context(), verifyEmail, in), want, id)
	}
	for _, to := range []string{
		"", "nowhere", "a@b.example\r\nBcc: c@d.example",
		strings.Repeat("a", 1<<20) + "@b.example",
	} {
		require.ErrorIs(t, fx.SendPurposeTo(
			t.Context(), changeEmail, to, reset.SendInput{UserID: "7"},
		), reset.ErrInvalidAddress)
	}
	require.ErrorContains(t, fx.SendPurpose(
		t.Context(), changeEmail,
		reset.SendInput{UserID: "7", Lifetime: 2 * time.Hour},
	), "lifetime")

	require.Len(t, queue.jobs, 1)
	require.NoError(t, fx.store.Update("new", func(user *reset.User) {
		user.Disabled = true
	}))
	require.Empty(t, queue.run(t, fx.Service))
	require.Empty(t, fx.outbox.Messages())
	require.Equal(
		t, []string{"disabled"}, fx.events.reasons(reset.OutcomeSkipped),
	)
}

// badPurposes are refused, with what New names.
var badPurposes = map[string]struct {
	change func(pages *reset.Pages)
	want   string
}{
	"no path": {
		func(p *reset.Pages) { p.Purposes[verifyEmail] = reset.Purpose{} },
		`Config.Pages.Purposes["verify-email"].Path`,
	},
	"path of another host": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{Path: "//evil.example"}
		},
		`Purposes["verify-email"].Path`,
	},
	"two on one path": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = p.Purposes[changeEmail]
		},
		`Purposes["verify-email"].Path is that of`,
	},
	"path of the reset page": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{Path: "/reset-password"}
		},
		"is that of Config.Pages.Reset",
	},
	"path of the dispute page": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{
				Path: "/reset-password/dispute",
			}
		},
		"is that of Config.Pages.Dispute",
	},
	"lifetime too short": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{Path: "/a", Lifetime: 1}
		},
		`Purposes["verify-email"].Lifetime is 1ns`,
	},
	"lifetime too long": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{
				Path: "/a", Lifetime: 30*24*time.Hour + 1,
			}
		},
		`Purposes["verify-email"].Lifetime is`,
	},
	"no mail": {
		func(p *reset.Pages) {
			p.Purposes["magic"] = reset.Purpose{Path: "/magic"}
		},
		`sample of the mail "magic"`,
	},
	"a taken name": {
		func(p *reset.Pages) {
			p.Purposes["invite"] = reset.Purpose{Path: "/a"}
		},
		`Purposes["invite"] has a name`,
	},
	"the name of a notice": {
		func(p *reset.Pages) {
			p.Purposes["password-changed"] = reset.Purpose{Path: "/a"}
		},
		`Purposes["password-changed"] has a name`,
	},
	"the name of the dispute": {
		func(p *reset.Pages) {
			p.Purposes["dispute"] = reset.Purpose{Path: "/a"}
		},
		`Purposes["dispute"] has a name`,
	},
	"no name": {
		func(p *reset.Pages) { p.Purposes[""] = reset.Purpose{Path: "/a"} },
		`Purposes[""] has a name`,
	},
	"path with a fragment": {
		func(p *reset.Pages) {
			p.Purposes[verifyEmail] = reset.Purpose{Path: "/a#b"}
		},
		`Purposes["verify-email"].Path`,
	},
	"relative dispute": {
		func(p *reset.Pages) { p.Dispute = "dispute" },
		"Config.Pages.Dispute",
	},
	"dispute on another host": {
		func(p *reset.Pages) { p.Dispute = "//evil.example/dispute" },
		"Config.Pages.Dispute",
	},
	"dispute with a query": {
		func(p *reset.Pages) { p.Dispute = "/dispute?a=b" },
		"Config.Pages.Dispute",
	},
	"dispute on the forgot page": {
		func(p *reset.Pages) { p.Dispute = "/forgot-password" },
		"Config.Pages.Dispute and Config.Pages.Forgot are the same",
	},
}

func TestPurposesThatCannotWorkAreRefusedByName(t *testing.T) {
	t.Parallel()
	for name, c := range badPurposes {
		cfg := goodConfig()
		withPurposes(t, &cfg)
		c.change(&cfg.Pages)
		_, err := reset.New(cfg)
		require.ErrorContains(t, err, c.want, name)
	}

	for _, name := range []token.Purpose{
		"Verify", "verify email", "vérify", "a\n",
		token.Purpose(strings.Repeat("a", 33)),
	} {
		cfg := goodConfig()
		cfg.Mail.Renderer = rendererFunc(func(mail.Data) (mail.Message, error) {
			return mail.Message{}, nil
		})
		cfg.Pages.Purposes = map[token.Purpose]reset.Purpose{name: {Path: "/a"}}
		_, err := reset.New(cfg)
		require.ErrorContains(t, err, "Config.Purposes", name)
	}

	for _, lifetime := range []time.Duration{
		-1, 1, 7*24*time.Hour + 1, 1 << 62,
	} {
		cfg := goodConfig()
		cfg.Lifetimes.Dispute = lifetime
		_, err := reset.New(cfg)
		require.ErrorContains(t, err, "Config.Lifetimes.Dispute is")
	}
}

func TestARendererWithoutTheDisputeLinkIsRefused(t *testing.T) {
	t.Parallel()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: fstest.MapFS{"mails/password-changed.txt": {
			Data: []byte("{{.What}}\n"),
		}},
	})
	require.NoError(t, err)
	cfg := goodConfig()
	cfg.Mail.Renderer, cfg.Mail.SkipNotice = templates, true
	svc, err := reset.New(cfg)
	require.NoError(t, err)
	require.NoError(t, svc.Shutdown(t.Context()))

	cfg.Hooks.OnDisputed = (&disputes{}).lock
	_, err = reset.New(cfg)
	require.ErrorContains(t, err, "Data.DisputeLink")
}

func TestChangingTheMapLaterChangesNothing(t *testing.T) {
	t.Parallel()
	var own map[token.Purpose]reset.Purpose
	fx, known := newPurposeFixture(t, func(cfg *reset.Config) {
		own = cfg.Pages.Purposes
	})
	maps.DeleteFunc(own, func(token.Purpose, reset.Purpose) bool {
		return true
	})
	require.NoError(t, fx.redeem(t, fx.sent(t), known.apply))
}
