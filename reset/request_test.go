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

// people are accounts of every kind that a request may meet, and an address without one.
func people(t *testing.T, sc *fixture) map[string]string {
	t.Helper()
	sc.add(t, reset.User{ID: "8", Email: "disabled@example.com", PasswordHash: oldHash, Disabled: true})
	sc.add(t, reset.User{ID: "9", Email: "sso@example.com"})
	sc.add(t, reset.User{ID: "10", Email: "locked@example.com", PasswordHash: "!" + oldHash})
	sc.add(t, reset.User{ID: "11", Email: "shadow@example.com", PasswordHash: "*"})
	return map[string]string{
		"known": "ana@example.com", "unknown": "nobody@example.com", "disabled": "disabled@example.com",
		"password-less": "sso@example.com", "unusable": "locked@example.com", "shadow": "shadow@example.com",
	}
}

// The request path must neither look up, sign nor mail. Whatever it did there would show in the time of its
// answer.
func TestRequestTouchesNeitherStoreNorMailer(t *testing.T) {
	t.Parallel()
	var queued []reset.Job
	sc, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queued = append(queued, job)
			return nil
		}
		cfg.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error {
			t.Error("the request path sends mail")
			return nil
		})
		cfg.Hooks.FindByIdentifier = func(context.Context, string) ([]reset.User, error) {
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
	for _, email := range people(t, sc) {
		sc.request(t, email)
	}
	sc.request(t, "a user name")
	require.Len(t, queued, 7)
	for _, job := range queued {
		text, err := json.Marshal(job)
		require.NoError(t, err)
		require.NotContains(t, string(text), "eyJ", "a job must not hold a token")
	}
}

func TestRequestAnswersAlikeForEverybody(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"queued":      nil,
		"synchronous": func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
		"store down": func(cfg *reset.Config) {
			cfg.Store = &spyStore{Store: cfg.Store, findByEmail: func(context.Context, string) ([]reset.User, error) { return nil, errLost }}
		},
		"store down, synchronous": func(cfg *reset.Config) {
			cfg.Queue.Synchronous = true
			cfg.Store = &spyStore{Store: cfg.Store, findByEmail: func(context.Context, string) ([]reset.User, error) { return nil, errLost }}
		},
		"mailer down, synchronous": func(cfg *reset.Config) {
			cfg.Queue.Synchronous = true
			cfg.Mailer = mail.MailerFunc(func(context.Context, mail.Message) error { return errLost })
		},
		"throttled by account": func(cfg *reset.Config) {
			cfg.Limits = reset.Limits{Account: reset.LimiterFunc(func(context.Context, string) (time.Duration, bool, error) {
				return time.Minute, false, nil
			})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newFixture(t, change)
			for who, email := range people(t, sc) {
				require.NoError(t, sc.Request(t.Context(), reset.RequestInput{Email: email}), who)
			}
		})
	}
}

func TestOnlyWhoCanUseALinkGetsOne(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	for _, email := range people(t, sc) {
		sc.request(t, email)
	}
	sc.drain(t)
	require.Len(t, sc.outbox.Messages(), 1)
	require.Equal(t, []string{"ana@example.com"}, sc.to(mail.KindReset))
	require.ElementsMatch(t, []string{
		reset.ReasonUnknownAddress, reset.ReasonDisabled, reset.ReasonNoPassword, reset.ReasonNoPassword, reset.ReasonNoPassword,
	}, sc.events.reasons(reset.OutcomeSkipped))
	require.Len(t, sc.events.of(reset.OutcomeRequested), 6)
	require.Len(t, sc.events.of(reset.OutcomeMailed), 1)
}

