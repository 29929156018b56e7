package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// people are accounts of every kind that a request may meet, and an address
// without one.
func people(t *testing.T, fx *fixture) map[string]string {
	t.Helper()
	fx.add(t, reset.User{
		ID:           "8",
		Email:        "disabled@example.com",
		PasswordHash: oldHash,
		Disabled:     true,
	})
	fx.add(t, reset.User{ID: "9", Email: "sso@example.com"})
	fx.add(t, reset.User{
		ID:           "10",
		Email:        "locked@example.com",
		PasswordHash: "!" + oldHash,
	})
	fx.add(
		t, reset.User{ID: "11", Email: "shadow@example.com", PasswordHash: "*"},
	)

	return map[string]string{
		"known":         "ana@example.com",
		"unknown":       "nobody@example.com",
		"disabled":      "disabled@example.com",
		"password-less": "sso@example.com",
		"unusable":      "locked@example.com",
		"shadow":        "shadow@example.com",
	}
}

// The request path must neither look up, sign nor mail. Whatever it did there
// would show in the time of its answer.
//
//lostkey:covers ASVS-6.3.8 FP-CS-2 FP-CS-8 CWE-208
func TestRequestTouchesNeitherStoreNorMailer(t *testing.T) {
	t.Parallel()
	var queued []reset.Job
	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queued = append(queued, job)
			return nil
		}
		cfg.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error {
			t.Error("the request path sends mail")
			return nil
		})
		cfg.Hooks.FindByIdentifier = func(
			context.Context, string,
		) ([]reset.User, error) {
			t.Error("the request path looks identifiers up")
			return nil, nil
		}
	})

	spy.findByEmail = func(context.Context, string) ([]reset.User, error) {
		t.Error("the request path looks addresses up")
		return nil, nil
	}
	spy.findByID = func(context.Context, string) (reset.User, error) {
		t.Error("the request path looks accounts up")
		return reset.User{}, reset.ErrUserNotFound
	}
	for _, email := range people(t, fx) {
		fx.request(t, email)
	}
	fx.request(t, "a user name")
	require.Len(t, queued, 7)

	for _, job := range queued {
		text, err := json.Marshal(job)
		require.NoError(t, err)
		// A MAC of random letters may have the first three by itself.
		require.NotContains(
			t, string(text), "eyJhbGci", "a job must not hold a token",
		)
	}
}

//lostkey:covers ASVS-6.3.8 FP-CS-1 CWE-203 CWE-204
func TestRequestAnswersAlikeForEverybody(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"queued":      nil,
		"synchronous": func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
		"store down": func(cfg *reset.Config) {
			cfg.Store = &spyStore{Store: cfg.Store, findByEmail: func(
				context.Context, string,
			) ([]reset.User, error) {
				return nil, errLost
			}}
		},
		"store down, synchronous": func(cfg *reset.Config) {
			cfg.Queue.Synchronous = true
			cfg.Store = &spyStore{Store: cfg.Store, findByEmail: func(
				context.Context, string,
			) ([]reset.User, error) {
				return nil, errLost
			}}
		},
		"mailer down, synchronous": func(cfg *reset.Config) {
			cfg.Queue.Synchronous = true
			cfg.Mailer = mail.MailerFunc(func(
				context.Context, mail.Message,
			) error {
				return errLost
			})
		},
		"throttled by account": func(cfg *reset.Config) {
			cfg.Limits = reset.Limits{Account: limiterFunc(func(
				context.Context, string,
			) (time.Duration, bool, error) {
				return time.Minute, false, nil
			})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, change)
			for who, email := range people(t, fx) {
				require.NoError(
					t,
					fx.Request(t.Context(), reset.RequestInput{Email: email}),
					who,
				)
			}
		})
	}
}

func TestOnlyWhoCanUseALinkGetsOne(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	for _, email := range people(t, fx) {
		fx.request(t, email)
	}
	fx.drain(t)
	require.Len(t, fx.outbox.Messages(), 1)
	require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
	require.ElementsMatch(t, []string{
		"unknown-address", "disabled", "no-password", "no-password",
		"no-password",
	}, fx.events.reasons(reset.OutcomeSkipped))
	require.Len(t, fx.events.of(reset.OutcomeRequested), 6)
	require.Len(t, fx.events.of(reset.OutcomeMailed), 1)
}

