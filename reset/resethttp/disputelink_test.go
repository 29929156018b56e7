package resethttp_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestRewrittenDisputeLinksOpenTheirPage(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f, hook, raw := newDisputeFixture(t, func(c *reset.Config) {
			c.Pages.LinkStyle = style
		})
		for _, address := range rewrittenAddresses(raw) {
			address = strings.Replace(
				address, "/reset-password", disputePath, 1)
			r := f.request(http.MethodGet, "/", "", "")
			r.URL.Opaque = strings.TrimPrefix(f.server.URL, "http:") + address
			a := f.do(r)
			require.Equal(t, http.StatusSeeOther, a.status, address)
			require.Equal(t, disputePath+"#token="+raw,
				a.header.Get("Location"), address)
			require.Empty(t, a.header.Values("Set-Cookie"), address)
			require.Empty(t, a.body)
		}

		for _, given := range []string{"/?token=a", "/%23token=", "?token="} {
			a := f.get(disputePath + given)
			require.Equal(t, http.StatusBadRequest, a.status, given)
			require.Contains(t, a.body, `action="`+disputePath+`"`)
			require.Contains(t, a.body, "in a form that we cannot read")
			require.Equal(t, "strict-origin", a.header.Get("Referrer-Policy"))
			require.Empty(t, a.header.Values("Set-Cookie"))
		}
		require.Equal(t, http.StatusOK, f.get(disputePath+"/").status)
		require.Equal(t, http.StatusNotFound, f.get(disputePath+"/x").status)
		require.Zero(t, hook.calls.Load())
	}
}

// Whoever opens or pastes a link on the wrong page is led to the right one, and
// nothing is done on the way.
func TestLinkOfTheOtherPageLeadsThere(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	_, resetRaw := f.link()
	toDispute := disputePath + "#token=" + raw
	toReset := "/reset-password#token=" + resetRaw

	for _, c := range []struct {
		got  answer
		want string
	}{
		{f.get("/reset-password/%23token=" + raw), toDispute},
		{f.get("/reset-password?token=" + raw), toDispute},
		{f.get(disputePath + "/%23token=" + resetRaw), toReset},
		{f.confirm(site+disputePath+"/#token="+raw, newPassword), toDispute},
		{f.confirm(raw, "short"), toDispute},
		{f.post(disputePath, form("token", "#token="+resetRaw)), toReset},
		{f.post(disputePath, form("token", "<"+site+toReset+">")), toReset},
	} {
		require.Equal(t, http.StatusSeeOther, c.got.status)
		require.Equal(t, c.want, c.got.header.Get("Location"))
		require.Equal(t, "no-referrer", c.got.header.Get("Referrer-Policy"))
	}
	require.Zero(t, hook.calls.Load())
	require.False(t, f.has(newPassword))

	// The script of the reset page is told, the API's clients are not.
	found := f.postJSON("/reset-password/check", jsonOf("token", raw)).
		problem(t, http.StatusBadRequest, "link-rejected")
	require.Equal(t, disputePath, found["page"])
	found = f.postJSON("/reset-password/check", jsonOf("token", "a.b.c")).
		problem(t, http.StatusBadRequest, "link-rejected")
	require.NotContains(t, found, "page")
	found = f.also(apiOf).postJSON(
		"/api/reset-password/check", jsonOf("token", raw)).
		problem(t, http.StatusBadRequest, "link-rejected")
	require.NotContains(t, found, "page")
}

func TestResetLinkPastedOnTheDisputePageIsHeldInACookie(t *testing.T) {
	t.Parallel()
	f, _, _ := newDisputeFixture(t, queryLinks, returnsTo)
	_, raw := f.link()
	a := f.post(disputePath, form("token", raw+"&return=cart"))
	require.Equal(t, http.StatusSeeOther, a.status)
	require.Equal(t, "/reset-password?return=cart", a.header.Get("Location"))
	require.Equal(t, raw, a.cookie(t).Value)
}

func TestWithoutTheHookADisputeLinkIsOneThatDoesNotWork(t *testing.T) {
	t.Parallel()
	f, _, raw := newDisputeFixture(t)
	other, err := reset.New(fixtureConfig(t))
	require.NoError(t, err)
	pages, err := resethttp.New(other, resethttp.Config{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/reset-password",
		strings.NewReader(form("token", raw, "password", newPassword)))
	r.Header.Set("Content-Type", formType)
	pages.ServeHTTP(w, r)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.False(t, f.has(newPassword))
}

func TestDisputeLinksAreRedacted(t *testing.T) {
	t.Parallel()
	f, _, raw := newDisputeFixture(t)
	redact := resethttp.RedactTokens(f.svc)
	pages, err := pagesOf(f.svc)
	require.NoError(t, err)
	var seen string
	handler := redact(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			seen = r.URL.Path + r.RequestURI + r.Referer()
			pages.ServeHTTP(w, r)
		}))

	for _, address := range []string{
		disputePath + "?token=" + raw, disputePath + "/%23token=" + raw,
		disputePath + "%23token=" + raw,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("Referer", site+address)
		handler.ServeHTTP(w, r)
		require.Equal(t, disputePath+"#token="+raw, w.Header().Get("Location"))
		require.NotContains(t, seen, raw)
		require.True(t, strings.HasPrefix(seen, disputePath+"/"), seen)
	}
}

