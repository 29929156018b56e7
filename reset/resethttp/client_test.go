package resethttp_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// proxies are those of the tests.
var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("198.51.100.7/32"),
	netip.MustParsePrefix("fd00::/8"),
}

func clientFrom(peer string, forwarded ...string) netip.Addr {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = peer
	r.Header["X-Forwarded-For"] = forwarded
	return resethttp.ClientBehind(proxies...)(r)
}

//lostkey:covers ASVS-4.1.3 ASVS-15.3.4
func TestClientIsTheLastHopThatIsNoProxy(t *testing.T) {
	t.Parallel()
	const proxy = "10.0.0.1:1"
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":         {"203.0.113.9:1", nil, "203.0.113.9"},
		"no proxy, forged": {"203.0.113.9:1", []string{"192.0.2.1"}, "203.0.113.9"},
		"one proxy":        {proxy, []string{"203.0.113.9"}, "203.0.113.9"},
		"one proxy, forged": {
			proxy, []string{"192.0.2.1, 203.0.113.9"}, "203.0.113.9",
		},
		"forged as a proxy": {
			proxy, []string{"192.0.2.1, 10.9.9.9, 203.0.113.9"}, "203.0.113.9",
		},
		"two proxies": {
			proxy, []string{"203.0.113.9, 198.51.100.7"}, "203.0.113.9",
		},
		"three proxies, forged": {
			proxy,
			[]string{"192.0.2.1, 203.0.113.9, 198.51.100.7, 10.1.1.1"},
			"203.0.113.9",
		},
		"header of its own line": {
			proxy,
			[]string{"192.0.2.1", "203.0.113.9", "198.51.100.7"},
			"203.0.113.9",
		},
		"only proxies":     {proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"no header":        {proxy, nil, "10.0.0.1"},
		"empty header":     {proxy, []string{""}, "10.0.0.1"},
		"spaces and tabs":  {proxy, []string{" \t203.0.113.9 \t"}, "203.0.113.9"},
		"no spaces":        {proxy, []string{"192.0.2.1,203.0.113.9"}, "203.0.113.9"},
		"port":             {proxy, []string{"203.0.113.9:4711"}, "203.0.113.9"},
		"IPv6":             {proxy, []string{"2001:db8::9"}, "2001:db8::9"},
		"IPv6 in brackets": {proxy, []string{"[2001:db8::9]"}, "2001:db8::9"},
		"IPv6 with port":   {proxy, []string{"[2001:db8::9]:4711"}, "2001:db8::9"},
		"IPv6 with zone":   {proxy, []string{"fe80::1%eth0"}, "fe80::1"},
		"IPv4 in IPv6":     {proxy, []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"proxy in IPv6 form": {
			"[::ffff:10.0.0.1]:1",
			[]string{"203.0.113.9, ::ffff:10.0.0.2"},
			"203.0.113.9",
		},
		"proxy on IPv6": {"[fd00::1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		"Unix socket":   {"@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		require.Equal(t, c.want, clientFrom(c.peer, c.forwarded...).String(), name)
	}
}

// Whoever can make an entry unreadable must not be able to choose what is taken
// in its place.
func TestUnreadableHopEndsTheSearchAtTheLastProxy(t *testing.T) {
	t.Parallel()
	for _, hop := range []string{
		"", " ", "unknown", "_hidden", "203.0.113", "203.0.113.9.9", "203.0.113.999",
		"0313.0.113.9", "203.0.113.9:", "203.0.113.9:70000", "203.0.113.9:x",
		"[203.0.113.9]", "[203.0.113.9]:80x", "[2001:db8::9", "2001:db8::9]",
		"[[2001:db8::9]]", "2001:db8::9::", "203.0.113.9/32", "localhost",
		"for=203.0.113.9", `"203.0.113.9"`, "203.0.113.9;", "203.0.113.9\x00",
		"203.0.113.9\n", "２０３.0.113.9",
	} {
		require.Equal(t, "10.0.0.1",
			clientFrom("10.0.0.1:1", "192.0.2.1, "+hop).String(), "%q", hop)
		require.Equal(t, "198.51.100.7",
			clientFrom("10.0.0.1:1", "192.0.2.1, "+hop+",198.51.100.7").String(),
			"%q", hop)
	}
}

func TestWithoutProxiesTheHeaderIsNotRead(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	require.Equal(t, "127.0.0.1", resethttp.ClientBehind()(r).String())
	require.Equal(t, "127.0.0.1", resethttp.ClientBehind(netip.Prefix{})(r).String())
}

func FuzzClientBehind(f *testing.F) {
	for _, seed := range []string{
		"203.0.113.9", "192.0.2.1, 203.0.113.9", "[2001:db8::9]:80,10.0.0.2",
		"unknown, 10.0.0.2", ",,", "10.1.1.1\n10.2.2.2", "[::ffff:10.0.0.1]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, forwarded string) {
		lines := strings.Split(forwarded, "\n")
		found := clientFrom("10.0.0.1:1", lines...)
		require.True(t, found.IsValid())
		require.Equal(t, found.Unmap().WithZone(""), found)

		// What a client sends stands before what a proxy adds, and changes
		// nothing.
		require.Equal(t, netip.MustParseAddr("203.0.113.9"),
			clientFrom("10.0.0.1:1", append(lines, "203.0.113.9")...))
		require.Equal(t, netip.MustParseAddr("203.0.113.9"),
			clientFrom("203.0.113.9:1", lines...))
	})
}

func TestUnknownProxyIsLoggedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forwarded string
		client    func(*http.Request) netip.Addr
		want      int
	}{
		"behind a proxy":       {"203.0.113.9", nil, 1},
		"nobody in between":    {"", nil, 0},
		"somebody said how to": {"203.0.113.9", resethttp.ClientBehind(), 0},
	} {
		var logs syncBuffer
		logger := slog.New(slog.NewTextHandler(&logs, nil))
		handlers := []func(*reset.Service) (http.Handler, error){
			func(svc *reset.Service) (http.Handler, error) {
				return resethttp.New(svc,
					resethttp.Config{Logger: logger, Client: c.client})
			},
			func(svc *reset.Service) (http.Handler, error) {
				return resethttp.NewAPI(svc, resethttp.APIConfig{
					Prefix: "/x", Logger: logger, Client: c.client,
				})
			},
		}

		for i, handler := range handlers {
			f := newFixture(t, handler)
			for range 3 {
				r := f.request(http.MethodPost,
					[]string{"/forgot-password", "/x/forgot-password"}[i],
					[]string{formType, "application/json"}[i],
					[]string{"email=nobody", `{"email":"nobody"}`}[i])
				if c.forwarded != "" {
					r.Header.Set("X-Forwarded-For", c.forwarded)
				}
				require.Equal(t, http.StatusUnprocessableEntity, f.do(r).status)
			}
			require.Equal(t, c.want*(i+1),
				bytes.Count([]byte(logs.String()), []byte("ClientBehind")), name)
		}
		require.NotContains(t, logs.String(), "203.0.113.9")
	}
}

func TestChangePasswordRedirectsForNow(t *testing.T) {
	t.Parallel()
	h := resethttp.ChangePasswordRedirect("/account/password?from=manager")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(
			method, "http://evil.example/.well-known/change-password", nil))
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, "/account/password?from=manager", w.Header().Get("Location"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	require.Empty(t, w.Header().Get("Location"))
}