func TestEventsJoinARequestToItsConfirmation(t *testing.T) {
	t.Parallel()
	client, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	sc := newFixture(t, nil)
	require.NoError(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com", Client: client}))
	mails, err := sc.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: mailtest.Token(mails[0]), Password: newPassword, Client: other}))
	sc.drain(t)
	requested, mailed, confirmed := sc.events.of(reset.OutcomeRequested)[0], sc.events.of(reset.OutcomeMailed)[0], sc.events.of(reset.OutcomeConfirmed)[0]
	require.NotEmpty(t, requested.RequestID)
	require.Equal(t, requested.RequestID, mailed.RequestID)
	require.NotEmpty(t, mailed.TokenID)
	require.Equal(t, mailed.TokenID, confirmed.TokenID)
	require.Equal(t, []string{"", "7", "7"}, []string{requested.UserID, mailed.UserID, confirmed.UserID})
	require.Equal(t, []netip.Addr{client, client, other}, []netip.Addr{requested.Client, mailed.Client, confirmed.Client})
	for _, ev := range sc.events.all() {
		require.Equal(t, sc.clock.Now(), ev.Time)
	}
}

func TestRequestRefusesWhatIsNoPlainAddress(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	for name, email := range map[string]string{
		"empty": "", "spaces": "   ", "no at": "ana", "no domain": "ana@", "two ats": "ana@b@example.com",
		"comma list": "ana@example.com,eve@evil.example", "semicolon list": "ana@example.com;eve@evil.example",
		"space list": "ana@example.com eve@evil.example", "line break list": "ana@example.com\neve@evil.example",
		"header": "ana@example.com\r\nBcc: eve@evil.example", "NUL": "ana@example.com\x00", "display name": "Ana <ana@example.com>",
		"comment": "ana@example.com (Ana)", "group": "g: ana@example.com;", "quoted": `"ana"@example.com`, "route": "ana%example.com@evil.example",
		"literal": "ana@[127.0.0.1]", "dash": "-oQ/tmp@example.com", "bidi": "ana\u202e@example.com", "not UTF-8": "ana\xff@example.com",
		"255 bytes": strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 90) + strings.Repeat("c", 10), "10 MB": strings.Repeat("a", 10<<20),
		"behind much space": strings.Repeat(" ", 10<<20) + "ana@example.com",
		"JSON":              `{"email":"ana@example.com"}`, "array": "[ana@example.com]",
	} {
		err := sc.Request(t.Context(), reset.RequestInput{Email: email})
		require.ErrorIs(t, err, reset.ErrInvalidAddress, name)
		require.NotContains(t, err.Error(), "ana", name)
	}
	sc.drain(t)
	require.Empty(t, sc.events.all())
}

func TestRequestDropsWhiteSpaceAroundTheAddress(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	sc.request(t, " ana@example.com\r\n")
	sc.drain(t)
	require.Equal(t, []string{"ana@example.com"}, sc.to(mail.KindReset))
}

func TestRequestLifetime(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Lifetimes.Reset, cfg.Lifetimes.MaxReset = 30*time.Minute, 2*time.Hour })
	for lifetime, good := range map[time.Duration]bool{
		0: true, time.Minute: true, 2 * time.Hour: true,
		-time.Second: false, time.Minute - time.Second: false, 2*time.Hour + time.Second: false,
	} {
		err := sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com", Lifetime: lifetime})
		require.Equal(t, good, err == nil, "%v: %v", lifetime, err)
	}
	sc.drain(t)
	lifetimes := make(map[time.Duration]bool)
	for _, msg := range sc.outbox.Messages() {
		checked, err := sc.Check(t.Context(), reset.CheckInput{Token: mailtest.Token(msg)})
		require.NoError(t, err)
		lifetimes[checked.ExpiresAt.Sub(sc.clock.Now())] = true
	}
	require.Equal(t, map[time.Duration]bool{time.Minute: true, 30 * time.Minute: true, 2 * time.Hour: true}, lifetimes)
}

// An instance with a wrong setting must not be able to make links that another one takes for longer than it
// would allow.
func TestVerifierBoundsTheLifetimeToo(t *testing.T) {
	t.Parallel()
	generous := newFixture(t, func(cfg *reset.Config) { cfg.Lifetimes.Reset = 2 * time.Hour })
	strict := newFixture(t, nil)
	require.ErrorIs(t, strict.confirm(t, generous.link(t, "7")), reset.ErrRejected)
	require.Equal(t, []string{"too-long-lived"}, strict.events.reasons(reset.OutcomeRejected))
	require.NoError(t, generous.confirm(t, strict.link(t, "7")))
}

