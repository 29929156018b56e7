package smtpmail_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

func TestInternationalDomainsTravelAsALabels(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, nil)
	msg := message()
	msg.To = "user@bücher.example"
	msg.From = "Bücher, GmbH <no-reply@bücher.example>"
	msg.ReplyTo = "hilfe@straße.example"

	require.Error(t, m.Send(t.Context(), msg),
		"a display name with a comma must be quoted")

	msg.From = `"Bücher, GmbH" <no-reply@BÜCHER.example>`
	require.NoError(t, m.Send(t.Context(), msg))
	require.Equal(t,
		[]string{"MAIL FROM:<no-reply@xn--bcher-kva.example> BODY=8BITMIME"},
		s.said("MAIL"))
	require.Equal(t, []string{"RCPT TO:<user@xn--bcher-kva.example>"},
		s.said("RCPT"))

	got := s.received()[0]
	require.Contains(t, got, "To: user@xn--bcher-kva.example\r\n")
	require.Contains(t, got,
		"Message-ID: <stable-id@xn--bcher-kva.example>\r\n")
	require.Contains(t, got, "Reply-To: hilfe@xn--strae-oqa.example\r\n")
	require.Contains(t, got,
		"From: =?utf-8?q?B=C3=BCcher=2C_GmbH?= <no-reply@xn--bcher-kva.example>\r\n")
}

func TestLookAlikeDomainsInStandInLettersAreRefused(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, nil)

	for _, to := range []string{
		"u@ｅｘample.test", "u@\u212Aelvin.test", "u@example.ｔｅｓｔ",
		"u@a\u3002test",
		"u@xn--a\u00fc.test",
	} {
		msg := message()
		msg.To = to
		err := m.Send(t.Context(), msg)
		require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err), "%q", to)
		require.NotContains(t, err.Error(), "test")
	}

	require.Zero(t, s.connections())
}

func TestLocalPartsOutsideASCIINeedSMTPUTF8(t *testing.T) {
	t.Parallel()
	msg := message()
	msg.To = "josé@bücher.example"

	without := &server{}
	err := client(t, without, nil).Send(t.Context(), msg)
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	require.ErrorContains(t, err, "SMTPUTF8")
	require.NotContains(t, err.Error(), "jos")
	require.Empty(t, without.said("MAIL"))

	with := &server{extensions: []string{"AUTH PLAIN", "8BITMIME", "SMTPUTF8"}}
	m := client(t, with, nil)
	require.NoError(t, m.Send(t.Context(), msg))
	require.Equal(t, []string{"RCPT TO:<josé@xn--bcher-kva.example>"},
		with.said("RCPT"))
	require.NoError(t, m.Send(t.Context(), message()))
	require.Equal(t, []string{
		"MAIL FROM:<no-reply@app.test> BODY=8BITMIME SMTPUTF8",
		"MAIL FROM:<no-reply@app.test> BODY=8BITMIME",
	}, with.said("MAIL"), "only messages that need it ask for it")
}

func TestARefusalForSMTPUTF8KeepsTheConnection(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, func(cfg *smtpmail.Config) { cfg.MaxConnections = 1 })
	msg := message()
	msg.To = "josé@destination.test"
	require.Error(t, m.Send(t.Context(), msg))
	require.NoError(t, m.Send(t.Context(), message()))
	require.Equal(t, 1, s.connections())
}