//lostkey:covers ASVS-16.2.1 ASVS-16.3.1
func TestEventsJoinARequestToItsConfirmation(t *testing.T) {
	t.Parallel()
	client, other := netip.MustParseAddr(
		"192.0.2.1",
	), netip.MustParseAddr("2001:db8::1")
	fx := newFixture(t, nil)
	require.NoError(t, fx.Request(
		t.Context(),
		reset.RequestInput{Email: "ana@example.com", Client: client},
	))

	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    mailtest.Token(mails[0]),
		Password: newPassword,
		Client:   other,
	}))

	fx.drain(t)
	requested, mailed, confirmed := fx.events.of(
		reset.OutcomeRequested,
	)[0], fx.events.of(reset.OutcomeMailed)[0], fx.events.of(
		reset.OutcomeConfirmed,
	)[0]
	require.NotEmpty(t, requested.RequestID)
	require.Equal(t, requested.RequestID, mailed.RequestID)
	require.NotEmpty(t, mailed.TokenID)
	require.Equal(t, mailed.TokenID, confirmed.TokenID)
	require.Equal(
		t, []string{"", "7", "7"},
		[]string{requested.UserID, mailed.UserID, confirmed.UserID},
	)
	require.Equal(
		t, []netip.Addr{client, client, other},
		[]netip.Addr{requested.Client, mailed.Client, confirmed.Client},
	)

	for _, ev := range fx.events.all() {
		require.Equal(t, fx.clock.Now(), ev.Time)
	}
}

//lostkey:covers ASVS-2.2.1 ASVS-2.2.2 FP-CS-4
func TestRequestRefusesWhatIsNoPlainAddress(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	for name, email := range map[string]string{
		"empty": "", "spaces": "   ", "no at": "ana", "no domain": "ana@",
		"two ats":         "ana@b@example.com",
		"comma list":      "ana@example.com,eve@evil.example",
		"semicolon list":  "ana@example.com;eve@evil.example",
		"space list":      "ana@example.com eve@evil.example",
		"line break list": "ana@example.com\neve@evil.example",
		"header":          "ana@example.com\r\nBcc: eve@evil.example",
		"NUL":             "ana@example.com\x00",
		"display name":    "Ana <ana@example.com>",
		"comment":         "ana@example.com (Ana)", "group": "g: ana@example.com;",
		"quoted": `"ana"@example.com`, "route": "ana%example.com@evil.example",
		"literal": "ana@[127.0.0.1]", "dash": "-oQ/tmp@example.com",
		"bidi": "ana\u202e@example.com", "not UTF-8": "ana\xff@example.com",
		"255 bytes":         strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + strings.Repeat("c", 10),
		"10 MB":             strings.Repeat("a", 10<<20),
		"behind much space": strings.Repeat(" ", 10<<20) + "ana@example.com",
		"JSON":              `{"email":"ana@example.com"}`,
		"array":             "[ana@example.com]",
	} {
		err := fx.Request(t.Context(), reset.RequestInput{Email: email})
		require.ErrorIs(t, err, reset.ErrInvalidAddress, name)
		require.NotContains(t, err.Error(), "ana", name)
	}

	fx.drain(t)
	require.Empty(t, fx.events.all())
}

func TestRequestDropsWhiteSpaceAroundTheAddress(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.request(t, " ana@example.com\r\n")
	fx.drain(t)
	require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
}

//lostkey:covers ASVS-6.5.5 63B-4.2.1.2-1
func TestRequestLifetime(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Lifetimes.Reset, cfg.Lifetimes.MaxReset = 30*time.Minute, 2*time.Hour
	})
	for lifetime, good := range map[time.Duration]bool{
		0: true, time.Minute: true, 2 * time.Hour: true,
		-time.Second: false, time.Minute - time.Second: false,
		2*time.Hour + time.Second: false,
	} {
		err := fx.Request(
			t.Context(),
			reset.RequestInput{Email: "ana@example.com", Lifetime: lifetime},
		)
		require.Equal(t, good, err == nil, "%v: %v", lifetime, err)
	}

	fx.drain(t)
	lifetimes := make(map[time.Duration]bool)
	for _, msg := range fx.outbox.Messages() {
		checked, err := fx.Check(
			t.Context(), reset.CheckInput{Token: mailtest.Token(msg)},
		)
		require.NoError(t, err)
		lifetimes[checked.ExpiresAt.Sub(fx.clock.Now())] = true
	}

	require.Equal(
		t,
		map[time.Duration]bool{
			time.Minute:      true,
			30 * time.Minute: true,
			2 * time.Hour:    true,
		},
		lifetimes,
	)
}

// An instance with a wrong setting must not be able to make links that another
// one takes for longer than it would allow.
func TestVerifierBoundsTheLifetimeToo(t *testing.T) {
	t.Parallel()
	generous := newFixture(
		t, func(cfg *reset.Config) { cfg.Lifetimes.Reset = 2 * time.Hour },
	)
	strict := newFixture(t, nil)
	require.ErrorIs(
		t, strict.confirm(t, generous.link(t, "7")), reset.ErrRejected,
	)
	require.Equal(
		t, []string{"too-long-lived"},
		strict.events.reasons(reset.OutcomeRejected),
	)
	require.NoError(t, generous.confirm(t, strict.link(t, "7")))
}

func TestRequestAfterShutdown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"pool": nil,
		"dispatch": func(cfg *reset.Config) {
			cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
				return nil
			}
		},
		"sync": func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, change)
			fx.drain(t)
			require.ErrorIs(
				t,
				fx.Request(
					t.Context(), reset.RequestInput{Email: "ana@example.com"},
				),
				reset.ErrClosed,
			)

			require.ErrorIs(
				t,
				fx.Request(
					t.Context(),
					reset.RequestInput{Email: "nobody@example.com"},
				),
				reset.ErrClosed,
			)

			require.ErrorIs(
				t, fx.Invite(t.Context(), reset.SendInput{UserID: "7"}),
				reset.ErrClosed,
			)
			require.NoError(t, fx.Shutdown(t.Context()), "a second Shutdown")
		})
	}
}

