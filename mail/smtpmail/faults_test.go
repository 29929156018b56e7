package smtpmail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

var stages = []struct {
	verb  string
	stage string
}{
	{"BANNER", "greeting"},
	{"EHLO", "hello"},
	{"STARTTLS", "tls"},
	{"AUTH", "auth"},
	{"MAIL", "sender"},
	{"RCPT", "rcpt"},
	{"DATA", "data"},
	{"DOT", "accept"},
}

func TestEachReplyAtEachStageHasTheVerdictOfItsClass(t *testing.T) {
	t.Parallel()
	replies := []string{
		"421", "450", "451", "452", "454", "530", "535", "550", "552", "553",
		"554",
	}

	for _, st := range stages {
		for _, code := range replies {
			t.Run(st.verb+" "+code, func(t *testing.T) {
				t.Parallel()
				verdict := mail.VerdictTemporary
				if code[0] == '5' {
					verdict = mail.VerdictPermanent
				}
				// The words quote the recipient and would write a second line
				// into the log.
				hostile := code + "-" + code[:1] + ".7.1 <" + testTo +
					"> refused\x1b[31m\r\n" + code + " " + code[:1] +
					".7.1 see " +
					testLink + "\x00"
				s := &server{on: at(st.verb, hostile)}

				err := client(t, s, nil).Send(t.Context(), message())
				require.Error(t, err)
				require.Equal(t, verdict, mail.VerdictOf(err))

				cause, ok := errors.AsType[*smtpmail.Error](err)
				require.True(t, ok)
				require.Equal(t, st.stage, cause.Stage)
				require.Equal(t, code, fmt.Sprint(cause.Code))
				require.Equal(t, code[:1]+".7.1", cause.Status)
				discreet(t, err)
				t.Logf("%-9s %s -> %-9s %v", st.verb, code, verdict, err)
			})
		}
	}
}

func TestEachBreakAtEachStageHasTheVerdictOfTheTable(t *testing.T) {
	t.Parallel()
	for _, st := range append(stages, struct {
		verb  string
		stage string
	}{"TLS", "tls"}) {
		for _, action := range []string{
			drop, reset, hang, "999 what", "hello there",
			strings.Repeat("250-more\r\n", 200_000),
		} {
			name := action[:min(len(action), 11)]
			t.Run(st.verb+" "+name, func(t *testing.T) {
				t.Parallel()
				if st.verb == "TLS" && len(action) > len(reset) {
					t.Skip("a handshake has no replies")
				}
				verdict := mail.VerdictTemporary
				if st.verb == "DOT" {
					verdict = mail.VerdictUnknown
				}
				s := &server{on: at(st.verb, action)}

				m := client(t, s, func(cfg *smtpmail.Config) {
					if action == hang {
						cfg.Timeout = 300 * time.Millisecond
					}
				})

				err := m.Send(t.Context(), message())
				require.Error(t, err)
				require.Equal(t, verdict, mail.VerdictOf(err), "%v", err)

				cause, ok := errors.AsType[*smtpmail.Error](err)
				require.True(t, ok)
				// the kernel may see the reset first
				if cause.Stage != "connect" || st.verb != "BANNER" {
					require.Equal(t, st.stage, cause.Stage)
				}
				discreet(t, err)
				t.Logf("%-9s %-11q -> %-9s %v", st.verb, name, verdict, err)
			})
		}
	}
}

func TestAConnectionThatBreaksBeforeTheFinalDotIsTemporary(t *testing.T) {
	t.Parallel()
	for _, action := range []string{drop, reset} {
		s := &server{on: at("BODY", action)}
		m := client(t, s, nil)
		msg := message()
		// More than fits into the buffers on the way, so that the client
		// notices while it still writes.
		msg.Text = strings.Repeat("a line of text that fills the buffers\n",
			1<<19)
		err := m.Send(t.Context(), msg)
		require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err), "%v", err)

		cause, ok := errors.AsType[*smtpmail.Error](err)
		require.True(t, ok)
		require.Equal(t, "data", cause.Stage)
		discreet(t, err)
	}
}

// Over a pipe a write fails at once when the other side is gone, here the one
// that holds the final dot.
func TestAFinalDotThatWasNeverSentIsTemporary(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	go func() {
		defer func() { _ = far.Close() }()
		r := bufio.NewReader(far)
		for _, reply := range []string{
			"220 hi", "250 hi", "250 ok", "250 ok", "354 go on",
		} {
			if _, err := far.Write([]byte(reply + "\r\n")); err != nil ||
				reply == "354 go on" {
				return
			}
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
		}
	}()

	err := smtpmail.DeliverOver(t.Context(), near, message())
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err), "%v", err)

	cause, _ := errors.AsType[*smtpmail.Error](err)
	require.Equal(t, "data", cause.Stage)
}

func TestAcceptedThenBrokenIsSuccessAndNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"QUIT", "RSET", "NOOP"} {
		for _, action := range []string{drop, reset, "421 going down"} {
			s := &server{on: at(verb, action)}
			m := client(t, s, nil)
			require.NoError(t, m.Send(t.Context(), message()))
			require.NoError(t, m.Close())
			require.Len(t, s.received(), 1)
		}
	}
}

func TestARefusedConnectionIsTemporary(t *testing.T) {
	t.Parallel()
	s := &server{}
	m := client(t, s, nil)
	require.NoError(t, s.listener.Close())
	err := m.Send(t.Context(), message())
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err))
	discreet(t, err)
}

func TestCancellingEndsTheDialogueAtEveryStage(t *testing.T) {
	for _, st := range append(stages, struct {
		verb  string
		stage string
	}{"TLS", "tls"}) {
		t.Run(st.verb, func(t *testing.T) {
			verdict := mail.VerdictTemporary
			if st.verb == "DOT" {
				verdict = mail.VerdictUnknown
			}
			// Load on the machine can delay one run. A client that does not
			// listen to ctx fails all of them.
			best := time.Hour

			for range 3 {
				s := &server{on: at(st.verb, hang)}
				m := client(t, s, func(cfg *smtpmail.Config) {
					cfg.Timeout = 10 * time.Minute
				})
				ctx, cancel := context.WithCancel(t.Context())
				result := make(chan error, 1)
				go func() { result <- m.Send(ctx, message()) }()

				require.Equal(t, st.verb, <-s.reached)
				start := time.Now()
				cancel()
				err := <-result
				best = min(best, time.Since(start))
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, verdict, mail.VerdictOf(err))
				discreet(t, err)
				require.NoError(t, m.Close())
			}

			require.Less(t, best, 100*time.Millisecond)
			t.Logf("%-9s returned %v after cancel", st.verb,
				best.Round(10*time.Microsecond))
		})
	}

	noGoroutines(t)
}

func TestCancellingEndsTheWaitForAConnection(t *testing.T) {
	t.Parallel()
	s := &server{on: at("MAIL", hang)}
	m := client(t, s, func(cfg *smtpmail.Config) { cfg.MaxConnections = 1 })
	first, cancelFirst := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- m.Send(first, message()) }()
	<-s.reached
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	err := m.Send(ctx, message())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err))
	require.Equal(t, 1, s.connections())
	cancelFirst()
	require.Error(t, <-result)
}
