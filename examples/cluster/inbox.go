package main

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"sync"

	"github.com/emersion/go-smtp"
)

// An inbox is an SMTP server that keeps every mail.
type inbox struct {
	server  *smtp.Server
	address string

	mu    sync.Mutex
	mails []received
	// accept, if set, is called before a mail is accepted, and may refuse it
	// or wait.
	accept func(received) error
}

// received is one mail.
type received struct {
	By      string // the instance
	To, ID  string
	Subject string
	Text    string
}

// startInbox serves until stop.
func startInbox(ctx context.Context) (*inbox, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &inbox{address: listener.Addr().String()}
	i.server = smtp.NewServer(smtp.BackendFunc(
		func(c *smtp.Conn) (smtp.Session, error) {
			return &session{inbox: i, conn: c}, nil
		}))
	i.server.Domain = "inbox.example"
	go func() { _ = i.server.Serve(listener) }()
	return i, nil
}

func (i *inbox) stop() error { return i.server.Close() }

// all returns what has been accepted so far, oldest first.
func (i *inbox) all() []received {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]received(nil), i.mails...)
}

// onAccept replaces the function that is called before a mail is accepted.
func (i *inbox) onAccept(accept func(received) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.accept = accept
}

func (i *inbox) take(m received) error {
	i.mu.Lock()
	accept := i.accept
	i.mu.Unlock()
	if accept != nil {
		if err := accept(m); err != nil {
			return err
		}
	}

	i.mu.Lock()
	defer i.mu.Unlock()
	i.mails = append(i.mails, m)
	return nil
}

// A session is one connection of an instance.
type session struct {
	inbox *inbox
	conn  *smtp.Conn
	to    string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := readMail(r)
	if err != nil {
		return err
	}
	m.By, m.To = s.conn.Hostname(), s.to
	return s.inbox.take(m)
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// readMail reads a mail of two alternatives, of which the first is plain text.
func readMail(r io.Reader) (received, error) {
	message, err := netmail.ReadMessage(r)
	if err != nil {
		return received{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(
		message.Header.Get("Subject"))
	if err != nil {
		return received{}, err
	}
	_, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return received{}, err
	}

	first, err := multipart.NewReader(message.Body, params["boundary"]).
		NextPart()
	if err != nil {
		return received{}, errors.New("the mail has no alternatives")
	}
	text, err := io.ReadAll(first)
	return received{
		ID: message.Header.Get("Message-Id"), Subject: subject,
		Text: string(text),
	}, err
}
