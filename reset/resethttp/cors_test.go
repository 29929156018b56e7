package resethttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

const front = "https://front.example"

func openAPIOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.NewAPI(svc, resethttp.APIConfig{
		Origins:        []string{front, "http://localhost:5173"},
		RequestHeaders: []string{"X-Captcha"},
	})
}

// corsHeaders are what would let a page of another origin in.
func corsHeaders(header http.Header) []string {
	var found []string
	for name := range header {
		if strings.HasPrefix(name, "Access-Control-") {
			found = append(found, name)
		}
	}
	return found
}

func (f *fixture) from(origin, method, target, body string) *http.Request {
	f.t.Helper()
	r := f.request(method, target, "application/json", body)
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return r
}

//lostkey:covers ASVS-3.4.2
func TestNamedOriginMayCallTheAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t, openAPIOf)
	_, raw := f.link()
	for target, method := range map[string]string{
		"/api/forgot-password":         http.MethodPost,
		"/api/reset-password":          http.MethodPost,
		"/api/reset-password/check":    http.MethodPost,
		"/api/reset-password/settings": http.MethodGet,
		"/api/openapi.json":            http.MethodGet,
	} {
		r := f.from(front, http.MethodOptions, target, "")
		r.Header.Set("Access-Control-Request-Method", method)
		r.Header.Set("Access-Control-Request-Headers", "content-type")
		a := f.do(r)
		require.Equal(t, http.StatusNoContent, a.status, target)
		require.Equal(t, front, a.header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, method, a.header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, "Content-Type, X-Captcha",
			a.header.Get("Access-Control-Allow-Headers"))
		require.Equal(t, "7200", a.header.Get("Access-Control-Max-Age"))
		require.Contains(t, a.header.Values("Vary"), "Origin")
		require.Empty(t, a.header.Values("Access-Control-Allow-Credentials"))
	}

	a := f.do(f.from(front, http.MethodPost, "/api/reset-password",
		jsonOf("token", raw, "password", newPassword)))
	require.Equal(t, http.StatusNoContent, a.status)
	require.Equal(t, front, a.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "Retry-After", a.header.Get("Access-Control-Expose-Headers"))
	require.Contains(t, a.header.Values("Vary"), "Origin")
	require.Empty(t, a.header.Values("Access-Control-Allow-Credentials"))
}

//lostkey:covers ASVS-3.4.2
func TestOtherOriginsGetNothing(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{
		"https://evil.example", "null", "*", "http://front.example",
		"https://front.example:8443", "https://front.example.evil.example",
		"https://evilfront.example", "https://sub.front.example",
		"https://FRONT.example", "https://front.example/", " ",
		front + ", https://evil.example", "http://localhost:5174",
	} {
		f := newFixture(t, openAPIOf)
		_, raw := f.link()

		preflight := f.from(origin, http.MethodOptions, "/api/reset-password", "")
		preflight.Header.Set("Access-Control-Request-Method", http.MethodPost)
		a := f.do(preflight)
		a.problem(t, http.StatusMethodNotAllowed, "method")
		require.Empty(t, corsHeaders(a.header), origin)
		require.Contains(t, a.header.Values("Vary"), "Origin")

		a = f.do(f.from(origin, http.MethodPost, "/api/reset-password",
			jsonOf("token", raw, "password", newPassword)))
		a.problem(t, http.StatusForbidden, "cross-origin")
		require.Empty(t, corsHeaders(a.header), origin)
		require.False(t, f.has(newPassword))

		a = f.do(f.from(origin, http.MethodGet, "/api/reset-password/settings", ""))
		require.Empty(t, corsHeaders(a.header), origin)
	}
}

func TestTwoOriginHeadersAreNoOrigin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, openAPIOf)
	r := f.from(front, http.MethodGet, "/api/reset-password/settings", "")
	r.Header.Add("Origin", "https://evil.example")
	require.Empty(t, corsHeaders(f.do(r).header))
}

func TestWithoutOriginsNobodyElseIsLetIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	for _, origin := range []string{front, "null", "https://evil.example"} {
		r := f.from(origin, http.MethodOptions, "/api/forgot-password", "")
		r.Header.Set("Access-Control-Request-Method", http.MethodPost)
		a := f.do(r)
		a.problem(t, http.StatusMethodNotAllowed, "method")
		require.Empty(t, corsHeaders(a.header))
	}
}

// Without a preflight, a page can send these types alone to another origin.
func TestTypesThatNeedNoPreflightAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, openAPIOf)
	for _, media := range []string{
		"text/plain", formType, "multipart/form-data; boundary=x",
		"text/plain; application/json", "application/json-patch+json", "",
	} {
		r := f.from(front, http.MethodPost, "/api/forgot-password",
			jsonOf("email", knownAddr))
		r.Header.Set("Content-Type", media)
		f.do(r).problem(t, http.StatusUnsupportedMediaType, "unsupported-type")
	}
}

func TestAPIConfigNamesTheFieldAndNotItsValue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	refused := func(want string, cfg resethttp.APIConfig) {
		t.Helper()
		_, err := resethttp.NewAPI(f.svc, cfg)
		require.ErrorContains(t, err, "resethttp: APIConfig."+want, "%+v", cfg)
		require.NotContains(t, err.Error(), "evil")
	}

	for _, origin := range []string{
		"", "*", "null", "https://*.evil.example", "evil.example", "https://",
		"https://evil.example/", "https://evil.example/x", "https://EVIL.example",
		"https://evil.example:443", "https://u@evil.example", "ftp://evil.example",
		"https://evil.example?", "https://evil.example#", "http://evil.example",
		" https://evil.example", "https://evil.example https://x.example",
	} {
		refused("Origins[1]", resethttp.APIConfig{Origins: []string{front, origin}})
	}
	for _, name := range []string{"", "*", "X evil", "X-Evil,Y", "X:\r\nevil"} {
		refused("RequestHeaders[0]",
			resethttp.APIConfig{RequestHeaders: []string{name}})
	}
	for _, path := range []string{
		"evil", "/", "/evil/", "//evil", "/../evil", "/e vil", "/evil?x", "/evil#x",
		"/%zz", "/evil/./x", "/é",
	} {
		refused("Prefix", resethttp.APIConfig{Prefix: path})
		refused("Forgot", resethttp.APIConfig{Forgot: path})
		refused("Reset", resethttp.APIConfig{Reset: path})
	}
	for _, path := range []string{
		"/reset-password", "/reset-password/check", "/reset-password/settings",
		"/openapi.json",
	} {
		refused("Forgot", resethttp.APIConfig{Forgot: path})
	}
	refused("Reset", resethttp.APIConfig{Reset: "/openapi.json"})
	refused("BaseURL", resethttp.APIConfig{BaseURL: "evil.example"})
}

func TestPlainOriginsAreForDevelopment(t *testing.T) {
	t.Parallel()
	local := resethttp.APIConfig{Origins: []string{
		"http://localhost", "http://127.0.0.1:5173", "http://[::1]:5173",
	}}
	_, err := resethttp.NewAPI(newFixture(t, apiOf).svc, local)
	require.NoError(t, err)

	plain := newFixture(t, apiOf, func(c *reset.Config) {
		c.Site, c.Pages.InsecureHTTP = "http://dev.example", true
	})
	_, err = resethttp.NewAPI(plain.svc, resethttp.APIConfig{
		Origins: []string{"http://front.example"},
	})
	require.NoError(t, err)
}

// The links of such a service lead to the front end, and the API is elsewhere.
func TestAPIMayHaveASiteOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.NewAPI(svc, resethttp.APIConfig{
			BaseURL: "https://api.example/v1", Prefix: "/auth",
			Origins: []string{site},
		})
	})

	a := f.do(f.from(site, http.MethodPost, "/v1/auth/forgot-password",
		jsonOf("email", knownAddr)))
	require.Equal(t, http.StatusAccepted, a.status)
	require.Equal(t, site, a.header.Get("Access-Control-Allow-Origin"))
	about := f.get("/auth/reset-password/settings").object(t)
	require.Equal(t, site+"/login", about["login"])
	require.Contains(t, f.get("/auth/openapi.json").body,
		`"url": "https://api.example/v1"`)
}
