package resethttp_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

const disputeCheck = disputePath + "/check"

// Scanners run the script of a page, and so ask this any number of times.
//
//lostkey:covers ASVS-3.5.3
func TestCheckOfTheDisputePageTellsAndLocksNothing(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f, hook, raw := newDisputeFixture(t, func(c *reset.Config) {
			c.Pages.LinkStyle = style
		})
		for _, link := range []string{
			raw, "#token=" + raw, site + disputePath + "/#token=" + raw,
		} {
			a := f.postJSON(disputeCheck, jsonOf("token", link))
			require.Equal(t, http.StatusOK, a.status, a.body)
			found := a.object(t)
			require.Equal(t, "a•••@example.com", found["account"])
			require.Positive(t, found["expiresIn"])
			require.Len(t, found, 4)
			require.NotContains(t, a.body, knownAddr)
			require.NotContains(t, a.body, raw)
			require.Empty(t, a.header.Values("Set-Cookie"))
			require.Equal(t, "default-src 'none'; frame-ancestors 'none'",
				a.header.Get("Content-Security-Policy"))
		}
		require.Zero(t, hook.calls.Load())

		a := f.post(disputePath, form("token", raw))
		require.Equal(t, http.StatusSeeOther, a.status, "the link still works")
	}
}

func TestCheckOfTheDisputePageTakesPostsOfItsOwnScriptAlone(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete,
	} {
		a := f.do(f.request(method, disputeCheck+"?token="+raw, "", ""))
		require.Equal(t, http.StatusMethodNotAllowed, a.status, method)
		require.NotContains(t, a.body, raw)
	}

	foreign := f.request(http.MethodPost, disputeCheck, "application/json",
		jsonOf("token", raw))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	f.do(foreign).problem(t, http.StatusForbidden, "cross-origin")
	f.post(disputeCheck, form("token", raw)).
		problem(t, http.StatusUnsupportedMediaType, "unsupported-type")
	require.Zero(t, hook.calls.Load())

	without := newFixture(t, pagesOf)
	for _, path := range []string{disputeCheck, "/check"} {
		require.Equal(t, http.StatusNotFound, without.postJSON(
			path, jsonOf("token", raw)).status, path)
	}
}

func TestCheckOfTheDisputePageRefusesWhatTheFormRefuses(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t)
	refuses := func(link string) {
		t.Helper()
		found := f.postJSON(disputeCheck, jsonOf("token", link)).
			problem(t, http.StatusBadRequest, "link-rejected")
		require.NotContains(t, found, "page")
		require.Equal(t, http.StatusBadRequest,
			f.post(disputePath, form("token", link)).status)
	}
	for _, link := range []string{
		"", "a.b.c", flip(raw), raw + " " + flip(raw),
		strings.Repeat("a", 9000),
	} {
		refuses(link)
	}

	// The password is changed once more, which kills the link.
	_, resetRaw := f.link()
	require.Equal(t, http.StatusSeeOther,
		f.confirm(resetRaw, newPassword).status)
	refuses(raw)
	require.Zero(t, hook.calls.Load())

	// The script leads to what the form would have answered.
	want := f.post(disputePath, form("token", raw))
	shown := f.get(disputePath + "?rejected")
	require.Equal(t, http.StatusOK, shown.status)
	require.True(t, want.body == shown.body, "the pages differ")
}

func TestCheckOfTheDisputePageHasTheLimitOfChecks(t *testing.T) {
	t.Parallel()
	f, hook, raw := newDisputeFixture(t, func(c *reset.Config) {
		c.Limits = reset.Limits{Check: never{90 * time.Second}}
	})
	for _, link := range []string{raw, "a.b.c"} {
		a := f.postJSON(disputeCheck, jsonOf("token", link))
		a.problem(t, http.StatusTooManyRequests, "throttled")
		require.Equal(t, "90", a.header.Get("Retry-After"))
	}
	require.Equal(t, http.StatusSeeOther,
		f.post(disputePath, form("token", raw)).status)
	require.EqualValues(t, 1, hook.calls.Load())
}

// A reset link that was pasted here is brought to the reset page, which shows
// that link and not the one in a cookie.
func TestScriptBringsAResetLinkToItsPage(t *testing.T) {
	t.Parallel()
	for style, page := range map[reset.LinkStyle]string{
		reset.LinkFragment: "/reset-password",
		reset.LinkQuery:    "/reset-password?pasted",
	} {
		f, _, _ := newDisputeFixture(t, func(c *reset.Config) {
			c.Pages.LinkStyle = style
		})
		whole, raw := f.link()
		for _, link := range []string{raw, whole, flip(raw)} {
			found := f.postJSON(disputeCheck, jsonOf("token", link)).
				problem(t, http.StatusBadRequest, "link-rejected")
			require.Equal(t, page, found["page"])
		}

		r := f.request(http.MethodGet, page, "", "")
		r.AddCookie(&http.Cookie{Name: "__Host-lostkey-link", Value: raw})
		a := f.do(r)
		require.Equal(t, http.StatusOK, a.status)
		require.Contains(t, a.body, `id="link-row"`)
		require.NotContains(t, a.body, "a•••@example.com")
	}
}

func TestCheckOfTheDisputePageIsBelowItsOwnPath(t *testing.T) {
	t.Parallel()
	hook := &disputes{}
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Site = site + "/shop"
		c.Hooks.OnDisputed = hook.lock
		c.Pages.Dispute = "/not-me"
	})
	for _, path := range []string{"/not-me/check", "/shop/not-me/check"} {
		f.postJSON(path, jsonOf("token", "a.b.c")).
			problem(t, http.StatusBadRequest, "link-rejected")
	}
}

// A check never takes the place of a page.
func TestPageOnThePathOfACheckIsServed(t *testing.T) {
	t.Parallel()
	cfg := fixtureConfig(t)
	cfg.Hooks.OnDisputed = (&disputes{}).lock
	cfg.Pages.Dispute = "/reset-password/check"
	svc, err := reset.New(cfg)
	require.NoError(t, err)
	pages, err := pagesOf(svc)
	require.NoError(t, err)

	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest(
		http.MethodGet, "/reset-password/check", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "<h1>Was this not you?</h1>")
}
