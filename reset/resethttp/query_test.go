package resethttp_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func queryLinks(c *reset.Config) { c.Pages.LinkStyle = reset.LinkQuery }

func (a answer) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	cookies := (&http.Response{Header: a.header}).Cookies()
	require.Len(t, cookies, 1)
	return cookies[0]
}

// getWith gets the reset page with a cookie.
func (f *fixture) getWith(c *http.Cookie) answer {
	f.t.Helper()
	r := f.request(http.MethodGet, "/reset-password", "", "")
	r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	return f.do(r)
}

// confirmWith posts the form of the reset page with a cookie.
func (f *fixture) confirmWith(c *http.Cookie, raw, password string) answer {
	f.t.Helper()
	r := f.request(http.MethodPost, "/reset-password", formType,
		form("token", raw, "password", password))
	r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	return f.do(r)
}

//lostkey:covers ASVS-3.3.1 ASVS-3.3.2 ASVS-3.3.3 ASVS-3.3.4 CWE-598
func TestTokenInTheQueryMovesIntoACookieOfThisHostAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	whole, raw := f.link()
	require.Equal(t, site+"/reset-password/?token="+raw, whole)
	hop := f.get(strings.TrimPrefix(whole, site))
	require.Equal(t, http.StatusSeeOther, hop.status)
	require.Equal(t, "/reset-password", hop.header.Get("Location"))
	require.Equal(t, "no-referrer", hop.header.Get("Referrer-Policy"))
	require.Equal(t, "no-store", hop.header.Get("Cache-Control"))
	require.Empty(t, hop.body)

	held := hop.cookie(t)
	require.Equal(t, "__Host-lostkey-link", held.Name)
	require.Equal(t, raw, held.Value)
	require.Equal(t, "/", held.Path, "browsers ask that of the prefix")
	require.Empty(t, held.Domain)
	require.True(t, held.HttpOnly)
	require.True(t, held.Secure)
	require.Equal(t, http.SameSiteLaxMode, held.SameSite)
	require.Equal(t, 30*60, held.MaxAge, "it goes along everywhere")

	page := f.getWith(held)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "a•••@example.com")
	require.NotContains(t, page.body, raw)
	require.NotContains(t, page.body, `type="text" id="link"`)

	refused := f.confirmWith(held, drawn(t, page), "short")
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.NotContains(t, refused.body, raw)
	require.Empty(t, refused.header.Values("Set-Cookie"))

	changed := f.confirmWith(held, drawn(t, refused), newPassword)
	require.Equal(t, http.StatusSeeOther, changed.status)
	require.True(t, f.has(newPassword))
	dropped := changed.cookie(t)
	require.Equal(t, held.Name, dropped.Name)
	require.Equal(t, held.Path, dropped.Path)
	require.Negative(t, dropped.MaxAge)

	dead := f.getWith(held)
	require.Equal(t, http.StatusBadRequest, dead.status)
	require.Negative(t, dead.cookie(t).MaxAge, "a dead link is not kept")
}

func TestCookieLivesNoLongerThanTheLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	link, err := f.svc.Link(t.Context(), "u-1",
		reset.LinkOptions{Lifetime: 90 * time.Second})
	require.NoError(t, err)
	held := f.get(strings.TrimPrefix(link.Reveal(), site)).cookie(t)
	require.LessOrEqual(t, held.MaxAge, 90)
	require.Greater(t, held.MaxAge, 60)
}

