package resethttp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, "application/json", a.header.Get("Content-Type"), a.body)
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &object))
	return object
}

func TestCheckShowsTheAccountMaskedAndSpendsNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("", 3600))
	f := newFixture(t, apiOf, func(c *reset.Config) {
		c.Now = func() time.Time { return now }
	})
	require.NoError(t, f.users.Update("u-1", func(user *reset.User) {
		user.Label = "Bakery"
	}))
	whole, raw := f.link()

	for _, link := range []string{
		raw, whole, "  " + whole + "\n", "<" + whole + ">",
		strings.Replace(whole, "#token", "?token", 1),
	} {
		a := f.postJSON("/api/reset-password/check", jsonOf("token", link))
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, map[string]any{
			"account":   "a•••@example.com",
			"label":     "Bakery",
			"expires":   "2026-11-21T12:00:00Z",
			"minLength": 15.0,
			"purpose":   "reset",
			"proof":     "",
			"returnTo":  "",
			"continue":  "https://app.example/login",
		}, a.object(t))
		require.NotContains(t, a.body, knownAddr)
		require.Empty(t, a.header.Values("Set-Cookie"))
	}

	a := f.postJSON("/api/reset-password",
		jsonOf("token", whole, "password", newPassword))
	require.Equal(t, http.StatusNoContent, a.status)
}

func TestCheckOfThePagesNamesTheWholeAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	whole, _ := f.link()

	a := f.postJSON("/reset-password/check", jsonOf("token", whole))
	require.Equal(t, http.StatusOK, a.status, a.body)
	found := a.object(t)
	require.Equal(t, knownAddr, found["username"])
	require.Equal(t, "a•••@example.com", found["account"])
	require.Equal(t, "default-src 'none'; frame-ancestors 'none'",
		a.header.Get("Content-Security-Policy"))

	f.get("/reset-password/check").problem(
		t, http.StatusMethodNotAllowed, "method")
	r := f.request(http.MethodPost, "/reset-password/check",
		"application/json", jsonOf("token", whole))
	r.Header.Set("Origin", "https://evil.example")
	f.do(r).problem(t, http.StatusForbidden, "cross-origin")
	f.do(f.request(http.MethodPost, "/reset-password/check",
		formType, form("token", whole))).
		problem(t, http.StatusUnsupportedMediaType, "unsupported-type")
}

func TestCheckRefusesLinksLikeAConfirmation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	_, raw := f.link()
	forged := flip(raw)
	_, spent := f.link()
	require.Equal(t, http.StatusNoContent, f.postJSON("/api/reset-password",
		jsonOf("token", spent, "password", newPassword)).status)

	refused := f.postJSON("/api/reset-password",
		jsonOf("token", "a.b.c", "password", newPassword))
	refused.problem(t, http.StatusBadRequest, "link-rejected")
	for _, link := range []string{
		"", "a.b.c", forged, spent, raw, strings.Repeat("a", 9000),
		site + "/reset-password#token=" + raw + "&token=" + forged,
		"https://evil.example/#token=", knownAddr,
	} {
		same(t, refused, f.postJSON(
			"/api/reset-password/check", jsonOf("token", link)), link)
	}

	f.postJSON("/api/reset-password/check", `{"token":"`+raw+`","x":"y"}`).
		problem(t, http.StatusBadRequest, "malformed")
}

func TestCheckHasALimitAndTellsWhenSomethingIsDown(t *testing.T) {
	t.Parallel()
	limited := func(c *reset.Config) {
		c.Limits = reset.Limits{Check: never{90 * time.Second}}
	}
	f := newFixture(t, apiOf, limited)
	_, raw := f.link()
	a := f.postJSON("/api/reset-password/check", jsonOf("token", raw))
	require.InDelta(t, 90, a.problem(
		t, http.StatusTooManyRequests, "throttled")["retryAfter"], 0)
	require.Equal(t, "90", a.header.Get("Retry-After"))
	f.postJSON("/api/reset-password/check", jsonOf("token", "a.b.c")).
		problem(t, http.StatusTooManyRequests, "throttled")
	require.Equal(t, http.StatusNoContent, f.postJSON("/api/reset-password",
		jsonOf("token", raw, "password", newPassword)).status)

	f = newFixture(t, pagesOf, limited)
	_, raw = f.link()
	f.postJSON("/reset-password/check", jsonOf("token", raw)).
		problem(t, http.StatusTooManyRequests, "throttled")

	f = newFixture(t, apiOf)
	_, raw = f.link()
	f.fail(errDown)
	a = f.postJSON("/api/reset-password/check", jsonOf("token", raw))
	a.problem(t, http.StatusServiceUnavailable, "unavailable")
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, errDown.Error())
}

func TestSettingsTellAFrontEndWhatItNeeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf, func(c *reset.Config) {
		c.Site = "https://app.example/shop"
	})
	for _, path := range []string{
		"/api/reset-password/settings", "/shop/api/reset-password/settings",
	} {
		require.Equal(t, map[string]any{
			"product":     "Example App",
			"login":       "https://app.example/shop/login",
			"identifiers": false,
			"minLength":   15.0,
			"lifetime":    3600.0,
			"paths": map[string]any{
				"forgot":  "/shop/api/forgot-password",
				"reset":   "/shop/api/reset-password",
				"check":   "/shop/api/reset-password/check",
				"dispute": "", "checkDispute": "",
				"settings": "/shop/api/reset-password/settings",
				"openapi":  "/shop/api/openapi.json",
			},
		}, f.get(path).object(t))
	}

	head := f.do(f.request(
		http.MethodHead, "/api/reset-password/settings", "", ""))
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
	a := f.postJSON("/api/reset-password/settings", "{}")
	a.problem(t, http.StatusMethodNotAllowed, "method")
	require.Equal(t, "GET, HEAD", a.header.Get("Allow"))
}
