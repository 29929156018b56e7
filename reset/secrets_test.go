package reset_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// canaries collects everything that must never be seen outside the flow, and
// everything that is seen.
type canaries struct {
	mu     sync.Mutex
	secret map[string]string
	seen   []string
}

func (c *canaries) hide(name, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secret[name] = secret
	c.secret[name+" in hex"] = hex.EncodeToString([]byte(secret))
	c.secret[name+" in base64"] = base64.StdEncoding.EncodeToString(
		[]byte(secret),
	)
	c.secret[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(
		[]byte(secret),
	)
	c.secret[name+" in a query"] = url.QueryEscape(secret)
	c.secret[name+" in lower case"] = strings.ToLower(secret)
	c.secret[name+" in bytes"] = strings.Trim(
		fmt.Sprintf("%d", []byte(secret)), "[]",
	)
}

func (c *canaries) see(values ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, value := range values {
		text, _ := json.Marshal(value)
		c.seen = append(
			c.seen, string(text),
			fmt.Sprintf("%v %+v %#v %s %q", value, value, value, value, value),
		)
		if err, ok := value.(error); ok {
			c.seen = append(c.seen, err.Error())
		}
	}
}

// Record sees events as any sink would print them.
func (c *canaries) Record(_ context.Context, ev reset.Event) {
	c.see(
		ev.Reason, ev.UserID, ev.TokenID, ev.RequestID, ev.Client.String(),
		string(ev.Outcome), string(ev.Purpose),
	)
	if ev.Err != nil {
		c.see(ev.Err.Error())
	}
}

func (c *canaries) check(t *testing.T, logged string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Greater(t, len(c.seen), 50)
	all := strings.Join(append(c.seen, logged), "\n")
	for name, secret := range c.secret {
		if at := strings.Index(all, secret); at >= 0 {
			t.Errorf(
				"%s has been seen: %s", name,
				all[max(0, at-200):min(len(all), at+200)],
			)
		}
	}
}

// Everything that can go wrong goes wrong, with errors that quote all they were
// given, as drivers and mail servers do.
func TestNoSecretIsSeenInAnyLogErrorEventOrPrint(t *testing.T) {
	t.Parallel()
	const address, password = "Canary.Address@Example.com", "canary password, quite long"
	seen := &canaries{secret: make(map[string]string)}
	secretKey := []byte("qX7#mV2!zR9@kL4$wT6%nB8^hJ3&yC5*")
	key, err := token.NewKey("k1", secretKey)
	require.NoError(t, err)
	ring, err := token.NewKeys(key)
	require.NoError(t, err)
	seen.hide("the key", string(secretKey))
	seen.hide("the address", address)
	seen.hide("the password", password)
	seen.hide("the old hash", oldHash)

	var logged bytes.Buffer
	var mu sync.Mutex
	logger := slog.New(slog.NewTextHandler(
		lockedWriter{&mu, &logged},
		&slog.HandlerOptions{Level: slog.LevelDebug},
	))
	var fault string

	quote := func(at string, args ...any) error {
		mu.Lock()
		defer mu.Unlock()
		switch fault {
		case at:
			return fmt.Errorf("driver: %s failed with %v", at, args)
		case at + " by panic":
			panic(fmt.Sprintf("%s failed with %v", at, args))
		}
		return nil
	}

	fx, spy := newSpyFixture(t, func(cfg *reset.Config) {
		cfg.Keys = ring
		cfg.Events = reset.Sinks{cfg.Events, seen, reset.SlogSink(logger)}
		cfg.Limits = reset.Limits{
			Account: limiterFunc(
				func(
					_ context.Context, key string,
				) (time.Duration, bool, error) {
					seen.see(key)
					return 0, true, quote("limiter", key)
				},
			),
		}

		outbox := cfg.Mailer
		cfg.Mailer = mail.MailerFunc(
			func(ctx context.Context, msg mail.Message) error {
				if raw := mailtest.Token(msg); raw != "" {
					seen.hide("token "+msg.ID, raw)
					seen.hide("link "+msg.ID, mailtest.Link(msg))
				}
				seen.see(msg)
				if err := quote(
					"mailer", msg.To, strings.ToLower(msg.To), msg.Text,
				); err != nil {
					return &mail.SendError{
						Verdict: mail.VerdictPermanent,
						Err:     err,
					}
				}

				return outbox.Send(ctx, msg)
			},
		)

		cfg.Sessions = reset.EndSessionsWith(
			func(context.Context, string) error {
				return quote("sessions", address, oldHash)
			},
		)
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(_ context.Context, done reset.Confirmation) error {
				seen.see(done)
				return quote("hook", address, oldHash)
			},
		}

		cfg.Policy = policyFunc(
			func(_ context.Context, password string, _ []string) error {
				return quote("policy", password)
			},
		)
		cfg.Queue.Synchronous = true // each fault must meet its own request
	})

	fx.add(t, reset.User{ID: "c", Email: address, PasswordHash: oldHash})
	spy.findByEmail = func(
		ctx context.Context, email string,
	) ([]reset.User, error) {
		if err := quote("look-up", email); err != nil {
			return nil, err
		}
		return spy.Store.FindByEmail(ctx, email)
	}

	var made []string
	spy.replace = func(
		ctx context.Context, seen reset.User, encoded string,
	) error {
		made = append(made, encoded)
		if err := quote(
			"write", seen.Email, seen.PasswordHash, encoded,
		); err != nil {
			return err
		}
		return spy.Store.ReplaceHash(ctx, seen, encoded)
	}

	for _, fault = range []string{
		"", "limiter", "limiter by panic", "look-up by panic", "mailer",
		"mailer by panic", "policy", "write", "write by panic",
		"sessions", "sessions by panic", "hook", "hook by panic",
	} {
		current := fault
		fx.clock.advance(time.Hour) // past all limits
		if !strings.HasPrefix(current, "look-up") {
			seen.see(fx.Request(t.Context(), reset.RequestInput{
				Email:  address,
				Client: netip.MustParseAddr("192.0.2.1"),
			}))
		} else {
			seen.see(fx.Process(t.Context(), fx.Sign(reset.Job{
				Kind:        mail.KindReset,
				Email:       address,
				RequestedAt: fx.clock.Now(),
			})))
		}

		link, err := fx.Link(t.Context(), "c", reset.LinkOptions{})
		require.NoError(t, err)
		raw := rawOf(link)
		seen.hide("made link "+current, link.Reveal())
		seen.hide("made token "+current, raw)
		in := reset.ConfirmInput{Token: raw, Password: password}
		seen.see(
			link, &link, in, &in, struct{ L reset.Link }{link},
			struct{ l reset.Link }{link},
		)
		checked, err := fx.Check(t.Context(), raw)
		seen.see(checked, err)
		_, err = fx.Check(t.Context(), raw+"x")
		seen.see(err)
		seen.see(fx.Confirm(t.Context(), in))
		seen.see(fx.Confirm(t.Context(), in))
		user := fx.user(t, "c")
		seen.hide("new hash "+current, user.PasswordHash)
		require.NoError(t, fx.store.Update(
			"c", func(user *reset.User) { user.PasswordHash = oldHash },
		))
	}

	seen.see(fx.Shutdown(t.Context()))
	for i, encoded := range made {
		seen.hide(fmt.Sprint("new hash number ", i), encoded)
	}
	user := fx.user(t, "c")
	seen.see(
		fx.Service,
		fx.store,
		user,
		&user,
		[]reset.User{user},
		map[string]reset.User{"u": user},
		struct{ U reset.User }{user},
		reset.RequestInput{
			Email: address,
		},
		errors.Join(reset.ErrStale, reset.ErrUserNotFound),
		ring,
		key,
	)

	mu.Lock()
	text := logged.String()
	mu.Unlock()
	require.Contains(t, text, "hook-failed")
	require.Contains(t, text, "notice-failed")
	require.Contains(t, text, "sessions-failed")
	require.Contains(t, text, "[redacted]")

	seen.check(t, text)
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func TestJobPrintsWithoutWhatWasTyped(t *testing.T) {
	t.Parallel()
	secret := reset.Job{
		ID:    "j",
		Kind:  mail.KindReset,
		Email: "canary@example.com",
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "job", secret)
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprint(&secret), logged.String(),
	} {
		require.NotContains(t, text, "canary")
		require.Contains(t, text, "j")
	}
}

