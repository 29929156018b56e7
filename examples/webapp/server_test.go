package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// resetToken has the form of a token and opens nothing.
const resetToken = "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoicmVzZXQrand0In0." +
	"eyJleHAiOjE3OTUyOTIxMTd9.vNHuatYgyjSx1Oi6ySK5izxCGSCI86Y_abvqwxGgyqg"

// routes are all there are, and what they answer to a stranger with no form.
var routes = []struct {
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
	{"POST", "/account/label", 303},
	{"GET", "/account/totp", 303},
	{"GET", "/account/totp/picture", 303},
	{"POST", "/account/totp/start", 303},
	{"POST", "/account/totp/confirm", 303},
	{"POST", "/account/totp/stop", 303},
	{"POST", "/account/verify", 303},
	{"POST", "/account/recovery", 303},
	{"POST", "/account/recovery/remove", 303},
	{"GET", "/login/code", 303},
	{"POST", "/login/code", 303},
	{"GET", "/verify-address", 200},
	{"GET", "/verify-address/", 200},
	{"POST", "/verify-address", 400},
	{"GET", "/recovery-address", 200},
	{"GET", "/recovery-address/", 200},
	{"POST", "/recovery-address", 303},
	{"GET", "/forgot-password", 200},
	{"POST", "/forgot-password", 422},
	{"GET", "/forgot-password?sent", 200},
	{"GET", "/reset-password", 200},
	{"GET", "/reset-password/", 200},
	{"GET", "/reset-password?done", 200},
	{"GET", "/reset-password/anything", 404},
	{"GET", "/reset-password%23token=" + resetToken, 303},
	{"GET", "/reset-password/%23token=" + resetToken, 303},
	{"GET", "/reset-password/%23token=cut-off", 400},
	{"POST", "/reset-password", 400},
	{"GET", "/reset-password/dispute", 200},
	{"POST", "/reset-password/dispute", 400},
	{"PUT", "/forgot-password", 405},
	{"DELETE", "/account", 405},
	{"GET", "/inbox", 200},
	{"GET", "/inbox/1", 404},
	{"GET", "/inbox/1/html", 404},
	{"GET", "/inbox/1/source", 404},
	{"GET", "/inbox/preview", 200},
	{"GET", "/audit", 200},
	{"POST", "/audit/block", 400},
	{"POST", "/audit/lift", 400},
	{"POST", "/audit/unlock", 404},
	{"GET", "/healthz", 200},
	{"GET", "/static/style.css", 200},
	{"GET", "/static/link.js", 200},
	{"GET", "/static/", 404},
	{"GET", "/templates/home.html", 404},
	{"GET", "/.well-known/change-password", 303},
	{"GET", "/nothing-here", 404},
}

func TestEveryRouteAnswers(t *testing.T) {
	t.Parallel()
	b := startSite(t, nil).browser(t)
	for _, tt := range routes {
		res := b.do(b.newRequest(tt.method, tt.path, http.NoBody))
		what := tt.method + " " + tt.path
		require.Equal(t, tt.status, res.status, what)
		if !strings.HasPrefix(tt.path, "/static/") || tt.status != 200 {
			require.Contains(
				t, res.header.Values("Cache-Control"), "no-store", what,
			)
		}
		require.Contains(
			t, res.header.Get("Content-Security-Policy"),
			"frame-ancestors 'none'", what,
		)
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
	before := s.hasher.Slots().Stats().Started

	for _, path := range []string{
		"/register", "/login", "/account/password",
		"/forgot-password", "/reset-password", "/audit/block", "/audit/lift",
		"/account/totp/start", "/account/recovery", "/verify-address",
		"/reset-password/dispute", "/audit/unlock",
	} {
		form := strings.NewReader("email=ada@example.com&password=")
		r := b.newRequest(
			http.MethodPost, path, io.MultiReader(form, endless(10<<20)),
		)
		require.Equal(
			t, http.StatusRequestEntityTooLarge, b.do(r).status, path,
		)
	}
	require.Equal(
		t, before, s.hasher.Slots().Stats().Started, "nothing was hashed",
	)
}

// foreignOrigins are headers of a request that another site makes.
var foreignOrigins = [][2]string{
	{"Origin", "https://evil.example"},
	{"Sec-Fetch-Site", "cross-site"},
	{"Sec-Fetch-Site", "same-site"},
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)

	for _, route := range routes {
		if route.method != http.MethodPost {
			continue
		}
		for _, header := range foreignOrigins {
			r := b.newPost(route.path, "email", ada)
			r.Header.Set(header[0], header[1])
			require.Equal(
				t, http.StatusForbidden, b.do(r).status,
				"%s %s", route.path, header,
			)
		}
	}
	require.True(t, b.signedIn())
}

func TestClientsOfOneNetworkShareALimit(t *testing.T) {
	t.Parallel()
	from := func(remote string) string {
		return network(client(&http.Request{RemoteAddr: remote}))
	}
	require.Equal(t, from("[2001:db8::1]:80"), from("[2001:db8::ffff:2]:99"))
	require.NotEqual(t, from("[2001:db8::1]:80"), from("[2001:db8:0:1::1]:80"))
	require.Equal(t, "192.0.2.1", from("192.0.2.1:80"))
	require.Equal(t, "192.0.2.1", from("[::ffff:192.0.2.1]:80"))
}

// The pages of the application look like those of the reset.
func TestStyleIsThatOfTheResetPagesAndSomeMore(t *testing.T) {
	t.Parallel()
	res := startSite(t, nil).browser(t).get("/static/style.css")
	require.True(t, strings.HasPrefix(res.body, resethttp.StyleSheet()))
	require.True(t, strings.HasSuffix(res.body, ownStyle))
	require.Contains(t, res.header.Get("Content-Type"), "text/css")
}

func TestWhatIsWrongWithTheUsersTableIsLoggedAtTheStart(t *testing.T) {
	onEveryEngine(t, testWhatIsWrongWithTheUsersTableIsLoggedAtTheStart)
}

func testWhatIsWrongWithTheUsersTableIsLoggedAtTheStart(t *testing.T, e engine) {
	site := e.startSite(t, nil)
	require.NotContains(t, site.logs.text(), "users' table")

	drop := "DROP INDEX users_email"
	if site.db.dialect == sqlstore.MySQL {
		drop += " ON users"
	}
	_, err := site.db.ExecContext(t.Context(), drop)
	require.NoError(t, err)
	site.checkTable(t.Context())
	require.Contains(t, site.logs.text(), "no-address-index")
	require.Contains(t, site.logs.text(), "CREATE UNIQUE INDEX")
}
