package main

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// With -smtp the mails go over a server, and the inbox page stays empty.
func TestResetOverSMTP(t *testing.T) {
	t.Parallel()
	received := make(chan string, 8)
	listener, err := (&net.ListenConfig{}).
		Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := smtp.NewServer(smtp.BackendFunc(
		func(*smtp.Conn) (smtp.Session, error) {
			return &postbox{received: received}, nil
		},
	))
	go func() { _ = server.Serve(listener) }() // until the test closes it
	t.Cleanup(func() { _ = server.Close() })

	s := startSite(t, func(o *options) {
		o.smtp = "insecure-smtp://" + listener.Addr().String()
	})
	b := s.browser(t)
	b.register(ada, oldPassword)
	require.Equal(t, http.StatusSeeOther, b.forgot(ada))
	content := <-received
	require.Contains(t, content, "To: "+ada)
	// The link is folded by quoted-printable, which writes "=" as "=3D".
	text := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(content)
	found := mailedLink.FindStringSubmatch(text)
	require.NotNil(t, found, text)

	page := b.get("/inbox")
	require.Equal(t, http.StatusOK, page.status)
	require.NotContains(t, page.body, "token=")
	require.Equal(t, http.StatusNotFound, b.get("/inbox/1").status)

	require.Equal(t, http.StatusSeeOther, b.confirm(found[1], newPassword))
	require.Contains(t, <-received, "password was changed")
}

// postbox is one SMTP session that takes every mail.
type postbox struct{ received chan<- string }

func (p *postbox) Mail(string, *smtp.MailOptions) error { return nil }
func (p *postbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (p *postbox) Reset()                               {}
func (p *postbox) Logout() error                        { return nil }

func (p *postbox) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	p.received <- string(content)
	return err
}
