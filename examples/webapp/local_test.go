package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// machine is who sends a request, and by what name it knows the site.
type machine struct {
	peer, host string
	header     [2]string
}

// ask sends a request to the application from a machine.
func (s *site) ask(t *testing.T, m machine, method, path string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(
		t.Context(), method, "http://"+m.host+path,
		strings.NewReader("prefix=203.0.113.0/24"),
	)
	r.RemoteAddr = m.peer
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if m.header[0] != "" {
		r.Header.Set(m.header[0], m.header[1])
	}

	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

var privatePages = []string{
	"/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/source",
	"/inbox/preview", "/audit",
}

var privateForms = []string{"/audit/block", "/audit/lift"}

// elsewhere are machines that must not see what is private.
var elsewhere = map[string]machine{
	"another machine": {
		peer: "203.0.113.9:50000", host: "192.0.2.1:8080",
	},
	"another machine, IPv6": {
		peer: "[2001:db8::9]:50000", host: "[2001:db8::1]:8080",
	},
	"another machine, local": {
		peer: "203.0.113.9:50000", host: "localhost:8080",
	},
	"no peer": {peer: "@", host: "localhost:8080"},
	"a rebound name": {
		peer: "127.0.0.1:50000", host: "evil.example:8080",
	},
	"a name like an address": {
		peer: "127.0.0.1:50000", host: "127.0.0.1.evil.example",
	},
	"a name like localhost": {
		peer: "127.0.0.1:50000", host: "localhost.evil.example",
	},
	"an address of no machine": {
		peer: "127.0.0.1:50000", host: "0.0.0.0:8080",
	},
	"no name": {peer: "127.0.0.1:50000", host: ""},
	"a proxy on this machine": {
		peer: "127.0.0.1:50000", host: "localhost",
		header: [2]string{"X-Forwarded-For", "203.0.113.9"},
	},
	"a newer proxy": {
		peer: "127.0.0.1:50000", host: "localhost",
		header: [2]string{"Forwarded", "for=203.0.113.9"},
	},
}

// here are names of this machine.
var here = []machine{
	{peer: "127.0.0.1:50000", host: "127.0.0.1:8080"},
	{peer: "[::1]:50000", host: "localhost:8080"},
	{peer: "[::ffff:127.0.0.1]:50000", host: "[::1]"},
	{peer: "127.8.9.1:1", host: "localhost"},
}

func TestMailsAndAuditAreForThisMachineAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)

	for _, path := range privatePages {
		for name, m := range elsewhere {
			a := s.ask(t, m, http.MethodGet, path)
			require.Equal(
				t, http.StatusForbidden, a.status, "%s: %s", path, name,
			)
			require.NotContains(t, a.body, link)
			require.NotContains(t, a.body, ada)
			require.Contains(
				t, a.body, "-expose-mails-and-audit",
				"the page says how to go on",
			)
		}
		for _, m := range here {
			a := s.ask(t, m, http.MethodGet, path)
			require.Equal(t, http.StatusOK, a.status, "%s for %v", path, m)
		}
	}

	a := s.ask(t, elsewhere["another machine"], http.MethodGet, "/login")
	require.Equal(t, http.StatusOK, a.status)
}

func TestNetworksAreBlockedFromThisMachineAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	for _, path := range privateForms {
		before := dump(t, s.db, "lostkey_blocks")
		for name, m := range elsewhere {
			a := s.ask(t, m, http.MethodPost, path)
			require.Equal(
				t, http.StatusForbidden, a.status, "%s: %s", path, name,
			)
		}
		require.Equal(t, before, dump(t, s.db, "lostkey_blocks"))

		for _, m := range here {
			a := s.ask(t, m, http.MethodPost, path)
			require.Equal(
				t, http.StatusSeeOther, a.status, "%s for %v", path, m,
			)
		}
		require.NotEqual(t, before, dump(t, s.db, "lostkey_blocks"))
	}
}

// A reverse proxy on this machine may pass on neither name nor address of the
// visitor. That the site is for others shows in its URL then.
func TestMailsAndAuditOfAPublicSiteAreForNobody(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) { o.url = "https://app.example" })
	for _, path := range privatePages {
		a := s.ask(t, here[0], http.MethodGet, path)
		require.Equal(t, http.StatusForbidden, a.status, path)
	}
	for _, path := range privateForms {
		a := s.ask(t, here[0], http.MethodPost, path)
		require.Equal(t, http.StatusForbidden, a.status, path)
	}
}

func TestMailsAndAuditAreForEverybodyWhenAsked(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) {
		o.url, o.expose = "https://app.example", true
	})
	m := machine{peer: "203.0.113.9:50000", host: "app.example"}
	for _, path := range []string{"/inbox", "/inbox/preview", "/audit"} {
		a := s.ask(t, m, http.MethodGet, path)
		require.Equal(t, http.StatusOK, a.status, path)
	}
	require.Contains(
		t, s.logs.text(), "to anybody who can reach this server",
	)
}
