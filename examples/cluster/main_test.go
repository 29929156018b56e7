package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneCommandRunsItAndTakesItAwayAgain(t *testing.T) {
	newDatabase(t) // skips where there is none
	listen, err := freeAddress(t.Context())
	require.NoError(t, err)
	log, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	defer func() { _ = log.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", listen, "-clock", "5s"}, write, log)
		write.CloseWithError(io.EOF)
		ended <- err
	}()

	out := bufio.NewScanner(read)
	if !out.Scan() {
		skipMissing(t, <-ended)
	}
	require.Contains(t, out.Text(), "Open http://"+listen)
	a := newVisitor().ask("http://"+listen, user(7))
	require.Equal(t, http.StatusSeeOther, a.status)
	for out.Scan() && !strings.Contains(out.Text(), "#token=") {
		continue
	}
	require.Contains(t, out.Text(), "http://"+listen+"/reset-password")

	go func() { _, _ = io.Copy(io.Discard, read) }()
	cancel()
	require.NoError(t, <-ended)
	_, err = http.Get("http://" + listen)
	require.Error(t, err, "nginx still listens")
}
