package smtptest_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

// backend takes mails from an account that has logged in.
type backend struct {
	mechanism string
	refuse    map[string]error // by stage: auth, mail, rcpt, data

	mu       sync.Mutex
	sessions int
	utf8     []bool
	rcpts    []string
	contents []string
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sessions++
	return &session{b: b}, nil
}

type session struct {
	b    *backend
	user string
}

func (s *session) AuthMechanisms() []string { return []string{s.b.mechanism} }

func (s *session) Auth(string) (sasl.Server, error) {
	check := func(user, password string) error {
		if err := s.b.refuse["auth"]; err != nil {
			return err
		}
		if user != "account" || password != "pass word/ü" {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}

	if s.b.mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		return check(user, password)
	}), nil
}

// loginServer is the server's half of LOGIN, which go-sasl has no more.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *session) Mail(_ string, opts *smtp.MailOptions) error {
	if s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.utf8 = append(s.b.utf8, opts.UTF8)
	return s.b.refuse["mail"]
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.rcpts = append(s.b.rcpts, to)
	return s.b.refuse["rcpt"]
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.contents = append(s.b.contents, string(content))
	return s.b.refuse["data"]
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// serve starts emersion/go-smtp and returns a mailer for it.
func serve(t *testing.T, b *backend, implicit bool,
	change func(*smtp.Server),
) *smtpmail.Mailer {
	t.Helper()
	config, pool, _, _ := certificate(t)
	if b.mechanism == "" {
		b.mechanism = sasl.Plain
	}
	server := smtp.NewServer(b)
	server.TLSConfig = config
	if change != nil {
		change(server)
	}

	var listen net.ListenConfig
	listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)

	scheme := "smtp"
	if implicit {
		scheme = "smtps"
		listener = tls.NewListener(listener, config)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	mailer, err := smtpmail.New(smtpmail.Config{URL: scheme +
		"://account:pass%20word%2F%C3%BC@localhost:" + port, RootCAs: pool})
	require.NoError(t, err)

	t.Cleanup(func() {
		require.NoError(t, mailer.Close())
		_ = server.Close()
		t.Log(<-done)
	})

	return mailer
}

func TestGoSMTPTakesEveryMail(t *testing.T) {
	for _, c := range []struct {
		name      string
		mechanism string
		implicit  bool
	}{
		{"STARTTLS and PLAIN", sasl.Plain, false},
		{"implicit TLS and LOGIN", sasl.Login, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t) }) // runs last
			b := &backend{mechanism: c.mechanism}
			mailer := serve(t, b, c.implicit, nil)

			for _, kind := range mail.BuiltInKinds() {
				msg := sample(t, kind, "fr")
				require.NoError(t, mailer.Send(t.Context(), msg))

				want, err := mail.Encode(msg)
				require.NoError(t, err)
				require.Equal(t, string(want), b.contents[len(b.contents)-1])
			}

			require.Equal(t, 1, b.sessions-boolInt(!c.implicit),
				"one connection; go-smtp starts another session after STARTTLS")
		})
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestGoSMTPWithAndWithoutSMTPUTF8(t *testing.T) {
	for _, offered := range []bool{false, true} {
		b := &backend{}
		mailer := serve(t, b, false, func(s *smtp.Server) {
			s.EnableSMTPUTF8 = offered
		})
		msg := sample(t, mail.KindReset, "es")
		msg.To = "josé@bücher.example"
		err := mailer.Send(t.Context(), msg)

		require.Equal(t, offered, err == nil, "%v", err)
		if !offered {
			require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
			require.Empty(t, b.utf8)
			continue
		}

		require.Equal(t, []bool{true}, b.utf8)
		require.Equal(t, []string{"josé@xn--bcher-kva.example"}, b.rcpts)

		parsed, err := netmail.ReadMessage(bytes.NewReader([]byte(b.contents[0])))
		require.NoError(t, err)
		require.Equal(t, "josé@xn--bcher-kva.example", parsed.Header.Get("To"))
	}
}

func TestGoSMTPRefusalsHaveTheirVerdicts(t *testing.T) {
	for stage, cases := range map[string]map[int]mail.Verdict{
		"auth": {454: mail.VerdictTemporary, 535: mail.VerdictPermanent},
		"mail": {451: mail.VerdictTemporary, 553: mail.VerdictPermanent},
		"rcpt": {450: mail.VerdictTemporary, 550: mail.VerdictPermanent},
		"data": {452: mail.VerdictTemporary, 554: mail.VerdictPermanent},
	} {
		for code, want := range cases {
			b := &backend{refuse: map[string]error{stage: &smtp.SMTPError{
				Code:         code,
				EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1},
				Message:      "no mail for <ana@destination.example>",
			}}}
			err := serve(t, b, false, nil).Send(t.Context(),
				sample(t, mail.KindReset, "en"))

			require.Equal(t, want, mail.VerdictOf(err), "%s %d: %v", stage,
				code, err)
			cause, ok := errors.AsType[*smtpmail.Error](err)
			require.True(t, ok)
			require.Equal(t, code, cause.Code)
			require.NotContains(t, err.Error(), "ana@")
		}
	}
}

func TestGoSMTPDropsTheConnectionAfterSomeMails(t *testing.T) {
	b := &backend{}
	mailer := serve(t, b, false, func(s *smtp.Server) {
		s.MaxMessageBytes = 1 << 20
	})
	big := sample(t, mail.KindReset, "en")
	big.Text += strings.Repeat("x", 2<<20)
	err := mailer.Send(t.Context(), big)
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err), "%v", err)
	require.NoError(t,
		mailer.Send(t.Context(), sample(t, mail.KindReset, "en")),
		"the next mail is not hurt by it")
}
