package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// ask sends a GET to the application as some machine, under some name.
func (s *site) ask(t *testing.T, path, peer, host string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, http.NoBody)
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

var privatePages = []string{"/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/source", "/inbox/preview", "/audit"}

func TestMailsAndAuditAreForThisMachineAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)
	for _, path := range privatePages {
		for name, r := range map[string][]string{
			"another machine":          {"203.0.113.9:50000", "192.0.2.1:8080"},
			"another machine, IPv6":    {"[2001:db8::9]:50000", "[2001:db8::1]:8080"},
			"another machine, local":   {"203.0.113.9:50000", "localhost:8080"},
			"no peer":                  {"@", "localhost:8080"},
			"a rebound name":           {"127.0.0.1:50000", "evil.example:8080"},
			"a name like an address":   {"127.0.0.1:50000", "127.0.0.1.evil.example"},
			"a name like localhost":    {"127.0.0.1:50000", "localhost.evil.example"},
			"an address of no machine": {"127.0.0.1:50000", "0.0.0.0:8080"},
			"no name":                  {"127.0.0.1:50000", ""},
			"a proxy on this machine":  {"127.0.0.1:50000", "localhost", "X-Forwarded-For", "203.0.113.9"},
			"a newer proxy":            {"127.0.0.1:50000", "localhost", "Forwarded", "for=203.0.113.9"},
		} {
			a := s.ask(t, path, r[0], r[1], r[2:]...)
			require.Equal(t, http.StatusForbidden, a.status, "%s for %s", path, name)
			require.NotContains(t, a.body, link)
			require.NotContains(t, a.body, ada)
			require.Contains(t, a.body, "-expose-mails-and-audit", "the page says how to go on")
		}
		for _, r := range [][2]string{
			{"127.0.0.1:50000", "127.0.0.1:8080"},
			{"[::1]:50000", "localhost:8080"},
			{"[::ffff:127.0.0.1]:50000", "[::1]"},
			{"127.8.9.1:1", "localhost"},
		} {
			require.Equal(t, http.StatusOK, s.ask(t, path, r[0], r[1]).status, "%s for %s", path, r)
		}
	}
	require.Equal(t, http.StatusOK, s.ask(t, "/login", "203.0.113.9:50000", "192.0.2.1:8080").status)
}

// A reverse proxy on this machine may pass on neither name nor address of the
// visitor. That the site is for others shows in its URL then.
func TestMailsAndAuditOfAPublicSiteAreForNobody(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) { o.url = "https://app.example" })
	for _, path := range privatePages {
		require.Equal(t, http.StatusForbidden, s.ask(t, path, "127.0.0.1:50000", "127.0.0.1:8080").status, path)
	}
}

func TestMailsAndAuditAreForEverybodyWhenAsked(t *testing.T) {
	t.Parallel()
	s := startSite(t, func(o *options) { o.url, o.expose = "https://app.example", true })
	for _, path := range []string{"/inbox", "/inbox/preview", "/audit"} {
		require.Equal(t, http.StatusOK, s.ask(t, path, "203.0.113.9:50000", "app.example").status, path)
	}
	require.Contains(t, s.logs.text(), "to anybody who can reach this server")
}
