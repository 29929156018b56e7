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

	// modeLeaky makes one token when the address is known. It is the positive
	// control.
	modeLeaky = "leaky"

	// modeQueued leaves the work to somebody else. It shows what the request
	// itself costs.
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

// A backend is the service in one mode, and what it has done.
type backend struct {
	mode                   string
	cfg                    reset.Config
	done                   chan struct{} // one for each request worked on
	mailed, dropped, other atomic.Int64
}

// serve prints its address and serves the pages until its standard input ends.
func serve(mode string) error {
	cfg, err := newConfig()
	if err != nil {
		return err
	}
	b := &backend{mode: mode, cfg: cfg, done: make(chan struct{}, 1000)}
	b.cfg.Events = reset.SinkFunc(b.count)
	b.configure()

	handler, err := b.handler()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	go func() { _ = http.Serve(listener, handler) }()
	fmt.Println(listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// count takes the events of the service.
func (b *backend) count(_ context.Context, ev reset.Event) {
	switch ev.Outcome {
	case reset.OutcomeMailed:
		b.mailed.Add(1)
	case reset.OutcomeDropped:
		b.dropped.Add(1)
	case reset.OutcomeSkipped:
	case reset.OutcomeRequested:
		return
	default:
		b.other.Add(1)
	}

	select {
	case b.done <- struct{}{}:
	default: // nobody waits for it
	}
}

// configure sets what belongs to the mode.
func (b *backend) configure() {
	elsewhere := func(context.Context, reset.Job) error { return nil }

	switch b.mode {
	case modeLimits:
		// A clock that runs away, so that they never refuse.
		b.cfg.Limits = reset.Limits{}
		var hours atomic.Int64
		b.cfg.Now = func() time.Time {
			return time.Unix(1_800_000_000+3600*hours.Add(1), 0)
		}
		b.cfg.Queue.Dispatch = elsewhere

	case modeNoLimit:
		b.cfg.Limits = reset.Limits{Off: true}
		fallthrough
	case modeQueued:
		b.cfg.Queue.Dispatch = elsewhere

	case modeWide:
		b.cfg.Queue.Workers, b.cfg.Queue.Size = 500, 5000
		fallthrough
	case modeSlow:
		b.cfg.Mailer = mail.MailerFunc(sendSlowly)
	}
}

func sendSlowly(ctx context.Context, _ mail.Message) error {
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// handler serves the pages, and what the measurements ask for.
func (b *backend) handler() (http.Handler, error) {
	pages, err := newHandler(b.cfg)
	if err != nil {
		return nil, err
	}
	if b.mode == modeLeaky {
		if pages, err = signingForKnown(b.cfg, pages); err != nil {
			return nil, err
		}
	}

	mux := http.NewServeMux()
	mux.Handle("/forgot-password", pages)
	mux.HandleFunc("/bare", bare)
	mux.HandleFunc("/counters", b.report)
	// Answers when the work on one more request is done.
	mux.HandleFunc("/done", func(w http.ResponseWriter, _ *http.Request) {
		<-b.done
		w.WriteHeader(http.StatusNoContent)
	})
	return mux, nil
}

// report writes the counters.
func (b *backend) report(w http.ResponseWriter, _ *http.Request) {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use)
	now := counters{
		CPU:        time.Duration(use.Utime.Nano() + use.Stime.Nano()),
		Goroutines: runtime.NumGoroutine(),
		Mailed:     b.mailed.Load(),
		Dropped:    b.dropped.Load(),
		Other:      b.other.Load(),
	}

	if b.mode == modeSlow || b.mode == modeWide {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		now.HeapBytes = m.HeapAlloc
	}
	_ = json.NewEncoder(w).Encode(now)
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

	const policy = "default-src 'none'; " +
		"style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; " +
		"script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; " +
		"img-src 'self'; form-action 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'"
	for name, value := range map[string]string{
		"Cache-Control":                "no-store",
		"Referrer-Policy":              "same-origin",
		"Content-Security-Policy":      policy,
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"X-Robots-Tag":                 "noindex, nofollow",
		"Location":                     "/forgot-password?sent",
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
