package smtptest_test

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// missing skips a test for want of a program, or fails it where everything has
// to be there.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
		t.Fatal(reason + ", and LOSTKEY_REQUIRE_SERVICES=1")
	}
	t.Skip(reason)
}

func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0]+" is not installed")
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// run starts a program and ends it with the test; it returns once the port
// answers.
func run(t *testing.T, port string, command *exec.Cmd) {
	t.Helper()
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})

	require.Eventually(t, func() bool {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(),
			"tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}, 20*time.Second, 20*time.Millisecond)
}
