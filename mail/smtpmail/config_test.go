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

// Every one of them holds the password hunter2, where there is room for one.
func TestNewRefusesURLsThatAreNotOneAndDoesNotShowThem(t *testing.T) {
	t.Parallel()
	const (
		invalid = "Config.URL is invalid"
		after   = "after the port"
	)
	for name, c := range map[string]struct{ url, want string }{
		"URL that does not parse":    {"smtp://u:hunter2@host:port", invalid},
		"password with a bare slash": {"smtps://u:hunter2/x@host", invalid},
		"percent sign in password":   {"smtps://u:hunter2%zz@host", invalid},
		"no scheme":                  {"hunter2", invalid},
		"no host":                    {"smtp://u:hunter2@", invalid},
		"another scheme":             {"http://u:hunter2@host", "scheme"},
		"an option nobody reads":     {"smtp://u:hunter2@host?tls=off", after},
		"a path":                     {"smtp://u:hunter2@host/inbox", after},
		"a fragment":                 {"smtp://u:hunter2@host#x", after},
		"port zero":                  {"smtp://u:hunter2@host:0", "port"},
		"port too large": {
			"smtp://u:hunter2@host:65536", "Config.Port",
		},
		"credentials in clear": {
			"insecure-smtp://u:hunter2@host", "in clear",
		},
		"user in clear": {"insecure-smtp://u@host", "in clear"},
		"user without password": {
			"smtp://u@host", "Config.Password is empty",
		},
		"password without user": {
			"smtp://:hunter2@host", "Username is empty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, smtpmail.Config{URL: c.url}, c.want)
		})
	}
}

func refused(t *testing.T, cfg smtpmail.Config, want string) {
	t.Helper()
	m, err := smtpmail.New(cfg)
	require.Nil(t, m)
	require.ErrorContains(t, err, want)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestNewRefusesWhatIsMissingOrWeakAndNamesTheFieldAlone(t *testing.T) {
	t.Parallel()
	refused(t, smtpmail.Config{}, "Config.URL and Config.Host are both empty")
	for name, c := range map[string]struct {
		want   string
		change func(*smtpmail.Config)
	}{
		"negative port": {"Config.Port is -1", func(c *smtpmail.Config) {
			c.Port = -1
		}},
		"URL and Host": {"together with", func(c *smtpmail.Config) {
			c.URL = "smtp://host"
		}},
		"host with a line break": {"Config.Host", func(c *smtpmail.Config) {
			c.Host = "h\r\nRSET"
		}},
		"host with a space": {"Config.Host", func(c *smtpmail.Config) {
			c.Host = "h RSET"
		}},
		"TLS and no TLS": {"want one at most", func(c *smtpmail.Config) {
			c.ImplicitTLS, c.InsecureNoTLS = true, true
		}},
		"two secrets": {"both set", func(c *smtpmail.Config) {
			c.Username, c.Password = "u", "hunter2"
			c.AccessToken = func(context.Context) (string, error) {
				return "", nil
			}
		}},
		"NUL in the user name": {
			"control characters",
			func(c *smtpmail.Config) {
				c.Username, c.Password = "u\x00admin", "hunter2"
			},
		},
		"hello with a line break": {"Config.Hello", func(c *smtpmail.Config) {
			c.Hello = "x\r\nMAIL"
		}},
		"envelope address": {"Config.EnvelopeFrom", func(c *smtpmail.Config) {
			c.EnvelopeFrom = "Bounces <b@app.test>"
		}},
		"timeout above the ceiling": {
			"Config.Timeout",
			func(c *smtpmail.Config) {
				c.Timeout = 10*time.Minute + 1
			},
		},
		"negative timeout": {"Config.Timeout", func(c *smtpmail.Config) {
			c.Timeout = -1
		}},
		"idle above the ceiling": {"IdleTimeout", func(c *smtpmail.Config) {
			c.IdleTimeout = 5*time.Minute + 1
		}},
		"negative connections": {"MaxConnections", func(c *smtpmail.Config) {
			c.MaxConnections = -1
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := smtpmail.Config{Host: "h"}
			c.change(&cfg)
			refused(t, cfg, c.want)
		})
	}
}

func TestURLsThatNameAServerAreAccepted(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"smtp://smtp.example", "smtp://smtp.example:2525/",
		"smtps://u:p@smtp.example",
		"smtps://user%40app.test:p%2Fa%3Ass%25@smtp.example:465",
		"smtp://[::1]:587", "smtp://127.0.0.1",
		"insecure-smtp://127.0.0.1:1025",
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
	cfg := smtpmail.Config{
		Host: "smtp.example", Username: "canary-user",
		Password: "canary-password",
	}
	m, err := smtpmail.New(cfg)
	require.NoError(t, err)

	inURL := smtpmail.Config{
		URL: "smtps://canary-user:canary-password@smtp.example",
	}
	var logged bytes.Buffer
	for _, value := range []any{
		cfg, &cfg, m, inURL,
		host{m},
		&host{m},
		struct{ C smtpmail.Config }{cfg},
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
