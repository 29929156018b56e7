package timing_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// The server is a process of its own: within one process the client's
// goroutine would wait for those of the server.

// childMode, when set in the environment, makes the test binary a server.
const childMode = "LOSTKEY_TEST_TIMING_SERVER"

// Modes of the server.
const (
	modeDefault = "default"
	// makes one token when the address is known: the positive control
	modeLeaky = "leaky"
	// the work is done by somebody else: what the request itself costs
	modeQueued  = "queued"
	modeNoLimit = "no limits" // and without limits
	modeLimits  = "limits"    // and with the default ones
	modeSlow    = "slow"      // each mail takes 200 ms
	modeWide    = "wide"      // the same, with workers for all of them
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		if err := serve(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// counters are what a server has done so far.
type counters struct {
	CPU                    time.Duration // of the process, user and system
	HeapBytes              uint64        // live, after a collection
	Goroutines             int
	Mailed, Dropped, Other int64
}

// serve prints its address and serves the pages until its standard input ends.
func serve(mode string) error {
	cfg, err := newConfig()
	if err != nil {
		return err
	}
	done := make(chan struct{}, 1000)
	var mailed, dropped, other atomic.Int64
	cfg.Events = reset.SinkFunc(func(_ context.Context, ev reset.Event) {
		switch ev.Outcome {
		case reset.OutcomeMailed:
			mailed.Add(1)
		case reset.OutcomeDropped:
			dropped.Add(1)
		case reset.OutcomeSkipped:
		case reset.OutcomeRequested:
			return
		default:
			other.Add(1)
		}
		select {
		case done <- struct{}{}:
		default: // nobody waits for it
		}
	})
	switch mode {
	case modeLimits:
		// A clock that runs away, so that they never refuse.
		cfg.Limits = reset.Limits{}
		var hours atomic.Int64
		cfg.Now = func() time.Time {
			return time.Unix(1_800_000_000+3600*hours.Add(1), 0)
		}
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	case modeNoLimit:
		cfg.Limits = reset.Limits{Off: true}
		fallthrough
	case modeQueued:
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error {
			return nil
		}
	case modeWide:
		cfg.Queue.Workers, cfg.Queue.Size = 500, 5000
		fallthrough
	case modeSlow:
		cfg.Mailer = mail.MailerFunc(func(ctx context.Context, _ mail.Message) error {
			select {
			case <-time.After(200 * time.Millisecond):
			case <-ctx.Done():
			}
			return ctx.Err()
		})
	}
	pages, err := newHandler(cfg)
	if err != nil {
		return err
	}
	if mode == modeLeaky {
		if pages, err = signingForKnown(cfg, pages); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.HandleFunc("/bare", bare)
	// Answers when the work on one more request is done.
	mux.HandleFunc("/done", func(w http.ResponseWriter, _ *http.Request) {
		<-done
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/counters", func(w http.ResponseWriter, _ *http.Request) {
		var use syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
		now := counters{
			CPU:        time.Duration(use.Utime.Nano() + use.Stime.Nano()),
			Goroutines: runtime.NumGoroutine(),
			Mailed:     mailed.Load(), Dropped: dropped.Load(),
			Other: other.Load(),
		}
		if mode == modeSlow || mode == modeWide {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			now.HeapBytes = m.HeapAlloc
		}
		_ = json.NewEncoder(w).Encode(now)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, mux) }()
	fmt.Println(listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// bare is the least that a handler of this form can do: it reads the body with
// a bound, parses it, and gives the answer that the pages give.
func bare(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<10))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("email") == "" {
		http.Error(w, "no address", http.StatusUnprocessableEntity)
		return
	}
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; script-src " +
			"'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex, nofollow",
		"Location": "/forgot-password?sent",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(http.StatusSeeOther)
}

// countersOf asks a server what it has done.
func countersOf(t *testing.T, server string) counters {
	t.Helper()
	answer, err := http.Get("http://" + server + "/counters")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	var now counters
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&now))
	return now
}

// signingForKnown does for known addresses what the pages leave to the worker.
func signingForKnown(cfg reset.Config, next http.Handler) (http.Handler, error) {
	signer, err := token.New(token.Config{Site: cfg.Site, Keys: cfg.Keys})
	if err != nil {
		return nil, err
	}
	known := map[string]token.State{}
	for i := range accounts {
		known[knownAddr(i)] = token.State{
			UserID: strconv.Itoa(i), PasswordHash: token.Hide("x"),
			Email: token.Hide(knownAddr(i)),
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		if state, ok := known[form.Get("email")]; ok {
			_, _ = signer.Issue(token.PurposeReset, state, 0)
		}
		next.ServeHTTP(w, r)
	}), nil
}

// startServer returns the address of a server process, which ends with the
// test.
func startServer(t *testing.T, mode string, env ...string) string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), append(env, childMode+"="+mode)...)
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() {
		require.NoError(t, stdin.Close())
		require.NoError(t, child.Wait())
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}
