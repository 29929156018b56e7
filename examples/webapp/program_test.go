package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is the built binary, running.
type program struct {
	url  string
	logs *output
}

func startProgram(t *testing.T) program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "webapp")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	built, err := build.CombinedOutput()
	require.NoError(t, err, string(built))

	logs := &output{changed: make(chan struct{})}
	cmd := exec.CommandContext(
		t.Context(), binary, "-addr", "127.0.0.1:0", "-limits", "off",
		"-db", anyEngine(t).location(t),
	)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = logs
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		// The test's context has ended, and the signal has been sent.
		_ = cmd.Wait()
		require.Zero(
			t, cmd.ProcessState.ExitCode(), "SIGTERM is an orderly end: %s",
			logs,
		)
	})

	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, logs)
	url := regexp.MustCompile(`http://\S+`).FindString(line)
	require.NotEmpty(t, url, line)
	return program{url, logs}
}

// output keeps what a program writes, and lets a test wait for a piece of it.
type output struct {
	mu      sync.Mutex
	all     strings.Builder
	changed chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) wait(t *testing.T, piece string) {
	t.Helper()
	for {
		o.mu.Lock()
		found, changed := strings.Contains(o.all.String(), piece), o.changed
		o.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("never written: %s", piece)
		}
	}
}
