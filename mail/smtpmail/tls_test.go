package smtpmail_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
	"github.com/stretchr/testify/require"
)

//lostkey:covers ASVS-12.3.1 ASVS-12.3.2
func TestNothingIsSaidToAServerThatCannotBeTrusted(t *testing.T) {
	t.Parallel()

	ca := newAuthority(t)
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	old := ca.good(t)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11

	for name, c := range map[string]struct {
		tls    *tls.Config // nil: no STARTTLS, or an offer cut out on the way
		reason string
	}{
		"no STARTTLS":       {nil, "does not offer STARTTLS"},
		"unknown authority": {newAuthority(t).good(t), "unknown authority"},
		"another name": {
			ca.serverFor(t, "other.test", soon), "not localhost",
		},
		"expired":         {ca.serverFor(t, "localhost", past), "expired"},
		"TLS 1.1 at most": {old, "the server refused the TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{tls: c.tls, extensions: []string{"AUTH PLAIN LOGIN"}}
			nothingIsSaid(t, s, ca, c.reason)
		})
		if c.tls == nil {
			continue
		}
		t.Run(name+", implicit TLS", func(t *testing.T) {
			t.Parallel()
			nothingIsSaid(t, &server{tls: c.tls, implicit: true}, ca, c.reason)
		})
	}
}

func nothingIsSaid(t *testing.T, s *server, ca *authority, reason string) {
	t.Helper()
	scheme := "smtp://u:p@"
	if s.implicit {
		scheme = "smtps://u:p@"
		s.extensions = []string{"AUTH PLAIN LOGIN"}
	}
	cfg := smtpmail.Config{RootCAs: ca.pool, URL: scheme + s.start(t)}
	m, err := smtpmail.New(cfg)
	require.NoError(t, err)

	err = m.Send(t.Context(), message())
	require.ErrorContains(t, err, reason)
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	cause, _ := errors.AsType[*smtpmail.Error](err)
	require.Equal(t, "tls", cause.Stage)
	discreet(t, err)

	require.Empty(t, s.said("MAIL"))
	require.Empty(t, s.said("AUTH"))
	require.Empty(t, s.received())
	t.Logf("implicit=%v: %v", s.implicit, err)
}

func TestTheNameInTheCertificateIsNotTrustedToBeText(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := &server{tls: ca.serverFor(t, "evil\r\nINFO all is well",
		time.Now().Add(time.Hour))}
	pool := ca.pool
	m, err := smtpmail.New(smtpmail.Config{
		RootCAs: pool,
		URL:     "smtp://" + s.start(t),
	})
	require.NoError(t, err)
	err = m.Send(t.Context(), message())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "\n")
}

func TestImplicitTLSDelivers(t *testing.T) {
	t.Parallel()
	s := &server{implicit: true}
	require.NoError(t, client(t, s, nil).Send(t.Context(), message()))
	require.Len(t, s.received(), 1)
	require.Empty(t, s.said("STARTTLS"))
}

func TestTLS12IsStillSpoken(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	good := ca.good(t)
	good.MaxVersion = tls.VersionTLS12
	s := &server{tls: good}
	m, err := smtpmail.New(smtpmail.Config{
		RootCAs: ca.pool,
		URL:     "smtp://" + s.start(t),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	require.NoError(t, m.Send(t.Context(), message()))
}

func TestAPlainServerBehindImplicitTLSIsPermanent(t *testing.T) {
	t.Parallel()
	s := &server{}
	m, err := smtpmail.New(smtpmail.Config{URL: "smtps://" + s.start(t)})
	require.NoError(t, err)
	err = m.Send(t.Context(), message())
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err), "%v", err)
	require.ErrorContains(t, err, "does not speak TLS")
}

// What a server, or somebody on the way, says in clear behind its 220 must not
// be taken for an answer under TLS.
func TestRepliesInjectedBeforeTheHandshakeAreDiscarded(t *testing.T) {
	t.Parallel()
	s := &server{
		extensions: []string{"SIZE 1000"},
		on: at("STARTTLS",
			"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN"),
	}
	m := client(t, s, nil)
	err := m.Send(t.Context(), message())
	require.ErrorContains(t, err, "offers none of")
	require.Empty(t, s.said("AUTH"))
}

//lostkey:covers ASVS-12.3.1
func TestInsecureNoTLSSendsWithoutTLSAndWithoutCredentials(t *testing.T) {
	t.Parallel()
	s := &server{extensions: []string{"AUTH PLAIN"}}
	m, err := smtpmail.New(smtpmail.Config{URL: "insecure-smtp://" +
		s.start(t)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	require.NoError(t, m.Send(t.Context(), message()))
	require.Len(t, s.received(), 1)
	require.Empty(t, s.said("AUTH"))
	require.Empty(t, s.said("STARTTLS"))
}

func TestSystemRootsAreTheDefault(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	s := &server{tls: ca.good(t)}
	m, err := smtpmail.New(smtpmail.Config{URL: "smtp://" + s.start(t)})
	require.NoError(t, err)
	err = m.Send(t.Context(), message())
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
}
