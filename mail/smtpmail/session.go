package smtpmail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/wneessen/go-mail/smtp"
)

// session is one connection that is past EHLO, TLS and AUTH. One goroutine uses
// it at a time.
type session struct {
	raw    *conn
	client *smtp.Client
	dirty  bool        // a transaction was refused, so RSET comes first
	broken bool        // not to be used any more
	expiry *time.Timer // runs while the session is idle
}

// open dials, greets, encrypts and authenticates.
func (s *settings) open(ctx context.Context) (*session, error) {
	var dialer net.Dialer
	tcp, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, classify(ctx, stageConnect, err)
	}

	ses := &session{raw: &conn{Conn: tcp, budget: maxReply}}
	release := ses.bind(ctx)
	err = s.greet(ctx, ses)
	release()
	if err != nil {
		ses.close()
		return nil, err
	}
	return ses, nil
}

// bind lets ctx end the dialogue by closing the connection under it, because
// the client knows deadlines alone, and only between commands. The returned
// function ends that.
func (ses *session) bind(ctx context.Context) (release func()) {
	ses.raw.budget = maxReply
	stop := context.AfterFunc(ctx, func() { _ = ses.raw.Close() })
	return func() {
		if !stop() {
			ses.broken = true
		}
	}
}

// greet brings a new connection to where mails can be sent over it.
func (s *settings) greet(ctx context.Context, ses *session) error {
	var stream net.Conn = ses.raw
	if s.ImplicitTLS {
		secured := tls.Client(ses.raw, s.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return classify(ctx, stageTLS, err)
		}
		stream = secured
	}

	client, err := smtp.NewClient(stream, s.Host)
	if err != nil {
		return classify(ctx, stageGreeting, err)
	}
	ses.client = client

	var refused helloWatch
	client.ErrorHandlerRegistry.RegisterHandler(s.Host, "ehlo", &refused)
	err = client.Hello(s.helloName(ses.raw))
	if err := cmp.Or(refused.err, err); err != nil {
		return classify(ctx, stageHello, err)
	}

	if !s.ImplicitTLS && !s.InsecureNoTLS {
		// A server that does not offer STARTTLS may be one whose offer was cut
		// out on the way.
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return failure(mail.VerdictPermanent, stageTLS,
				"the server does not offer STARTTLS", nil)
		}
		if err := client.StartTLS(s.tls); err != nil {
			return classify(ctx, stageTLS, err)
		}
	}
	return s.authenticate(ctx, client)
}

// helloWatch remembers what EHLO failed with. The client then sends HELO, which
// offers no TLS, and which would hide that a server was merely busy.
type helloWatch struct{ err error }

func (w *helloWatch) HandleError(
	_, _ string, _ *textproto.Conn, err error,
) error {
	w.err = err
	return err
}

func (s *settings) helloName(c net.Conn) string {
	if s.Hello != "" {
		return s.Hello
	}

	local, ok := c.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case local.IP.To4() != nil:
		return "[" + local.IP.String() + "]"
	}
	return "[IPv6:" + local.IP.String() + "]"
}

func (s *settings) authenticate(
	ctx context.Context, client *smtp.Client,
) error {
	if s.credentials == nil {
		return nil
	}
	// New has refused credentials without TLS. This is the second lock on the
	// same door.
	if _, encrypted := client.TLSConnectionState(); !encrypted {
		return failure(mail.VerdictPermanent, stageAuth,
			"the connection is not encrypted", nil)
	}

	_, offered := client.Extension("AUTH")
	mechanism, err := s.mechanism(ctx, offered)
	if err != nil {
		return err
	}
	if err := client.Auth(mechanism); err != nil {
		return classify(ctx, stageAuth, err)
	}
	return nil
}

// deliver runs one transaction and notes whether the session can be used for
// another.
func (ses *session) deliver(ctx context.Context, env envelope) error {
	release := ses.bind(ctx)
	defer release()

	stage, err := ses.transact(env)
	if err == nil {
		return nil
	}
	if sendErr, ok := errors.AsType[*mail.SendError](err); ok {
		return sendErr
	}

	reply, isReply := errors.AsType[*textproto.Error](err)
	ses.dirty = true
	// 421 announces that the server hangs up (RFC 5321 section 3.8).
	ses.broken = ses.broken || !isReply || reply.Code == 421
	return classify(ctx, stage, err)
}

// transact sends one message. The stage says where an error came from.
func (ses *session) transact(env envelope) (string, error) {
	client := ses.client
	if ses.dirty {
		if err := client.Reset(); err != nil {
			// Whatever the answer, this connection is no good. Send opens
			// another.
			ses.broken = true
			return stageSender, err
		}
		ses.dirty = false
	}

	if offered, _ := client.Extension("SMTPUTF8"); env.utf8 && !offered {
		return stageSender, failure(mail.VerdictPermanent, stageSender,
			"an address needs SMTPUTF8, which the server does not offer", nil)
	}
	client.SkipSMTPUTF8(!env.utf8)
	if err := client.Mail("<" + env.from + ">"); err != nil {
		return stageSender, err
	}
	if err := client.Rcpt("<" + env.to + ">"); err != nil {
		return stageRcpt, err
	}

	w, err := client.Data()
	if err != nil {
		return stageData, err
	}
	if _, err := w.Write(env.content); err != nil {
		return stageData, err
	}
	if err := w.Close(); err != nil {
		if ses.raw.cutShort {
			// The final dot was not sent, so nobody can have accepted the
			// message.
			return stageData, err
		}
		return stageAccept, err
	}
	return stageAccept, nil
}

// lost reports whether a reused connection turned out to be gone before the
// server took up the message.
func (ses *session) lost(err error) bool {
	cause, ok := errors.AsType[*Error](err)
	return ok && ses.broken && cause.Stage == stageSender
}

// quitTimeout is how long a server may take to say goodbye. Nobody waits for it
// but a timer's goroutine or Close.
const quitTimeout = time.Second

func (ses *session) quit() {
	if !ses.broken {
		ses.raw.budget = maxReply
		if ses.raw.SetDeadline(deadline(quitTimeout)) == nil {
			_ = ses.client.Quit()
		}
	}
	ses.close()
}

func (ses *session) close() { _ = ses.raw.Close() }

func deadline(d time.Duration) time.Time {
	now := time.Now() //nolint:forbidigo // for a connection, not shown or compared
	return now.Add(d)
}