func TestBlockedClientsGetTheUsualAnswersAndNothingElse(t *testing.T) {
	t.Parallel()
	blocked := netip.MustParsePrefix("2001:db8:bad::/48")
	fx := newFixture(
		t, func(cfg *reset.Config) { cfg.Hooks.Blocked = blocked.Contains },
	)
	bad, good := netip.MustParseAddr(
		"2001:db8:bad::1",
	), netip.MustParseAddr("2001:db8:1::1")
	raw := fx.link(t, "7")
	require.NoError(t, fx.Request(
		t.Context(), reset.RequestInput{Email: "ana@example.com", Client: bad},
	))

	require.ErrorIs(
		t,
		fx.Confirm(
			t.Context(),
			reset.ConfirmInput{Token: raw, Password: newPassword, Client: bad},
		),
		reset.ErrRejected,
	)

	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.NoError(t, fx.Confirm(
		t.Context(),
		reset.ConfirmInput{Token: raw, Password: newPassword, Client: good},
	))

	fx.drain(t)
	require.Empty(t, fx.to(mail.KindReset))
	require.Len(t, fx.events.of(reset.OutcomeBlocked), 2)
}

func TestFailingDispatchIsToldToEverybodyAlike(t *testing.T) {
	t.Parallel()
	for name, dispatch := range map[string]func(
		context.Context, reset.Job,
	) error{
		"error": func(context.Context, reset.Job) error { return errLost },
		"panic": func(context.Context, reset.Job) error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(
				t, func(cfg *reset.Config) { cfg.Queue.Dispatch = dispatch },
			)
			first := fx.Request(
				t.Context(), reset.RequestInput{Email: "ana@example.com"},
			)
			second := fx.Request(
				t.Context(), reset.RequestInput{Email: "nobody@example.com"},
			)
			require.Error(t, first)
			require.Equal(t, first.Error(), second.Error())

			fx.drain(t)
			require.Len(t, fx.events.of(reset.OutcomeDispatchFailed), 2)
			require.Empty(t, fx.events.of(reset.OutcomeRequested))
		})
	}
}

// A sink that writes to a database must not show in the time of an answer.
func TestSlowSinkDoesNotHoldUpRequests(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var lost atomic.Value
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
		cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
			<-release
			if ev.Outcome == reset.OutcomeEventsLost {
				lost.Store(ev.Count)
				require.Empty(t, ev.Reason)
			}
		})
	})

	const requests = 1500
	for i := range requests {
		fx.request(t, fmt.Sprintf("user%d@example.com", i))
	}
	close(release)
	fx.drain(t)
	require.Contains(
		t, []any{475, 476}, lost.Load(),
		"1,024 wait, one may be with the sink, the rest is counted",
	)
}

func TestSeveralSitesInOneProcessDoNotShareLinks(t *testing.T) {
	t.Parallel()
	first := newFixture(t, nil)
	second := newFixture(
		t, func(cfg *reset.Config) { cfg.Site = "https://other.example/app/" },
	)
	link, err := second.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(
		link.Reveal(), "https://other.example/app/reset-password/#token=",
	))
	require.ErrorIs(t, first.confirm(t, rawOf(link)), reset.ErrRejected)
	require.NoError(t, second.confirm(t, rawOf(link)))
}

func FuzzRequestAcceptsOnlyWhatMailCan(f *testing.F) {
	for _, seed := range []string{
		"ana@example.com", "Ana <ana@example.com>", "a@b.c,d@e.f",
		"\u212A@example.com", "a@b\r\nc", " a@b.cd ", "\xff@x.yz",
	} {
		f.Add(seed)
	}
	var queued reset.Job

	svc, err := reset.New(reset.Config{
		Site:     site,
		From:     "no-reply@app.example",
		Keys:     testKeys(),
		Store:    &spyStore{},
		Mailer:   &mailtest.Recorder{},
		Sessions: reset.KeepSessions(),
		Limits:   reset.Limits{Off: true},
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
		Queue: reset.Queue{
			Dispatch: func(_ context.Context, job reset.Job) error {
				queued = job
				return nil
			},
		},
	})

	require.NoError(f, err)
	f.Cleanup(func() { _ = svc.Shutdown(context.Background()) })
	f.Fuzz(func(t *testing.T, email string) {
		err := svc.Request(
			context.Background(), reset.RequestInput{Email: email},
		)
		if err != nil {
			if !errors.Is(err, reset.ErrInvalidAddress) {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		if mail.ValidateAddress(queued.Email) != nil ||
			!strings.Contains(email, queued.Email) {
			t.Fatalf("queued %q for %q", queued.Email, email)
		}
	})
}
