package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

// resetToken has the form of a token and opens nothing.
const resetToken = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoicmVzZXQrand0In0." +
	"eyJleHAiOjE3OTUyOTIxMTd9.vNHuatYgyjSx1Oi6ySK5izxCGSCI86Y_abvqwxGgyqg"

func TestEveryRouteAnswers(t *testing.T) {
	t.Parallel()
	b := startSite(t, nil).browser(t)
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 200},
		{"GET", "/register", 200},
		{"POST", "/register", 422},
		{"GET", "/login", 200},
		{"POST", "/login", 401},
		{"GET", "/logout", 404},
		{"POST", "/logout", 303},
		{"GET", "/account", 303},
		{"GET", "/account/password", 303},
		{"POST", "/account/password", 303},
		{"GET", "/forgot-password", 200},
		{"GET", "/forgot-password?sent", 200},
		{"GET", "/reset-password", 200},
		{"GET", "/reset-password/", 200},
		{"GET", "/reset-password?done", 200},
		{"GET", "/reset-password/anything", 404},
		{"GET", "/reset-password%23token=" + resetToken, 303},
		{"GET", "/reset-password/%23token=" + resetToken, 303},
		{"GET", "/reset-password/%23token=cut-off", 400},
		{"POST", "/reset-password", 400},
		{"PUT", "/forgot-password", 405},
		{"DELETE", "/account", 405},
		{"GET", "/inbox", 200},
		{"GET", "/inbox/1", 404},
		{"GET", "/inbox/1/html", 404},
		{"GET", "/inbox/1/source", 404},
		{"GET", "/audit", 200},
		{"GET", "/healthz", 200},
		{"GET", "/static/style.css", 200},
		{"GET", "/static/", 404},
		{"GET", "/templates/home.html", 404},
		{"GET", "/.well-known/change-password", 303},
		{"GET", "/nothing-here", 404},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, b.base+tt.path, http.NoBody)
		if tt.method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res := b.do(r)
		require.Equal(t, tt.status, res.status, "%s %s", tt.method, tt.path)
		if tt.path != "/static/style.css" {
			require.Contains(t, res.header.Values("Cache-Control"), "no-store", "%s %s", tt.method, tt.path)
		}
		require.Contains(t, res.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", "%s %s", tt.method, tt.path)
		require.Equal(t, "nosniff", res.header.Get("X-Content-Type-Options"))
	}
}

// endless is a body of n bytes that never has to be in memory.
func endless(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestLargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	before := s.hasher.Limiter().Stats().Started
	for _, path := range []string{"/register", "/login", "/account/password", "/forgot-password", "/reset-password"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path,
			io.MultiReader(strings.NewReader("email=ada@example.com&password="), endless(10<<20)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, http.StatusRequestEntityTooLarge, b.do(r).status, path)
	}
	require.Equal(t, before, s.hasher.Limiter().Stats().Started, "nothing was hashed")
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	for _, path := range []string{"/register", "/login", "/logout", "/account/password", "/forgot-password", "/reset-password"} {
		for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path, strings.NewReader("email="+ada))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header[0], header[1])
			require.Equal(t, http.StatusForbidden, b.do(r).status, "%s %s", path, header)
		}
	}
	require.True(t, b.signedIn())
}

func TestInboxShowsAMailInEveryForm(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)

	require.Contains(t, b.get("/inbox/1").body, `href="`+s.url+"/reset-password/#token="+link+`"`)
	html := b.get("/inbox/1/html")
	require.Contains(t, html.body, `<base target="_top">`)
	require.Contains(t, html.body, link)
	require.Contains(t, html.header.Get("Content-Security-Policy"), "sandbox allow-top-navigation-by-user-activation")
	require.NotContains(t, html.header.Get("Content-Security-Policy"), "allow-scripts")
	require.Equal(t, "SAMEORIGIN", html.header.Get("X-Frame-Options"))
	require.Contains(t, b.get("/inbox/1/source").body, "multipart/alternative")
}

func TestInboxForgetsOldMails(t *testing.T) {
	t.Parallel()
	var box inbox
	for range inboxSize + 3 {
		require.NoError(t, box.Send(t.Context(), mail.Message{}))
	}
	list := box.newestFirst()
	require.Len(t, list, inboxSize)
	require.Equal(t, inboxSize+3, list[0].Number)
	_, found := box.find("3")
	require.False(t, found)
	_, found = box.find("4")
	require.True(t, found)
}

func TestTextOfAMailIsEscaped(t *testing.T) {
	t.Parallel()
	require.EqualValues(t,
		`&lt;b&gt; <a href="https://a.example/?x=1&amp;y=&#39;2">https://a.example/?x=1&amp;y=&#39;2</a> &#34;`,
		withLinks(`<b> https://a.example/?x=1&y='2 "`))
	require.EqualValues(t, `javascript:alert(1)`, withLinks(`javascript:alert(1)`))
}

func TestClientsOfOneNetworkShareALimit(t *testing.T) {
	t.Parallel()
	from := func(remote string) string { return network(client(&http.Request{RemoteAddr: remote})) }
	require.Equal(t, from("[2001:db8::1]:80"), from("[2001:db8::ffff:2]:99"))
	require.NotEqual(t, from("[2001:db8::1]:80"), from("[2001:db8:0:1::1]:80"))
	require.Equal(t, "192.0.2.1", from("192.0.2.1:80"))
	require.Equal(t, "192.0.2.1", from("[::ffff:192.0.2.1]:80"))
}

func TestSamplesOfEveryMailInEveryLanguageAreShown(t *testing.T) {
	t.Parallel()
	b := startSite(t, nil).browser(t)
	require.Contains(t, b.get("/inbox").body, `href="/inbox/preview"`)
	for _, locale := range []string{"en", "pt-BR", "es", "fr", "de"} {
		for _, kind := range mail.Kinds() {
			at := "/inbox/preview?kind=" + string(kind) + "&locale=" + locale
			require.Equal(t, 200, b.get(at+"&as=text").status, at)
			require.Equal(t, 200, b.get(at+"&as=source").status, at)
			// Shown in a frame of the page before it.
			raw := b.get(at + "&as=raw")
			require.Contains(t, raw.body, `<html lang="`+locale+`"`, at)
			require.Equal(t, "SAMEORIGIN", raw.header.Get("X-Frame-Options"), at)
		}
	}
}
