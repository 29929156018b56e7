package smtpmail_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Things the scripted server can do in place of answering.
const (
	hang  = "hang"  // say nothing until the test is over
	drop  = "drop"  // close the connection
	reset = "reset" // close it so that the client's next write fails
)

// server is an SMTP server that does what the test tells it to, at the stage it
// is told: BANNER, EHLO, STARTTLS, TLS, AUTH, MAIL, RCPT, DATA, BODY (in the
// middle of the content), DOT, RSET, QUIT.
type server struct {
	extensions []string    // what EHLO offers besides STARTTLS
	tls        *tls.Config // nil: no STARTTLS
	implicit   bool
	// on returns an answer or one of the actions above; empty means the usual
	// answer. conn counts from 1.
	on func(conn int, verb string) string

	// auth holds the dialogue behind AUTH and returns the last reply; ask sends
	// a challenge and returns the decoded response.
	auth func(line string, ask func(challenge string) string) string

	listener net.Listener
	over     chan struct{}
	reached  chan string // the verb of every action or answer that on returned
	wg       sync.WaitGroup

	mu       sync.Mutex
	conns    int
	commands []string
	messages []string
}

func (s *server) start(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.listener = listener
	s.over = make(chan struct{})
	s.reached = make(chan string, 64)

	s.wg.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			n := s.conns
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(c, n) })
		}
	})

	t.Cleanup(func() {
		_ = listener.Close()
		close(s.over)
		s.wg.Wait()
	})

	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return "localhost:" + port
}

func (s *server) said(verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, command := range s.commands {
		if strings.HasPrefix(command, verb) {
			out = append(out, command)
		}
	}
	return out
}

func (s *server) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.messages...)
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// dialogue is one connection of a server.
type dialogue struct {
	s   *server
	n   int
	raw net.Conn
	c   net.Conn
	r   *bufio.Reader
}

func (s *server) serve(raw net.Conn, n int) {
	d := &dialogue{s: s, n: n, raw: raw, c: raw}
	// The end of the test ends every connection, also one that waits for the
	// client.
	done := make(chan struct{})
	s.wg.Go(func() {
		select {
		case <-s.over:
			_ = raw.Close()
		case <-done:
		}
	})

	defer close(done)
	defer func() { _ = raw.Close() }()
	if s.implicit && !d.encrypt() {
		return
	}
	d.r = bufio.NewReader(d.c)
	if !d.answer("BANNER", "220 scripted.test ESMTP") {
		return
	}

	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")

		if verb == "AUTH" && s.auth != nil {
			if !d.answer(verb, s.auth(line, d.ask)) {
				return
			}
			continue
		}

		if !d.command(verb) {
			return
		}
	}
}

func (d *dialogue) ask(challenge string) string {
	_, _ = d.c.Write([]byte("334 " +
		base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\n"))
	line, _ := d.r.ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	response, _ := base64.StdEncoding.DecodeString(line)
	return string(response)
}

func (d *dialogue) command(verb string) bool {
	switch verb {
	case "EHLO":
		lines := append([]string{"scripted.test"}, d.s.extensions...)
		if _, secured := d.c.(*tls.Conn); d.s.tls != nil && !secured {
			lines = append(lines, "STARTTLS")
		}
		var reply strings.Builder
		for i, line := range lines {
			dash := "-"
			if i == len(lines)-1 {
				dash = " "
			}
			reply.WriteString("250" + dash + line + "\r\n")
		}
		return d.answer(verb, strings.TrimRight(reply.String(), "\r\n"))

	case "STARTTLS":
		if !d.answer(verb, "220 go ahead") {
			return false
		}
		ok := d.encrypt()
		d.r = bufio.NewReader(d.c)
		return ok

	case "AUTH":
		return d.answer(verb, "235 2.7.0 welcome")
	case "DATA":
		return d.answer(verb, "354 go on") && d.content()
	case "QUIT":
		d.answer(verb, "221 bye")
		return false
	}

	return d.answer(verb, "250 2.0.0 fine")
}

func (d *dialogue) content() bool {
	if d.s.on != nil && d.s.on(d.n, "BODY") != "" {
		_, _ = io.CopyN(io.Discard, d.r, 100)
		return d.answer("BODY", "")
	}
	var text strings.Builder

	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}

	d.s.mu.Lock()
	d.s.messages = append(d.s.messages, text.String())
	d.s.mu.Unlock()
	return d.answer("DOT", "250 2.0.0 queued")
}

func (d *dialogue) encrypt() bool {
	if !d.answer("TLS", "none") {
		return false
	}
	secured := tls.Server(d.c, d.s.tls)
	d.c = secured
	return secured.Handshake() == nil
}

// answer sends reply, or does what the script has for verb. It reports whether
// the dialogue goes on.
func (d *dialogue) answer(verb, reply string) bool {
	action := ""
	if d.s.on != nil {
		action = d.s.on(d.n, verb)
	}
	if action != "" {
		select {
		case d.s.reached <- verb:
		default:
		}
	}

	switch action {
	case hang:
		<-d.s.over
		return false
	case drop:
		return false
	case reset:
		_ = d.raw.(*net.TCPConn).SetLinger(0)
		return false
	case "":

	default:
		reply = action
	}

	if verb == "TLS" {
		return true
	}
	_, err := d.c.Write([]byte(reply + "\r\n"))
	return err == nil
}