// The page of a purpose of the host's may be below the reset page. Its links
// are neither opened here nor redacted, so that the host's handler sees them.
func TestLinksOfTheHostsPurposesAreLeftToItsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t, mounted(true))
	raw := base64.RawURLEncoding.EncodeToString([]byte(
		`{"alg":"HS256","kid":"k1","typ":"verify-email+jwt"}`)) +
		".e30." + strings.Repeat("A", 43)
	require.Equal(t, raw, resethttp.FindToken("#token="+raw))

	for _, address := range []string{
		"/reset-password/verify/%23token=" + raw,
		"/reset-password/verify/?token=" + raw,
		"/verify-email/%23token=" + raw,
	} {
		require.Equal(t, http.StatusNotFound, f.get(address).status, address)
	}
	require.Equal(t, http.StatusBadRequest, f.confirm(raw, "x").status)
}

func TestAPILocksAnAccountOnceSomebodyAsks(t *testing.T) {
	t.Parallel()
	pages, hook, raw := newDisputeFixture(t)
	f := pages.also(apiOf)
	const dispute, check = "/api/reset-password/dispute",
		"/api/reset-password/dispute/check"
	paths, _ := f.get("/api/reset-password/settings").
		object(t)["paths"].(map[string]any)
	require.Equal(t, dispute, paths["dispute"])
	require.Equal(t, check, paths["checkDispute"])

	for _, link := range []string{
		raw, site + disputePath + "/#token=" + raw, "<" + raw + ">",
	} {
		found := f.postJSON(check, jsonOf("token", link)).object(t)
		require.Equal(t, "a•••@example.com", found["account"])
		require.Len(t, found, 3)
		require.NotEmpty(t, found["expires"])
	}
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete,
	} {
		for _, path := range []string{dispute, check} {
			a := f.do(f.request(method, path+"?token="+raw, "", ""))
			require.Equal(t, http.StatusMethodNotAllowed, a.status)
		}
	}
	foreign := f.request(http.MethodPost, dispute, "application/json",
		jsonOf("token", raw))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	f.do(foreign).problem(t, http.StatusForbidden, "cross-origin")
	require.Zero(t, hook.calls.Load(), "nothing but a post locks")

	for range 2 {
		a := f.postJSON(dispute, jsonOf("token", raw))
		require.Equal(t, http.StatusNoContent, a.status)
		require.Empty(t, a.body)
	}
	require.EqualValues(t, 2, hook.calls.Load())
}

func TestAPIRefusesDisputesThatAreNone(t *testing.T) {
	t.Parallel()
	pages, hook, raw := newDisputeFixture(t)
	f := pages.also(apiOf)
	_, resetRaw := f.link()
	for _, path := range []string{
		"/api/reset-password/dispute", "/api/reset-password/dispute/check",
	} {
		for name, link := range map[string]string{
			"a reset link": resetRaw, "junk": "a.b.c", "empty": "",
			"forged": flip(raw), "two": raw + " " + resetRaw,
			"huge": strings.Repeat("a", 9000),
		} {
			f.postJSON(path, jsonOf("token", link)).
				problem(t, http.StatusBadRequest, "link-rejected")
			require.Zero(t, hook.calls.Load(), name)
		}
		for _, body := range []string{
			`{}`, `{"token":null}`, `{"token":"` + raw + `","token":"x"}`,
			`{"token":"` + raw + `","password":"x"}`, `["` + raw + `"]`,
		} {
			f.postJSON(path, body).
				problem(t, http.StatusBadRequest, "malformed")
		}
	}

	hook.broken.Store(true)
	a := f.postJSON("/api/reset-password/dispute", jsonOf("token", raw))
	a.problem(t, http.StatusServiceUnavailable, "unavailable")
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Zero(t, hook.calls.Load())

	none := newFixture(t, apiOf)
	for _, path := range []string{
		"/api/reset-password/dispute", "/api/reset-password/dispute/check",
	} {
		none.postJSON(path, jsonOf("token", raw)).
			problem(t, http.StatusNotFound, "not-found")
	}
}
