package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

const (
	ada         = "ada@example.com"
	bob         = "bob@example.com"
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
	return anyEngine(t).startSite(t, edit)
}

func (e engine) startSite(t *testing.T, edit func(*options)) *site {
	t.Helper()
	return e.startSiteHashing(t, hash.NewInsecureForTests(), edit)
}

func (e engine) startSiteHashing(
	t *testing.T, hasher *hash.Hasher, edit func(*options),
) *site {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	opts := options{
		url:      url,
		database: e.location(t),
		from:     "App <no-reply@app.example>",
	}
	if edit != nil {
		edit(&opts)
	}

	logs := newLogBook()
	app, err := newApplication(
		t.Context(), opts, testRing(t), hasher, slog.New(logs),
	)
	require.NoError(t, err)

	server.Config.Handler = app.routes()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		_ = app.close() // a test may have closed the database
	})
	return &site{app, url, logs}
}

func testRing(t *testing.T) token.Keys {
	t.Helper()
	ring, err := token.GenerateKeys("test")
	require.NoError(t, err)
	return ring
}

func (s *site) browser(t *testing.T) browser { return newBrowser(t, s.url) }

// prove notes that the address of an account is its owner's.
func (s *site) prove(t *testing.T, address string) {
	t.Helper()
	proven, err := s.users.change(
		t.Context(), "UPDATE users SET email_verified = TRUE WHERE email = ?",
		address,
	)
	require.NoError(t, err)
	require.True(t, proven)
}

// newestMail returns the mail that was sent last.
func (s *site) newestMail(t *testing.T) mail.Message {
	t.Helper()
	sent := s.inbox.messages()
	require.NotEmpty(t, sent)
	return sent[len(sent)-1]
}

var (
	mailedLink  = regexp.MustCompile(`/reset-password/?#token=([A-Za-z0-9_.-]+)`)
	disputeLink = regexp.MustCompile(
		`/reset-password/dispute/?#token=([A-Za-z0-9_.-]+)`,
	)
	anyLink = regexp.MustCompile(`#token=([A-Za-z0-9_.-]+)`)
)

// askForLink asks, waits for the mail and takes the token from the inbox page.
func (s *site) askForLink(b browser, email string) string {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.forgot(email))
	s.logs.wait(b.t, "password reset mailed")
	found := mailedLink.FindStringSubmatch(b.get("/inbox").body)
	require.NotNil(b.t, found, "no link in the inbox")
	return found[1]
}

// dump is every row of some tables as text.
func dump(t *testing.T, db database, tables ...string) string {
	t.Helper()
	var text strings.Builder
	for _, table := range tables {
		rows, err := db.QueryContext(
			t.Context(), "SELECT * FROM "+table+" ORDER BY 1",
		)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)

		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		for rows.Next() {
			require.NoError(t, rows.Scan(values...))
			for _, value := range values {
				fmt.Fprintf(&text, "%v|", *value.(*any))
			}
			text.WriteByte('\n')
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return text.String()
}
