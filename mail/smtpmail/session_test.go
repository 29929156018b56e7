package smtpmail_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

func TestABurstGoesThroughOneConnectionWithoutGrowth(t *testing.T) {
	s := &server{}
	m := client(t, s, nil)
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}

	send := func(from, n int) {
		for i := range n {
			msg := message()
			msg.ID = fmt.Sprintf("mail-%d", from+i)
			require.NoError(t, m.Send(t.Context(), msg))
		}

		s.mu.Lock()
		defer s.mu.Unlock()
		require.Len(t, s.messages, n)

		s.messages, s.commands = nil, nil
	}

	send(0, 100)
	before := heap()
	start := time.Now()
	send(100, 1000)
	took := time.Since(start)
	after := heap()

	require.Equal(t, 1, s.connections())
	require.Less(t, after, before+1<<20)
	t.Logf("1000 mails in %v: %.0f a second; heap %d -> %d bytes",
		took.Round(time.Millisecond), 1000/took.Seconds(), before, after)
}

func TestParallelSendsUseNoMoreConnectionsThanAllowed(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, func(cfg *smtpmail.Config) { cfg.MaxConnections = 3 })
	var wg sync.WaitGroup
	errs := make([]error, 60)

	for i := range errs {
		wg.Go(func() {
			msg := message()
			msg.ID = fmt.Sprintf("mail-%d", i)
			errs[i] = m.Send(t.Context(), msg)
		})
	}

	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}

	require.Len(t, s.received(), 60)
	require.LessOrEqual(t, s.connections(), 3)
}

func TestAnIdleConnectionThatTheServerDroppedIsReplacedUnnoticed(t *testing.T) {
	t.Parallel()
	for _, action := range []string{
		drop, reset,
		"421 4.4.2 idle for too long",
	} {
		first := true
		s := &server{on: func(conn int, verb string) string {
			if conn == 1 && verb == "MAIL" {
				if first {
					first = false
					return ""
				}
				return action
			}

			return ""
		}}

		m := client(t, s, nil)
		require.NoError(t, m.Send(t.Context(), message()))
		require.NoError(t, m.Send(t.Context(), message()))
		require.Len(t, s.received(), 2)
		require.Equal(t, 2, s.connections())
	}
}

func TestANewConnectionThatFailsIsNotRetried(t *testing.T) {
	t.Parallel()
	s := &server{on: at("MAIL", drop)}
	err := client(t, s, nil).Send(t.Context(), message())
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err))
	require.Equal(t, 1, s.connections())
}

func TestARefusedRecipientDoesNotCostTheConnection(t *testing.T) {
	t.Parallel()
	refuse := true
	s := &server{on: func(_ int, verb string) string {
		if verb == "RCPT" && refuse {
			refuse = false
			return "550 5.1.1 nobody of that name"
		}
		return ""
	}}

	m := client(t, s, nil)
	require.Error(t, m.Send(t.Context(), message()))
	require.NoError(t, m.Send(t.Context(), message()))
	require.Equal(t, 1, s.connections())
	require.Len(t, s.said("RSET"), 1)
}

func TestAFailedResetLeadsToANewConnection(t *testing.T) {
	t.Parallel()
	for _, action := range []string{drop, "500 what", "421 bye"} {
		s := &server{on: func(conn int, verb string) string {
			switch {
			case conn == 1 && verb == "RCPT":
				return "550 5.1.1 no"
			case verb == "RSET":
				return action
			}

			return ""
		}}

		m := client(t, s, nil)
		require.Error(t, m.Send(t.Context(), message()))
		require.NoError(t, m.Send(t.Context(), message()))
		require.Equal(t, 2, s.connections())
	}
}

func TestIdleConnectionsSayGoodbyeAndLeaveNothingBehind(t *testing.T) {
	s := &server{}
	m := client(t, s, func(cfg *smtpmail.Config) {
		cfg.IdleTimeout = time.Millisecond
	})
	require.NoError(t, m.Send(t.Context(), message()))
	require.Eventually(t, func() bool {
		return len(s.said("QUIT")) == 1
	}, 5*time.Second, time.Millisecond)
	noGoroutines(t)

	s = &server{}
	m = client(t, s, nil)
	require.NoError(t, m.Send(t.Context(), message()))
	require.NoError(t, m.Close())
	require.Len(t, s.said("QUIT"), 1)
	require.NoError(t, m.Close())
	require.NoError(t, m.Send(t.Context(), message()),
		"a mail that comes after Close is still delivered")
	require.Eventually(t, func() bool {
		return len(s.said("QUIT")) == 2
	}, 5*time.Second, time.Millisecond)

	noGoroutines(t)
}

