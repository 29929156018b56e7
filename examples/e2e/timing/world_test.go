package timing_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// accounts is how many addresses each class has. Known and unknown ones have
// the same length.
const accounts = 500

func knownAddr(i int) string {
	return fmt.Sprintf("known-%04d@example.com", i%accounts)
}

func unknownAddr(i int) string {
	return fmt.Sprintf("other-%04d@example.com", i%accounts)
}

// newConfig is a service with every part of the default mode, whose limits are
// charged but wide enough for many thousands of requests from one client.
func newConfig() (reset.Config, error) {
	key, err := token.GenerateKey("test")
	if err != nil {
		return reset.Config{}, err
	}
	ring, err := token.NewKeys(key)
	if err != nil {
		return reset.Config{}, err
	}
	store := memstore.New()
	for i := range accounts {
		user := reset.User{
			ID: strconv.Itoa(i), Email: knownAddr(i),
			PasswordHash: "$2b$10$stand-in for a stored hash",
		}
		if err := store.Add(user); err != nil {
			return reset.Config{}, err
		}
	}
	var wide [4]*ratelimit.Limiter
	for i := range wide {
		wide[i], err = ratelimit.New(ratelimit.Config{
			Burst: 1_000_000, Every: time.Microsecond,
			Also:     []ratelimit.Rate{{Burst: 1_000_000, Every: time.Second}},
			MaxBytes: 4 << 20,
		})
		if err != nil {
			return reset.Config{}, err
		}
	}
	return reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: ring, Store: store, Sessions: reset.KeepSessions(),
		Mailer: mail.MailerFunc(func(_ context.Context, msg mail.Message) error {
			_, err := mail.Encode(msg)
			return err
		}),
		Limits: reset.Limits{
			Global: wide[0], Client: wide[1], Account: wide[2],
			Network: wide[3],
		},
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	}, nil
}

func newHandler(cfg reset.Config) (http.Handler, error) {
	svc, err := reset.New(cfg)
	if err != nil {
		return nil, err
	}
	return resethttp.New(svc, resethttp.Config{})
}

// wire is one kept-open connection to a server.
type wire struct {
	conn    net.Conn
	answers *bufio.Reader
}

func dial(tb testing.TB, addr string) *wire {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return &wire{conn, bufio.NewReader(conn)}
}

// forgotRequest is the whole request of somebody who asks for a link.
func forgotRequest(addr string) []byte {
	return formRequest("/forgot-password", addr)
}

func formRequest(path, addr string) []byte {
	body := url.Values{"email": {addr}}.Encode()
	return fmt.Appendf(nil,
		"POST %s HTTP/1.1\r\nHost: app.example\r\nOrigin: https://app.example\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// exchange sends a request and reads the answer, which must have the status
// and no body. It allocates nothing, so that the garbage collector keeps out
// of measurements.
func (w *wire) exchange(request []byte, status string) error {
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := w.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte(status)) {
			return fmt.Errorf("answer: %q", line)
		}
		if len(line) <= len("\r\n") {
			return nil
		}
	}
}

const seeOther, noContent = "HTTP/1.1 303 ", "HTTP/1.1 204 "
