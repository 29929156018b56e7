package smtpmail

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

// Mailer is a [mail.Mailer] that hands messages to one SMTP server. It keeps
// connections for a while, so that a burst of mails needs few. It is safe for
// concurrent use and prints without credentials wherever it sits.
type Mailer struct {
	set   *settings
	slots chan struct{} // one for each connection in use

	mu     sync.Mutex
	idle   []*session // the most recently used last
	closed bool
}

var _ mail.Mailer = (*Mailer)(nil)

// New validates cfg. It does not connect, so that a program can start while its
// relay is down.
func New(cfg Config) (*Mailer, error) {
	set, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	slots := make(chan struct{}, set.MaxConnections)
	return &Mailer{set: set, slots: slots}, nil
}

// Format prints the type alone for every verb.
func (m *Mailer) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "*smtpmail.Mailer")
}

// Send delivers msg to the server. ctx governs all of it: waiting for a free
// connection, dialling, and each line of the dialogue.
//
// A nil error means that the server has accepted the message. Any other is a
// [mail.SendError] that holds an [Error], with one of these verdicts:
//
//	VerdictUnknown    the connection broke after the last byte was sent
//	VerdictPermanent  the server refused with 5xx, refused the credentials, has
//	                  no TLS or a certificate that does not verify, or msg
//	                  cannot be sent
//	VerdictTemporary  everything else
//
// Domains outside ASCII are converted to A-labels (RFC 5891). A local part
// outside ASCII needs a server with SMTPUTF8.
func (m *Mailer) Send(ctx context.Context, msg mail.Message) error {
	env, err := m.set.prepare(msg)
	if err != nil {
		return unsendable(err)
	}

	ctx, cancel := context.WithTimeout(ctx, m.set.Timeout)
	defer cancel()
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return classify(ctx, stageConnect, ctx.Err())
	}

	if ses := m.take(); ses != nil {
		err := ses.deliver(ctx, env)
		m.put(ses)
		if err == nil || !ses.lost(err) || ctx.Err() != nil {
			return err
		}
	}

	ses, err := m.set.open(ctx)
	if err != nil {
		return err
	}
	err = ses.deliver(ctx, env)
	m.put(ses)
	return err
}

// Check connects, greets, encrypts and authenticates, for a health check or to
// learn about a wrong password at the start. It sends nothing. ctx and errors
// are as for Send.
func (m *Mailer) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.set.Timeout)
	defer cancel()

	ses, err := m.set.open(ctx)
	if err != nil {
		return err
	}
	ses.quit()
	return nil
}

// Close ends the idle connections and waits up to a second for each. Sends that
// are under way finish and close theirs. Later ones connect for themselves
// alone. It always returns nil.
func (m *Mailer) Close() error {
	m.mu.Lock()
	idle := m.idle
	m.idle, m.closed = nil, true
	m.mu.Unlock()

	for _, ses := range idle {
		if ses.expiry.Stop() {
			ses.quit()
		}
	}
	return nil
}

// take returns an idle connection, or nil.
func (m *Mailer) take() *session {
	m.mu.Lock()
	defer m.mu.Unlock()

	for len(m.idle) > 0 {
		ses := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		if ses.expiry.Stop() {
			return ses
		}
	}
	return nil
}

// put keeps a connection for the next mail, if it can be used for one.
func (m *Mailer) put(ses *session) {
	m.mu.Lock()
	defer m.mu.Unlock()

	if ses.broken {
		ses.close()
		return
	}
	if m.closed {
		ses.expiry = time.AfterFunc(0, ses.quit)
		return
	}
	ses.expiry = time.AfterFunc(m.set.IdleTimeout, func() { m.expire(ses) })
	m.idle = append(m.idle, ses)
}

func (m *Mailer) expire(ses *session) {
	m.mu.Lock()
	m.idle = slices.DeleteFunc(m.idle, func(other *session) bool {
		return other == ses
	})
	m.mu.Unlock()

	ses.quit()
}

// envelope is a message ready for the wire.
type envelope struct {
	from, to string
	utf8     bool // an address needs SMTPUTF8
	content  []byte
}

// prepare checks and encodes a message before anything is dialled.
func (s *settings) prepare(msg mail.Message) (env envelope, err error) {
	if env.to, err = aLabels(msg.To); err != nil {
		return envelope{}, err
	}
	msg.To = env.to
	if msg.From, env.from, err = mailbox(msg.From); err != nil {
		return envelope{}, err
	}
	replyTo := ""
	if msg.ReplyTo != "" {
		if msg.ReplyTo, replyTo, err = mailbox(msg.ReplyTo); err != nil {
			return envelope{}, err
		}
	}

	addresses := env.to + env.from + replyTo
	if s.EnvelopeFrom != "" {
		if env.from, err = aLabels(s.EnvelopeFrom); err != nil {
			return envelope{}, err
		}
		addresses += env.from
	}
	env.utf8 = !isASCII(addresses)

	if env.content, err = mail.Encode(msg); err != nil {
		return envelope{}, err
	}
	return env, nil
}