func TestRequestAfterShutdown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *reset.Config){
		"pool":     nil,
		"dispatch": func(cfg *reset.Config) { cfg.Queue.Dispatch = func(context.Context, reset.Job) error { return nil } },
		"sync":     func(cfg *reset.Config) { cfg.Queue.Synchronous = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newFixture(t, change)
			sc.drain(t)
			require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com"}), reset.ErrClosed)
			require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: "nobody@example.com"}), reset.ErrClosed)
			require.ErrorIs(t, sc.Invite(t.Context(), reset.InviteInput{UserID: "7"}), reset.ErrClosed)
			require.NoError(t, sc.Shutdown(t.Context()), "a second Shutdown")
		})
	}
}

func TestBlockedClientsGetTheUsualAnswersAndNothingElse(t *testing.T) {
	t.Parallel()
	blocked := netip.MustParsePrefix("2001:db8:bad::/48")
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Hooks.Blocked = blocked.Contains })
	bad, good := netip.MustParseAddr("2001:db8:bad::1"), netip.MustParseAddr("2001:db8:1::1")
	raw := sc.link(t, "7")
	require.NoError(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com", Client: bad}))
	require.ErrorIs(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: bad}), reset.ErrRejected)
	require.Equal(t, oldHash, sc.user(t, "7").PasswordHash)
	require.NoError(t, sc.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: good}))
	sc.drain(t)
	require.Empty(t, sc.to(mail.KindReset))
	require.Len(t, sc.events.of(reset.OutcomeBlocked), 2)
}

func TestFailingDispatchIsToldToEverybodyAlike(t *testing.T) {
	t.Parallel()
	for name, dispatch := range map[string]func(context.Context, reset.Job) error{
		"error": func(context.Context, reset.Job) error { return errLost },
		"panic": func(context.Context, reset.Job) error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newFixture(t, func(cfg *reset.Config) { cfg.Queue.Dispatch = dispatch })
			first := sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com"})
			second := sc.Request(t.Context(), reset.RequestInput{Email: "nobody@example.com"})
			require.Error(t, first)
			require.Equal(t, first.Error(), second.Error())
			sc.drain(t)
			require.Len(t, sc.events.of(reset.OutcomeDispatchFailed), 2)
			require.Empty(t, sc.events.of(reset.OutcomeRequested))
		})
	}
}

// A sink that writes to a database must not show in the time of an answer.
func TestSlowSinkDoesNotHoldUpRequests(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var lost atomic.Value
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error { return nil }
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
		sc.request(t, fmt.Sprintf("user%d@example.com", i))
	}
	close(release)
	sc.drain(t)
	require.Contains(t, []any{475, 476}, lost.Load(), "1,024 wait, one may be with the sink, the rest is counted")
}

func TestLookAlikesNeverReachAnybody(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{
		"Kelvin sign": "\u212Aim@example.com", "dotless i": "k\u0131m@example.com", "dotted I": "k\u0130m@example.com",
		"accent": "k\u00EDm@example.com", "combining accent": "ki\u0301m@example.com", "full-width m": "ki\uFF4D@example.com",
		"Cyrillic e": "kim@\u0435xample.com", "full-width in the domain": "kim@ex\uFF41mple.com", "long s": "kim@example.co\u017F",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc, spy := newSpyFixture(t, func(cfg *reset.Config) { cfg.Mail.HintNoAccount = true })
			sc.add(t, reset.User{ID: "20", Email: "kim@example.com", PasswordHash: oldHash})
			// A store whose collation takes everything for everything, as some do for most of these.
			spy.findByEmail = func(ctx context.Context, _ string) ([]reset.User, error) {
				return spy.Store.FindByEmail(ctx, "kim@example.com")
			}
			sc.request(t, typed)
			sc.drain(t)
			require.Empty(t, sc.outbox.Messages())
			require.Equal(t, []string{reset.ReasonAddressMismatch}, sc.events.reasons(reset.OutcomeSkipped))
		})
	}
}

