package smtpmail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

func TestNewRefusesWhatIsMissingOrWeakAndNamesTheFieldAlone(t *testing.T) {
	t.Parallel()
	access := func(context.Context) (string, error) { return "", nil }
	cases := map[string]struct {
		cfg  smtpmail.Config
		want string
	}{
		"nothing": {smtpmail.Config{},
			"Config.URL and Config.Host are both empty"},
		"URL that does not parse": {smtpmail.Config{URL: "smtp://u:hunter2@host:port"},
			"Config.URL is invalid"},
		"password with a bare slash": {smtpmail.Config{URL: "smtps://u:hunter2/x@host"},
			"Config.URL is invalid"},
		"percent sign in password": {smtpmail.Config{URL: "smtps://u:hunter2%zz@host"},
			"Config.URL is invalid"},
		"no scheme": {smtpmail.Config{URL: "hunter2"},
			"Config.URL is invalid"},
		"no host": {smtpmail.Config{URL: "smtp://u:hunter2@"},
			"Config.URL is invalid"},
		"another scheme": {smtpmail.Config{URL: "http://u:hunter2@host"},
			"scheme"},
		"an option nobody reads": {smtpmail.Config{URL: "smtp://u:hunter2@host?tls=off"},
			"after the port"},
		"a path": {smtpmail.Config{URL: "smtp://u:hunter2@host/inbox"},
			"after the port"},
		"a fragment": {smtpmail.Config{URL: "smtp://u:hunter2@host#x"},
			"after the port"},
		"port zero": {smtpmail.Config{URL: "smtp://u:hunter2@host:0"},
			"port"},
		"port too large": {smtpmail.Config{URL: "smtp://u:hunter2@host:65536"},
			"Config.Port"},
		"negative port": {smtpmail.Config{Host: "h", Port: -1},
			"Config.Port"},
		"URL and Host": {smtpmail.Config{URL: "smtp://host",
			Host: "host"}, "together with"},
		"host with a line break": {smtpmail.Config{Host: "h\r\nRSET"},
			"Config.Host"},
		"host with a space": {smtpmail.Config{Host: "h RSET"},
			"Config.Host"},
		"credentials in clear": {smtpmail.Config{URL: "insecure-smtp://u:hunter2@host"},
			"never sent in clear"},
		"user in clear": {smtpmail.Config{URL: "insecure-smtp://u@host"},
			"never sent in clear"},
		"TLS and no TLS": {smtpmail.Config{Host: "h", ImplicitTLS: true,
			InsecureNoTLS: true}, "ImplicitTLS and Config.InsecureNoTLS"},
		"user without password": {smtpmail.Config{URL: "smtp://u@host"},
			"Config.Password is empty"},
		"password without user": {smtpmail.Config{URL: "smtp://:hunter2@host"},
			"Config.Username is empty"},
		"two secrets": {smtpmail.Config{Host: "h", Username: "u",
			Password: "hunter2", AccessToken: access}, "both set"},
		"NUL in the user name": {smtpmail.Config{Host: "h",
			Username: "u\x00admin", Password: "hunter2"}, "control characters"},
		"hello with a line break": {smtpmail.Config{Host: "h",
			Hello: "x\r\nMAIL"}, "Config.Hello"},
		"envelope address": {smtpmail.Config{Host: "h",
			EnvelopeFrom: "Bounces <b@app.test>"}, "Config.EnvelopeFrom"},
		"timeout above the ceiling": {smtpmail.Config{Host: "h",
			Timeout: 10*time.Minute + 1}, "Config.Timeout"},
		"negative timeout": {smtpmail.Config{Host: "h", Timeout: -1},
			"Config.Timeout"},
		"idle above the ceiling": {smtpmail.Config{Host: "h",
			IdleTimeout: 5*time.Minute + 1}, "Config.IdleTimeout"},
		"negative connections": {smtpmail.Config{Host: "h",
			MaxConnections: -1}, "Config.MaxConnections"},
	}

	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := smtpmail.New(c.cfg)
			require.Nil(t, m)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestURLsThatNameAServerAreAccepted(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"smtp://smtp.example", "smtp://smtp.example:2525/", "smtps://u:p@smtp.example", "smtps://user%40app.test:p%2Fa%3Ass%25@smtp.example:465",
		"smtp://[::1]:587", "smtp://127.0.0.1", "insecure-smtp://127.0.0.1:1025",
	} {
		_, err := smtpmail.New(smtpmail.Config{URL: url})
		require.NoError(t, err, url)
	}
}

// host is a program's own struct, whose fields fmt may look into but not call
// methods of.
type host struct{ mailer *smtpmail.Mailer }

func TestConfigAndMailerPrintWithoutCredentials(t *testing.T) {
	t.Parallel()
	cfg := smtpmail.Config{Host: "smtp.example", Username: "canary-user",
		Password: "canary-password"}
	m, err := smtpmail.New(cfg)
	require.NoError(t, err)

	inURL := smtpmail.Config{URL: "smtps://canary-user:canary-password@smtp.example"}
	var logged bytes.Buffer
	for _, value := range []any{
		cfg, &cfg, m, struct{ C smtpmail.Config }{cfg}, inURL, host{m}, &host{m},
	} {
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "value", value)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&logged, verb+"\n", value)
		}

		if encoded, err := json.Marshal(value); err == nil {
			logged.Write(encoded)
		}
	}

	require.NotContains(t, logged.String(), "canary")
	require.NotContains(t, logged.String(), fmt.Sprintf("%x", "canary"))
}
