package mail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestMessagesPrintWithoutBodiesAndAddresses(t *testing.T) {
	t.Parallel()
	msg := plainMessage(func(m *mail.Message) {
		m.From, m.To = "canary <canary@app.example>", "canary@example.com"
		m.ReplyTo, m.Subject = "canary@app.example", "canary"
		m.Text, m.HTML = "https://app.example/#token=canary", "<p>canary</p>"
		m.Headers = map[string]string{"X-Canary": "canary"}
	})

	var logged bytes.Buffer
	wrapped := struct {
		M mail.Message
		P *mail.Message
		S []mail.Message
	}{msg, &msg, []mail.Message{msg}}

	for _, value := range []any{msg, &msg, wrapped.S, wrapped} {
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "value", value)
		for _, verb := range []string{
			"%v", "%+v", "%#v", "%s", "%q", "%x", "%d",
		} {
			fmt.Fprintf(&logged, verb+"\n", value)
		}

		require.NoError(t, json.NewEncoder(&logged).Encode(value))
	}

	require.NotContains(t, logged.String(), "anary")
	require.NotContains(t, logged.String(), fmt.Sprintf("%x", "canary"))
	require.Contains(t, logged.String(), "fixed-id")
	require.Equal(t, "mail.Message{Kind: reset, Locale: en, ID: fixed-id}",
		msg.String())
}

func TestVerdictsTravelThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for verdict, name := range map[mail.Verdict]string{
		mail.VerdictTemporary: "temporary",
		mail.VerdictPermanent: "permanent",
		mail.VerdictUnknown:   "unknown",
		99:                    "unknown",
	} {
		err := error(&mail.SendError{Verdict: verdict, Err: cause})
		require.Equal(t, verdict, mail.VerdictOf(fmt.Errorf("outer: %w", err)))
		require.ErrorIs(t, err, cause)
		require.Equal(t, name, verdict.String())
		require.Equal(t, "mail: "+name+" failure: cause", err.Error())
	}

	require.Equal(t, "mail: permanent failure",
		(&mail.SendError{Verdict: mail.VerdictPermanent}).Error())
	require.Equal(t, mail.VerdictUnknown, mail.VerdictOf(cause),
		"an error that does not say may hide a delivery")
	require.Equal(t, mail.VerdictUnknown, mail.VerdictOf(nil))
}

func TestAFunctionIsAMailer(t *testing.T) {
	t.Parallel()
	var got mail.Message
	keep := func(_ context.Context, msg mail.Message) error {
		got = msg
		return nil
	}
	var mailer mail.Mailer = mail.MailerFunc(keep)
	require.NoError(t, mailer.Send(t.Context(), plainMessage(nil)))
	require.Equal(t, "fixed-id", got.ID)
}