func TestPrintsThroughSlogAreRedactedToo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	link, err := fx.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{
		slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil),
	} {
		slog.New(handler).Info(
			"x", "user", fx.user(t, "7"), "link", link, "confirm",
			reset.ConfirmInput{Token: rawOf(link), Password: newPassword},
			"request", reset.RequestInput{Email: "ana@example.com"}, "service",
			fx.Service,
		)
	}

	for _, secret := range []string{
		rawOf(link), newPassword, "ana@example.com", oldHash,
	} {
		require.NotContains(t, logged.String(), secret)
	}
	require.Contains(t, logged.String(), link.TokenID())
}

func TestSlogSinkCannotBeMadeToForgeLines(t *testing.T) {
	t.Parallel()
	// A handler that writes values as they come, as hand-made ones do.
	var lines []string
	sink := reset.SlogSink(slog.New(rawHandler{&lines}))
	hostile := "x\r\nlevel=INFO msg=\"password reset confirmed\"\x1b[2K\u202e\u2028\x00"
	sink.Record(t.Context(), reset.Event{
		Outcome:   reset.OutcomeRejected,
		UserID:    hostile,
		RequestID: hostile,
		TokenID:   hostile,
		Reason:    reset.Reason(hostile),
		Purpose:   token.Purpose(hostile),
		Client:    netip.MustParseAddr("fe80::1").WithZone("eth0\r\nforged"),
		Err:       errors.New(hostile + strings.Repeat("y", 1<<20)),
	})

	require.Len(t, lines, 1)
	require.Less(t, len(lines[0]), 8192)
	for _, r := range "\r\n\x1b\u202e\u2028\x00" {
		require.NotContains(t, lines[0], string(r), "%+q", r)
	}
	lines = nil
	sink.Record(t.Context(), reset.Event{
		Outcome:   reset.OutcomeMailed,
		UserID:    "7",
		RequestID: "ABC",
		Err:       errors.New(`plain "text"`),
	})
	require.Contains(t, lines[0], "user=7 request=ABC")
}

type rawHandler struct{ lines *[]string }

func (rawHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h rawHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h rawHandler) WithGroup(string) slog.Handler          { return h }
func (h rawHandler) Handle(_ context.Context, record slog.Record) error {
	line := record.Message
	record.Attrs(func(attr slog.Attr) bool {
		line += " " + attr.Key + "=" + attr.Value.String()
		return true
	})
	*h.lines = append(*h.lines, line)
	return nil
}

func TestSlogSinkLevels(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	sink := reset.SlogSink(slog.New(slog.NewTextHandler(
		&logged, &slog.HandlerOptions{Level: slog.LevelWarn},
	)))
	for _, outcome := range []reset.Outcome{
		reset.OutcomeRequested, reset.OutcomeMailed, reset.OutcomeConfirmed,
	} {
		sink.Record(t.Context(), reset.Event{Outcome: outcome})
	}
	require.Empty(t, logged.String())

	sink.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled})
	require.Contains(t, logged.String(), "level=WARN")
	sink.Record(t.Context(), reset.Event{Outcome: reset.OutcomeSessionsFailed})
	require.Contains(t, logged.String(), "level=ERROR")
}