func TestMailGoesToTheStoredSpelling(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	sc.add(t, reset.User{ID: "20", Email: "Kim.B@Example.COM", PasswordHash: oldHash})
	sc.request(t, "kIM.b@eXAMPLE.com")
	sc.drain(t)
	require.Equal(t, []string{"Kim.B@Example.COM"}, sc.to(mail.KindReset))
}

func TestAccountsOnOneAddressEachGetTheirOwnLink(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	for i := range 7 {
		sc.add(t, reset.User{ID: fmt.Sprintf("s%d", i), Email: "shared@example.com", PasswordHash: oldHash, Disabled: i == 0})
	}
	sc.request(t, "shared@example.com")
	sc.drain(t)
	mails := sc.outbox.Messages()
	require.Len(t, mails, 5, "one request must not become any number of mails")
	require.ElementsMatch(t, []string{reset.ReasonDisabled, reset.ReasonTooMany}, sc.events.reasons(reset.OutcomeSkipped))
	ids := make(map[string]bool)
	for _, msg := range mails {
		require.False(t, ids[msg.ID], "two mails with one Message-ID")
		ids[msg.ID] = true
	}
	require.NoError(t, sc.confirm(t, mailtest.Token(mails[2])))
	require.NotEqual(t, oldHash, sc.user(t, "s3").PasswordHash)
	for _, id := range []string{"s0", "s1", "s2", "s4", "s5", "s6"} {
		require.Equal(t, oldHash, sc.user(t, id).PasswordHash)
	}
	require.NoError(t, sc.confirm(t, mailtest.Token(mails[0])), "another account's link is its own")
}

func TestAccountReturnedTwiceIsMailedOnce(t *testing.T) {
	t.Parallel()
	sc, spy := newSpyFixture(t, nil)
	spy.findByEmail = func(context.Context, string) ([]reset.User, error) { return []reset.User{ana(), ana(), {}}, nil }
	sc.request(t, "ana@example.com")
	sc.drain(t)
	require.Len(t, sc.outbox.Messages(), 1)
	require.Equal(t, []string{reset.ReasonBadUser}, sc.events.reasons(reset.OutcomeSkipped))
}

func TestIdentifiersAreLookedUpAndTheStoredAddressMailed(t *testing.T) {
	t.Parallel()
	byName := func(sc **fixture) func(ctx context.Context, name string) ([]reset.User, error) {
		return func(ctx context.Context, name string) ([]reset.User, error) {
			if name != "ana_the_first" {
				return nil, nil
			}
			return (*sc).store.FindByEmail(ctx, "ana@example.com")
		}
	}
	var sc *fixture
	sc = newFixture(t, func(cfg *reset.Config) { cfg.Hooks.FindByIdentifier, cfg.Mail.HintNoAccount = byName(&sc), true })
	sc.request(t, "ana_the_first")
	sc.request(t, "bob")
	sc.request(t, "ana@example.com")
	require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana\nbob"}), reset.ErrInvalidAddress)
	require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: strings.Repeat("x", 255)}), reset.ErrInvalidAddress)
	require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: ""}), reset.ErrInvalidAddress)
	sc.drain(t)
	require.Equal(t, []string{"ana@example.com", "ana@example.com"}, sc.to(mail.KindReset))
	require.Len(t, sc.outbox.Messages(), 2, "a user name is no address to mail a hint to")
	require.Empty(t, sc.events.of(reset.OutcomeMailFailed), "nor to try to")

	sc = newFixture(t, nil)
	require.ErrorIs(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana_the_first"}), reset.ErrInvalidAddress, "only by option")
}

