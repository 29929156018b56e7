package smtpmail_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

const (
	testUser     = "mailer-account"
	testPassword = "correct-horse-battery"
	testTo       = "recipient.name@destination.test"
	testLink     = "https://app.test/reset-password#token=live-secret"
)

func message() mail.Message {
	return mail.Message{
		ID: "stable-id", Kind: mail.KindReset, Locale: "en",
		From: "App <no-reply@app.test>", To: testTo,
		Subject: "Reset your App password",
		Text:    "Open this:\n\n" + testLink + "\n",
		HTML:    `<p><a href="` + testLink + `">Open</a></p>`,
		Date:    time.Date(2026, 11, 21, 2, 10, 0, 0, time.UTC),
	}
}

// client returns a mailer for a scripted server that speaks STARTTLS and offers
// AUTH PLAIN.
func client(t *testing.T, s *server,
	change func(*smtpmail.Config),
) *smtpmail.Mailer {
	t.Helper()
	ca := newAuthority(t)
	if s.tls == nil {
		s.tls = ca.good(t)
	}
	if s.extensions == nil {
		s.extensions = []string{"AUTH PLAIN LOGIN", "8BITMIME"}
	}
	cfg := smtpmail.Config{RootCAs: ca.pool}

	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	cfg.URL = fmt.Sprintf("%s://%s:%s@%s", scheme, testUser, testPassword,
		s.start(t))
	if change != nil {
		change(&cfg)
	}

	m, err := smtpmail.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// at scripts one action for one verb on every connection.
func at(verb, action string) func(int, string) string {
	return func(_ int, v string) string {
		if v == verb {
			return action
		}
		return ""
	}
}

// discreet fails when an error gives away what no log may hold.
func discreet(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{
			e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e),
		} {
			for _, secret := range []string{
				testTo, "recipient.name", testPassword, testUser, testLink,
				"live-secret", "\n", "\r", "\x1b",
			} {
				require.NotContains(t, text, secret)
			}
		}
	}
}

// noGoroutines waits until nothing of this package's client keeps running.
func noGoroutines(t *testing.T) {
	t.Helper()
	var stacks string
	require.Eventually(t, func() bool {
		buf := make([]byte, 1<<20)
		stacks = string(buf[:runtime.Stack(buf, true)])
		return !strings.Contains(stacks, "smtpmail.(*")
	}, 5*time.Second, 5*time.Millisecond, "%s", &stacks)
}
