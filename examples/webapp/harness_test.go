package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/token"
)

const (
	ada         = "ada@example.com"
	oldPassword = "seven wet umbrellas"
	newPassword = "eleven dry umbrellas"
)

// site is an application behind a real HTTP server.
type site struct {
	*application
	url  string
	logs *logBook
}

// startSite starts an application on a database of its own, with cheap password
// hashes and, unless edit says otherwise, without limits.
func startSite(t *testing.T, edit func(*options)) *site {
	t.Helper()
	return startSiteHashing(t, hash.NewInsecureForTests(), edit)
}

func startSiteHashing(t *testing.T, hasher *hash.Hasher, edit func(*options)) *site {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	opts := options{
		url:      "http://" + server.Listener.Addr().String(),
		database: filepath.Join(t.TempDir(), "folder", "webapp.db"),
		from:     "App <no-reply@app.example>",
	}
	if edit != nil {
		edit(&opts)
	}
	logs := newLogBook()
	app, err := newApplication(t.Context(), opts, testRing(t), hasher, slog.New(logs))
	require.NoError(t, err)
	server.Config.Handler = app.routes()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		_ = app.close() // a test may have closed the database
	})
	return &site{app, "http://" + server.Listener.Addr().String(), logs}
}

func testRing(t *testing.T) token.Keys {
	t.Helper()
	key, err := token.GenerateKey("test")
	require.NoError(t, err)
	ring, err := token.NewKeys(key)
	require.NoError(t, err)
	return ring
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t    *testing.T
	base string
	*http.Client
}

func (s *site) browser(t *testing.T) browser { return newBrowser(t, s.url) }

func newBrowser(t *testing.T, base string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return browser{t, base, &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() string { return a.header.Get("Location") }

func (b browser) do(r *http.Request) answer {
	b.t.Helper()
	r.RequestURI = "" // httptest fills it in, and a client must not
	res, err := b.Do(r)
	if !assert.NoError(b.t, err) {
		return answer{}
	}
	defer res.Body.Close() //nolint:errcheck // the body has been read
	body, err := io.ReadAll(res.Body)
	assert.NoError(b.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

func (b browser) get(path string) answer {
	b.t.Helper()
	return b.do(httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil))
}

// post sends a form of names and values.
func (b browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.base)
	return b.do(r)
}

func (b browser) register(email, password string) {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.post("/register", "email", email, "password", password).status)
	require.Equal(b.t, http.StatusOK, b.get("/account").status)
}

func (b browser) login(email, password string) answer {
	b.t.Helper()
	return b.post("/login", "email", email, "password", password)
}

func (b browser) signedIn() bool {
	b.t.Helper()
	return b.get("/account").status == http.StatusOK
}

var mailedLink = regexp.MustCompile(`/reset-password/#token=([A-Za-z0-9_.-]+)`)

// askForLink asks, waits for the mail and takes the token from the inbox page.
func (s *site) askForLink(b browser, email string) string {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.post("/forgot-password", "email", email).status)
	s.logs.wait(b.t, "password reset mailed")
	found := mailedLink.FindStringSubmatch(b.get("/inbox").body)
	require.NotNil(b.t, found, "no link in the inbox")
	return found[1]
}

// logBook is a log that a test can wait for.
type logBook struct {
	mu      sync.Mutex
	lines   []string
	seen    map[string]int // how many lines of a message wait has handed out
	changed chan struct{}
}

func newLogBook() *logBook { return &logBook{seen: map[string]int{}, changed: make(chan struct{})} }

func (l *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logBook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logBook) WithGroup(string) slog.Handler            { return l }

func (l *logBook) Handle(ctx context.Context, record slog.Record) error {
	var line strings.Builder
	if err := slog.NewTextHandler(&line, nil).Handle(ctx, record); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, record.Message+"\n"+line.String())
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// wait blocks until there is one more line with this message than earlier
// calls have waited for.
func (l *logBook) wait(t *testing.T, message string) {
	t.Helper()
	for {
		l.mu.Lock()
		count := 0
		for _, line := range l.lines {
			if first, _, _ := strings.Cut(line, "\n"); first == message {
				count++
			}
		}
		changed, enough := l.changed, count > l.seen[message]
		if enough {
			l.seen[message]++
		}
		l.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("never logged: %s", message)
		}
	}
}

func (l *logBook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}
