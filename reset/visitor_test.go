package reset_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
)

const firefoxOnLinux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)" +
	" Gecko/20100101 Firefox/140.0"

func TestMailIsInTheFirstLanguageThatThereIs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ account, visitor, want string }{
		{"", "nl-NL, fr;q=0.8", "fr"},
		{"", "en;q=0.2, de-AT;q=0.9", "de"},
		{"es", "nl-NL, fr;q=0.8", "es"},
		{"pt_BR", "fr", "pt-BR"},
		{"nl", "ja, fr;q=0.1", "fr"}, // nothing in the account's own
		// a weight does not put it behind the visitor's
		{"fr;q=0.1", "de;q=1", "fr"},
		{"<b>", "de", "de"},           // nonsense is nothing
		{"", "fr;q=0", "en"},          // what is not wanted
		{"", "", "en"},                //
		{"nl", "ja", "en"},            //
		{"", "x\r\nBcc: y, fr", "fr"}, //
	} {
		fx := newFixture(t, nil)
		require.NoError(t, fx.store.Update(
			"7", func(user *reset.User) { user.Locale = tt.account },
		))
		require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
			Email:  "ana@example.com",
			Locale: tt.visitor,
		}))

		ctx := t.Context()
		asked, err := fx.outbox.Wait(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, tt.want, asked[0].Locale, "%+v", tt)

		require.NoError(t, fx.Confirm(ctx, reset.ConfirmInput{
			Token:    mailtest.Token(asked[0]),
			Password: newPassword,
			Locale:   tt.visitor,
		}))

		changed, err := fx.outbox.Wait(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, tt.want, changed[1].Locale, "%+v", tt)
	}
}

func TestInvitationIsInTheFirstLanguageThatThereIs(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.add(t, reset.User{ID: "8", Email: "new@example.com"})
	require.NoError(t, fx.Invite(
		t.Context(),
		reset.SendInput{UserID: "8", Locale: "nl, de;q=0.3, fr;q=0.4"},
	))
	fx.drain(t)
	require.Equal(t, "fr", fx.outbox.Messages()[0].Locale)
}

func TestJobHoldsNothingOfTheVisitorsHeadersButTagsAndABrowsersName(
	t *testing.T,
) {
	t.Parallel()
	var job reset.Job
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, queued reset.Job) error {
			job = queued
			return nil
		}
	})

	for _, hostile := range []string{
		"evil\r\nBcc: evil@evil.example", "<img src=//evil.example>",
		"\u202eevil", "{{.Link}}evil",
		strings.Repeat("evil,\u00e9", 30_000), strings.Repeat("evil ", 30_000),
		"\x00evil\xff",
	} {
		require.NoError(t, fx.Request(t.Context(), reset.RequestInput{
			Email:     "ana@example.com",
			Locale:    hostile + ",fr-CA",
			UserAgent: hostile + firefoxOnLinux,
		}))
		text, err := json.Marshal(job)
		require.NoError(t, err)
		require.NotContains(t, string(text), `evil.example`)
		require.NotContains(t, string(text), `\u`, "%q", text)
		require.Regexp(t, `^([A-Za-z0-9-]+(,[A-Za-z0-9-]+)*)?$`, job.Locale)
		require.Less(t, len(text), 1024)
		require.Contains(t, []string{"", "Firefox, Linux"}, job.Browser)
	}
}

// A queue that somebody else can write to is no way to put words into a mail.
func TestForgedJobPutsNoWordsIntoAMail(t *testing.T) {
	t.Parallel()
	var seen []mail.Data
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Renderer = rendererFunc(
			func(data mail.Data) (mail.Message, error) {
				seen = append(seen, data)
				return mail.Message{Subject: "s", Text: "t " + data.Link}, nil
			},
		)
	})

	seen = nil // New has made samples
	for _, browser := range []string{
		"Call 0800 123", "Firefox, Linux; visit evil.example",
		"Firefox, Linux", firefoxOnLinux,
	} {
		require.NoError(t, fx.Process(t.Context(), fx.Sign(reset.Job{
			ID: "x", Kind: mail.KindReset, Email: "ana@example.com",
			RequestedAt: fx.clock.Now(), Browser: browser, Locale: "<b>,fr",
		})))
	}
	var got []string
	for _, data := range seen {
		got = append(got, data.Client)
		require.Equal(t, "fr", data.Locale)
	}
	require.Equal(t, []string{"", "", "Firefox, Linux", "Firefox, Linux"}, got)
}

func TestInputsDoNotPrintTheUserAgent(t *testing.T) {
	t.Parallel()
	const canary = "canary-agent"
	for _, in := range []any{
		reset.RequestInput{UserAgent: canary, Locale: canary},
		reset.ConfirmInput{UserAgent: canary, Locale: canary},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "in", in)
		text, err := json.Marshal(in)
		require.NoError(t, err)
		require.NotContains(
			t,
			fmt.Sprintf(
				"%v %+v %#v %s %q", in, in, in, in, in,
			)+log.String()+string(text),
			canary,
		)
	}
}

func TestLostEventsAreLoggedWithTheirNumber(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	sink := reset.SlogSink(slog.New(slog.NewTextHandler(&log, nil)))
	sink.Record(
		t.Context(), reset.Event{Outcome: reset.OutcomeEventsLost, Count: 475},
	)
	require.Contains(t, log.String(), "outcome=events-lost count=475")
	require.NotContains(t, log.String(), "reason")
	log.Reset()
	sink.Record(t.Context(), reset.Event{Outcome: reset.OutcomeConfirmed})
	require.NotContains(t, log.String(), "count")
}