func TestCheckSaysWhetherMailCouldBeSentAndSendsNone(t *testing.T) {
	t.Parallel()
	s := &server{}
	require.NoError(t, client(t, s, nil).Check(t.Context()))
	require.Len(t, s.said("AUTH"), 1)
	require.Empty(t, s.said("MAIL"))
	bad := &server{on: at("AUTH", "535 5.7.8 no")}
	err := client(t, bad, nil).Check(t.Context())
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	discreet(t, err)
}

func TestTheEnvelopeIsExactlyTheTwoAddresses(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, func(cfg *smtpmail.Config) {
		cfg.EnvelopeFrom = "bounces@app.test"
	})
	require.NoError(t, m.Send(t.Context(), message()))
	require.Equal(t, []string{"MAIL FROM:<bounces@app.test> BODY=8BITMIME"},
		s.said("MAIL"))
	require.Equal(t, []string{"RCPT TO:<" + testTo + ">"}, s.said("RCPT"))
	require.Equal(t, []string{"EHLO [127.0.0.1]", "EHLO [127.0.0.1]"},
		s.said("EHLO"))
	require.Contains(t, s.received()[0],
		"From: \"App\" <no-reply@app.test>\r\n")
}

//lostkey:covers ASVS-1.3.11 CWE-93
func TestNoFieldOfAMessageReachesTheWireAsACommandOrAHeader(t *testing.T) {
	t.Parallel()
	s := &server{extensions: []string{
		"AUTH PLAIN", "SMTPUTF8", "8BITMIME", "DSN",
	}}
	m := client(t, s, nil)
	payloads := []string{
		"\r\nBcc: evil@evil.test", "\nRCPT TO:<evil@evil.test>", "\rX: y",
		"\x00",
		"\x0b", "\u2028X", "\u202e",
	}

	fields := map[string]func(*mail.Message, string){
		"From": func(m *mail.Message, p string) {
			m.From = "App" + p + " <no-reply@app.test>"
		},
		"From address": func(m *mail.Message, p string) {
			m.From = "no-reply@app.test" + p
		},
		"To": func(m *mail.Message, p string) { m.To += p },
		"ReplyTo": func(m *mail.Message, p string) {
			m.ReplyTo = "help@app.test" + p
		},
		"Subject": func(m *mail.Message, p string) { m.Subject += p },
		"ID":      func(m *mail.Message, p string) { m.ID += p },
		"Locale":  func(m *mail.Message, p string) { m.Locale += p },
		"header value": func(m *mail.Message, p string) {
			m.Headers = map[string]string{"Feedback-ID": "reset" + p}
		},
		"header name": func(m *mail.Message, p string) {
			m.Headers = map[string]string{"Feedback-ID" + p: "reset"}
		},
	}

	for name, set := range fields {
		for _, payload := range payloads {
			msg := message()
			set(&msg, payload)
			err := m.Send(t.Context(), msg)
			require.Error(t, err, "%s %q", name, payload)
			require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
			discreet(t, err)
		}
	}

	for _, to := range []string{
		`"u@app.test> ORCPT=rfc822;evil <x"@app.test`,
		"a@b.test> NOTIFY=SUCCESS <z",
		"a@b.test,c@d.test", "Ana <a@b.test>",
		"a@b.test (comment)", "group: a@b.test;", "a@[127.0.0.1]",
		"a@localhost",
		"-oQ/tmp@b.test", "a%b.test@c.test", "a@b.test.", " a@b.test",
	} {
		msg := message()
		msg.To = to
		require.Error(t, m.Send(t.Context(), msg), to)
	}

	require.Zero(t, s.connections(), "checks come before anything is dialled")
}

//lostkey:covers ASVS-1.3.11
func TestABodyCannotEndTheContentEarly(t *testing.T) {
	t.Parallel()
	s := &server{}
	msg := message()
	msg.Text = ".\r\n.\r\nMAIL FROM:<evil@evil.test>\n.\n..\r.\r" + testLink
	require.NoError(t, client(t, s, nil).Send(t.Context(), msg))
	require.Len(t, s.received(), 1)
	require.Len(t, s.said("MAIL"), 1)
	require.Contains(t, s.received()[0],
		"\r\n..\r\nMAIL FROM:<evil@evil.test>\r\n")
}

func TestRetriesCarryTheSameBytes(t *testing.T) {
	t.Parallel()
	attempts := 0
	s := &server{on: func(_ int, verb string) string {
		if verb == "DOT" {
			if attempts++; attempts == 1 {
				return "451 4.7.1 greylisted"
			}
		}

		return ""
	}}

	m := client(t, s, nil)
	require.Equal(t, mail.VerdictTemporary,
		mail.VerdictOf(m.Send(t.Context(), message())))
	require.NoError(t, m.Send(t.Context(), message()))

	got := s.received()
	require.Equal(t, got[0], got[1])
	require.Contains(t, got[1], "Message-ID: <stable-id@app.test>\r\n")
	require.Equal(t, 1, strings.Count(got[1], "Message-ID:"))
}
