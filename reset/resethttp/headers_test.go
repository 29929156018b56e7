package resethttp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// everyAnswer is one request for each page and each refusal that the pages can
// give.
func everyAnswer(f *fixture) map[string]answer {
	f.t.Helper()
	_, raw := f.link()
	all := map[string]answer{
		"forgot":      f.get("/forgot-password"),
		"sent":        f.get("/forgot-password?sent"),
		"bad address": f.ask("nobody"),
		"asked":       f.ask(knownAddr),
		"reset":       f.get("/reset-password"),
		"done":        f.get("/reset-password?done"),
		"rejected":    f.confirm("a.b.c", newPassword),
		"refused":     f.confirm(raw, "short"),
		"unreadable":  f.post("/reset-password", form("token", raw)),
		"not found":   f.get("/elsewhere"),
		"method": f.do(f.request(http.MethodDelete,
			"/reset-password", "", "")),
		"type": f.do(f.request(http.MethodPost,
			"/reset-password", "text/plain", "token=a")),
		"too large": f.post("/reset-password", strings.Repeat("a", 16<<10+1)),
	}

	foreign := f.request(http.MethodPost, "/reset-password", formType,
		form("token", raw, "password", newPassword))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	all["cross-origin"] = f.do(foreign)
	f.fail(errDown)
	all["unavailable"] = f.confirm(raw, newPassword)
	f.fail(nil)
	all["changed"] = f.confirm(raw, newPassword)
	return all
}

func TestEveryAnswerHasItsStatus(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"forgot": 200, "sent": 200, "bad address": 422, "asked": 303,
		"reset": 200, "done": 200, "rejected": 400, "refused": 422,
		"unreadable": 400, "not found": 404, "method": 405, "type": 415,
		"too large": 413, "cross-origin": 403, "unavailable": 503,
		"changed": 303,
	}
	got := map[string]int{}
	for name, a := range everyAnswer(newFixture(t, pagesOf)) {
		got[name] = a.status
	}
	require.Equal(t, want, got)
}

//lostkey:covers ASVS-3.4.4 ASVS-3.4.5 ASVS-3.4.6 ASVS-3.4.8
//lostkey:covers ASVS-4.1.1 ASVS-14.2.2 ASVS-14.3.2 FP-CS-17
func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	for name, a := range everyAnswer(newFixture(t, pagesOf)) {
		for header, want := range map[string]string{
			"Cache-Control":                "no-store",
			"Referrer-Policy":              "same-origin",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"X-Robots-Tag":                 "noindex, nofollow",
			"Permissions-Policy": "camera=(), display-capture=()," +
				" geolocation=(), microphone=(), payment=(), usb=()",
			"Vary": "Accept-Language",
		} {
			require.Equal(t, []string{want}, a.header.Values(header),
				"%s of %s", header, name)
		}
		require.Empty(t, a.header.Values("Set-Cookie"), name)

		policy := a.header.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'", "form-action 'self'", "base-uri 'none'",
			"frame-ancestors 'none'", "connect-src 'self'",
			"img-src 'self' data:",
		} {
			require.Contains(t, policy, part, name)
		}
		require.NotContains(t, policy, "unsafe", name)

		if a.status == http.StatusSeeOther {
			continue
		}
		require.Equal(t, "text/html; charset=utf-8",
			a.header.Get("Content-Type"), name)
		require.Equal(t, "en", a.header.Get("Content-Language"), name)
		require.Contains(t, a.body, `<html lang="en" dir="ltr">`, name)
		require.Equal(t, 1, strings.Count(a.body, "<main"), name)
	}
}

//lostkey:covers ASVS-3.4.3
func TestContentPolicyAllowsExactlyTheStyleAndTheScriptOfThePage(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)
	attribute := regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)=`)

	for name, a := range everyAnswer(newFixture(t, pagesOf)) {
		if a.status == http.StatusSeeOther {
			continue
		}
		found := inline.FindAllStringSubmatch(a.body, -1)
		require.Len(t, found, 2, name)
		markup := a.body
		for _, part := range found {
			sum := sha256.Sum256([]byte(part[2]))
			digest := base64.StdEncoding.EncodeToString(sum[:])
			require.Contains(t, a.header.Get("Content-Security-Policy"),
				part[1]+"-src 'sha256-"+digest+"'", name)
			markup = strings.ReplaceAll(markup, part[0], "")
		}
		require.NotRegexp(t, attribute, markup, name)
		require.NotRegexp(t, `(?i)\b(src|srcset)=|https?://`, markup,
			"%s loads or links nothing from elsewhere", name)
	}
}

//lostkey:covers ASVS-4.1.4
func TestMethodsOtherThanGetHeadAndPostAreRefusedAndNamed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	body := form("token", raw, "password", newPassword, "email", knownAddr)

	for _, path := range []string{"/forgot-password", "/reset-password"} {
		for _, method := range []string{
			"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post",
			"QUERY",
		} {
			r := f.request(method, path, formType, body)
			r.Header.Set("X-HTTP-Method-Override", "POST")
			a := f.do(r)
			require.Equal(t, http.StatusMethodNotAllowed, a.status,
				"%s %s", method, path)
			require.Equal(t, "GET, HEAD, POST", a.header.Get("Allow"))
		}
	}

	require.False(t, f.has(newPassword))
	require.Empty(t, f.outbox.Messages())
}

//lostkey:covers ASVS-3.5.3
func TestGetAndHeadChangeNothingHoweverOftenALinkIsFetched(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f := newFixture(t, pagesOf,
			func(c *reset.Config) { c.Pages.LinkStyle = style })
		_, raw := f.link()
		values := form("token", raw, "password", newPassword,
			"email", knownAddr)

		for range 3 {
			for _, path := range []string{
				"/reset-password?" + values, "/forgot-password?" + values,
			} {
				got := f.do(f.request(http.MethodGet, path, formType, values))
				require.Less(t, got.status, 400)
				got = f.do(f.request(http.MethodHead, path, formType, values))
				require.Less(t, got.status, 400)
				require.Empty(t, got.body)
			}
		}

		require.False(t, f.has(newPassword))
		require.Empty(t, f.outbox.Messages())
		require.Equal(t, http.StatusSeeOther,
			f.confirm(raw, newPassword).status, "the link is still good")
		require.True(t, f.has(newPassword))
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for _, path := range []string{
		"/forgot-password", "/forgot-password?sent", "/reset-password",
		"/reset-password?done", "/elsewhere",
	} {
		head, get := f.do(f.request(http.MethodHead, path, "", "")), f.get(path)
		head.header.Del("Date")
		get.header.Del("Date")
		require.Equal(t, get.status, head.status, path)
		require.Equal(t, get.header, head.header, path)
	}
}