func TestDeadLinkInTheQueryIsRefusedWithoutACookie(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	_, raw := f.link()
	require.Equal(t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
	_, live := f.link()

	for name, query := range map[string]string{
		"used":              "?token=" + raw,
		"forged":            "?token=a.b.c",
		"empty":             "?token=",
		"twice":             "?token=" + live + "&token=" + live,
		"cookie attributes": "?token=a.b.c%3B+Domain%3Devil.example",
		"line break":        "?token=a%0d%0aSet-Cookie:+x=y",
	} {
		a := f.get("/reset-password" + query)
		require.Equal(t, http.StatusBadRequest, a.status, name)
		require.Negative(t, a.cookie(t).MaxAge, name)
		require.Equal(t, "strict-origin", a.header.Get("Referrer-Policy"),
			"%s: no form takes the token along", name)
		require.NotContains(t, a.body, raw, name)
		require.Empty(t, a.header.Values("X"), name)
	}
}

func TestBlockedCookiesLeaveTheFormToPasteInto(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	whole, _ := f.link()
	require.Equal(t, http.StatusSeeOther,
		f.get(strings.TrimPrefix(whole, site)).status)
	require.Contains(t, f.get("/reset-password").body,
		`<input type="text" id="link"`)
	require.Equal(t, http.StatusSeeOther, f.confirm(whole, newPassword).status)
}

func TestFormsOwnTokenWinsOverTheCookie(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	whole, _ := f.link()
	held := f.get(strings.TrimPrefix(whole, site)).cookie(t)
	a := f.confirmWith(held, "a.b.c", newPassword)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.False(t, f.has(newPassword))
}

func TestCookieIsNotReadWhereLinksHaveFragments(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()

	for _, name := range []string{"lostkey-link", "__Host-lostkey-link"} {
		for _, sent := range []string{"", "held:" + resethttp.LinkName(raw)} {
			cookie := &http.Cookie{Name: name, Value: raw}
			a := f.confirmWith(cookie, sent, newPassword)
			require.Equal(t, http.StatusBadRequest, a.status)
		}
	}

	page := f.get("/reset-password?token=" + raw)
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, "/reset-password#token="+raw, page.header.Get("Location"))
	require.Empty(t, page.header.Values("Set-Cookie"))
	require.NotContains(t, page.body, raw)
}

func TestTwoCookiesOfTheNameAreNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	_, raw := f.link()

	for method, status := range map[string]int{
		http.MethodPost: http.StatusBadRequest, http.MethodGet: http.StatusOK,
	} {
		r := f.request(method, "/reset-password", formType,
			form("password", newPassword))
		r.Header.Set("Cookie",
			"__Host-lostkey-link="+raw+"; __Host-lostkey-link="+raw)
		a := f.do(r)
		require.Equal(t, status, a.status)
		require.NotContains(t, a.body, "•••")
	}

	require.False(t, f.has(newPassword))
}

func TestStoreThatIsDownIsNotARefusedLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks)
	whole, _ := f.link()
	f.fail(errDown)
	a := f.get(strings.TrimPrefix(whole, site))
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.Empty(t, a.header.Values("Set-Cookie"))
	require.Equal(t, strconv.Itoa(60), a.header.Get("Retry-After"))
}

func TestSiteOnPlainHTTPGetsACookieThatBrowsersKeep(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks,
		func(c *reset.Config) { c.Site = "http://localhost:8080" })
	whole, _ := f.link()
	held := f.get(strings.TrimPrefix(whole, "http://localhost:8080")).cookie(t)
	require.Equal(t, "lostkey-link", held.Name)
	require.Equal(t, "/reset-password", held.Path)
	require.False(t, held.Secure)
}

func TestSiteBelowAPathIsServedStrippedAndWhole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks,
		func(c *reset.Config) { c.Site = "https://app.example/shop" })

	for _, prefix := range []string{"", "/shop"} {
		require.Contains(t, f.get(prefix+"/forgot-password").body,
			`action="/shop/forgot-password"`)
		asked := f.post(prefix+"/forgot-password", form("email", knownAddr))
		require.Equal(t, "/shop/forgot-password?sent",
			asked.header.Get("Location"))

		_, raw := f.link()
		hop := f.get(prefix + "/reset-password?token=" + raw)
		require.Equal(t, "/shop/reset-password", hop.header.Get("Location"))
		require.Equal(t, "/", hop.cookie(t).Path)
	}
}