func TestHintsAreOptionalAndHoldNoLink(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		sc := newFixture(t, func(cfg *reset.Config) { cfg.Mail.HintNoAccount, cfg.Mail.HintSignsInElsewhere = on, on })
		for _, email := range people(t, sc) {
			sc.request(t, email)
		}
		sc.drain(t)
		require.Equal(t, []string{"ana@example.com"}, sc.to(mail.KindReset))
		if !on {
			require.Len(t, sc.outbox.Messages(), 1)
			continue
		}
		require.Equal(t, []string{"nobody@example.com"}, sc.to(mail.KindNoAccount))
		require.ElementsMatch(t, []string{"sso@example.com", "locked@example.com", "shadow@example.com"}, sc.to(mail.KindSignsInElsewhere))
		require.Len(t, sc.events.of(reset.OutcomeHinted), 4)
		require.Len(t, sc.outbox.Messages(), 5, "disabled accounts are sent nothing")
		for _, msg := range sc.outbox.Messages() {
			if msg.Kind != mail.KindReset {
				require.NotContains(t, msg.Text+msg.HTML, "token=")
			}
		}
	}
}

func TestSeveralSitesInOneProcessDoNotShareLinks(t *testing.T) {
	t.Parallel()
	first := newFixture(t, nil)
	second := newFixture(t, func(cfg *reset.Config) { cfg.Site = "https://other.example/app/" })
	link, err := second.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(link.Reveal(), "https://other.example/app/reset-password/#token="))
	require.ErrorIs(t, first.confirm(t, rawOf(link)), reset.ErrRejected)
	require.NoError(t, second.confirm(t, rawOf(link)))
}

func TestRequestInputLocaleCannotBeAbused(t *testing.T) {
	t.Parallel()
	var queued []reset.Job
	sc := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			queued = append(queued, job)
			return nil
		}
	})
	for _, locale := range []string{"pt-BR", "", "../../etc", "en\r\nX: y", strings.Repeat("a", 36), "e\u0301"} {
		require.NoError(t, sc.Request(t.Context(), reset.RequestInput{Email: "ana@example.com", Locale: locale}))
	}
	var got []string
	for _, job := range queued {
		got = append(got, job.Locale)
	}
	require.Equal(t, []string{"pt-BR", "", "", "", "", ""}, got)
}

func TestLocaleOfTheAccountComesFirst(t *testing.T) {
	t.Parallel()
	var asked []string
	renderer := rendererFunc(func(data mail.Data) (mail.Message, error) {
		asked = append(asked, data.Locale)
		return mail.Message{Subject: "s", Text: "t " + data.Link}, nil
	})
	sc := newFixture(t, func(cfg *reset.Config) { cfg.Mail.Renderer, cfg.Queue.Synchronous = renderer, true })
	sc.add(t, reset.User{ID: "30", Email: "es@example.com", PasswordHash: oldHash, Locale: "es"})
	asked = nil
	for _, email := range []string{"es@example.com", "ana@example.com"} {
		require.NoError(t, sc.Request(t.Context(), reset.RequestInput{Email: email, Locale: "pt-BR"}))
	}
	require.Equal(t, []string{"es,pt-BR", "pt-BR"}, asked)
}

type rendererFunc func(data mail.Data) (mail.Message, error)

func (f rendererFunc) Render(data mail.Data) (mail.Message, error) { return f(data) }

func FuzzRequestAcceptsOnlyWhatMailCan(f *testing.F) {
	for _, seed := range []string{"ana@example.com", "Ana <ana@example.com>", "a@b.c,d@e.f", "\u212A@example.com", "a@b\r\nc", " a@b.cd ", "\xff@x.yz"} {
		f.Add(seed)
	}
	var queued reset.Job
	svc, err := reset.New(reset.Config{
		Site: site, From: "no-reply@app.example", Keys: testKeys(), Store: &spyStore{}, Mailer: &mailtest.Recorder{},
		Sessions: reset.KeepSessions(), Limits: reset.Limits{Off: true}, Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
		Queue: reset.Queue{Dispatch: func(_ context.Context, job reset.Job) error {
			queued = job
			return nil
		}},
	})
	require.NoError(f, err)
	f.Cleanup(func() { _ = svc.Shutdown(context.Background()) })
	f.Fuzz(func(t *testing.T, email string) {
		err := svc.Request(context.Background(), reset.RequestInput{Email: email})
		if err != nil {
			if !errors.Is(err, reset.ErrInvalidAddress) {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		if mail.ValidateAddress(queued.Email) != nil || !strings.Contains(email, queued.Email) {
			t.Fatalf("queued %q for %q", queued.Email, email)
		}
	})
}
