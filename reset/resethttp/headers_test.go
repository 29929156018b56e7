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

// everyAnswer is one request for each page and each refusal that the pages can give.
func everyAnswer(w *fixture) map[string]answer {
	w.t.Helper()
	_, raw := w.link()
	all := map[string]answer{
		"forgot":      w.get("/forgot-password"),
		"sent":        w.get("/forgot-password?sent"),
		"bad address": w.post("/forgot-password", form("email", "nobody")),
		"asked":       w.post("/forgot-password", form("email", knownAddr)),
		"reset":       w.get("/reset-password"),
		"done":        w.get("/reset-password?done"),
		"rejected":    w.post("/reset-password", form("token", "a.b.c", "password", newPassword)),
		"refused":     w.post("/reset-password", form("token", raw, "password", "short")),
		"unreadable":  w.post("/reset-password", form("token", raw)),
		"not found":   w.get("/elsewhere"),
		"method":      w.do(w.request(http.MethodDelete, "/reset-password", "", "")),
		"type":        w.do(w.request(http.MethodPost, "/reset-password", "text/plain", "token=a")),
		"too large":   w.post("/reset-password", strings.Repeat("a", 16<<10+1)),
	}
	foreign := w.request(http.MethodPost, "/reset-password", formType, form("token", raw, "password", newPassword))
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	all["cross-origin"] = w.do(foreign)
	w.fail(errDown)
	all["unavailable"] = w.post("/reset-password", form("token", raw, "password", newPassword))
	w.fail(nil)
	all["changed"] = w.post("/reset-password", form("token", raw, "password", newPassword))
	return all
}

func TestEveryAnswerHasItsStatus(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"forgot": 200, "sent": 200, "bad address": 422, "asked": 303, "reset": 200, "done": 200, "rejected": 400, "refused": 422, "unreadable": 400,
		"not found": 404, "method": 405, "type": 415, "too large": 413, "cross-origin": 403, "unavailable": 503, "changed": 303,
	}
	got := map[string]int{}
	for name, a := range everyAnswer(newFixture(t, pagesOf)) {
		got[name] = a.status
	}
	require.Equal(t, want, got)
}

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
			"Vary":                         "Accept-Language",
		} {
			require.Equal(t, []string{want}, a.header.Values(header), "%s of %s", header, name)
		}
		require.Empty(t, a.header.Values("Set-Cookie"), name)
		policy := a.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			require.Contains(t, policy, part, name)
		}
		require.NotContains(t, policy, "unsafe", name)
		if a.status == http.StatusSeeOther {
			continue
		}
		require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"), name)
		require.Equal(t, "en", a.header.Get("Content-Language"), name)
		require.Contains(t, a.body, `<html lang="en" dir="ltr">`, name)
		require.Equal(t, 1, strings.Count(a.body, "<main"), name)
	}
}

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
			require.Contains(t, a.header.Get("Content-Security-Policy"),
				part[1]+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", name)
			markup = strings.ReplaceAll(markup, part[0], "")
		}
		require.NotRegexp(t, attribute, markup, name)
		require.NotRegexp(t, `(?i)\b(src|srcset)=|https?://`, markup, "%s loads or links nothing from elsewhere", name)
	}
}

func TestMethodsOtherThanGetHeadAndPostAreRefusedAndNamed(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	_, raw := w.link()
	body := form("token", raw, "password", newPassword, "email", knownAddr)
	for _, path := range []string{"/forgot-password", "/reset-password"} {
		for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post", "QUERY"} {
			r := w.request(method, path, formType, body)
			r.Header.Set("X-HTTP-Method-Override", "POST")
			a := w.do(r)
			require.Equal(t, http.StatusMethodNotAllowed, a.status, "%s %s", method, path)
			require.Equal(t, "GET, HEAD, POST", a.header.Get("Allow"))
		}
	}
	require.False(t, w.has(newPassword))
	require.Empty(t, w.outbox.Messages())
}

func TestGetAndHeadChangeNothingHoweverOftenALinkIsFetched(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{reset.LinkFragment, reset.LinkQuery} {
		w := newFixture(t, pagesOf, func(c *reset.Config) { c.Pages.LinkStyle = style })
		_, raw := w.link()
		values := form("token", raw, "password", newPassword, "email", knownAddr)
		for range 3 {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				for _, path := range []string{"/reset-password", "/forgot-password"} {
					a := w.do(w.request(method, path+"?"+values, formType, values))
					require.Less(t, a.status, 400)
					if method == http.MethodHead {
						require.Empty(t, a.body)
					}
				}
			}
		}
		require.False(t, w.has(newPassword))
		require.Empty(t, w.outbox.Messages())
		require.Equal(t, http.StatusSeeOther, w.post("/reset-password", form("token", raw, "password", newPassword)).status, "the link is still good")
		require.True(t, w.has(newPassword))
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	for _, path := range []string{"/forgot-password", "/forgot-password?sent", "/reset-password", "/reset-password?done", "/elsewhere"} {
		head, get := w.do(w.request(http.MethodHead, path, "", "")), w.get(path)
		head.header.Del("Date")
		get.header.Del("Date")
		require.Equal(t, get.status, head.status, path)
		require.Equal(t, get.header, head.header, path)
	}
}
