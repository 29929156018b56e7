package timing_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

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
