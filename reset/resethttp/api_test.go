package resethttp_test

import (
	"context"
	"encoding/json"
	"go/doc/comment"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func jsonOf(pairs ...string) string {
	object := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	body, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// problem checks the shape of a problem and returns it.
func (a answer) problem(t *testing.T, status int, kind string) map[string]any {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Equal(t, "default-src 'none'; frame-ancestors 'none'",
		a.header.Get("Content-Security-Policy"))

	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &document))
	require.Equal(t, "https://pkg.go.dev/github.com/lostkey-go/lostkey/"+
		"reset/resethttp#hdr-Problem_"+strings.ReplaceAll(kind, "-", "_"),
		document["type"])
	require.InDelta(t, status, document["status"], 0)
	require.NotEmpty(t, document["title"])
	require.Equal(t, kind, document["code"])
	return document
}

func TestAPIResetsAPasswordEndToEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	known, unknown := f.askJSON(knownAddr), f.askJSON("nobody@example.com")
	require.Equal(t, http.StatusAccepted, known.status)
	require.Equal(t, "application/json", known.header.Get("Content-Type"))
	require.JSONEq(t, "{}", known.body)
	same(t, known, unknown, "known and unknown")
	raw := f.mailed(1)

	refused := f.confirmJSON(raw, "short").
		problem(t, http.StatusUnprocessableEntity, "password-refused")
	require.Equal(t, []any{map[string]any{
		"pointer": "#/password",
		"code":    "too-short",
		"detail":  "Use at least 15 characters.",
		"min":     15.0,
	}}, refused["errors"])

	a := f.confirmJSON(raw, newPassword)
	require.Equal(t, http.StatusNoContent, a.status)
	require.Empty(t, a.body)
	require.Empty(t, a.header.Values("Set-Cookie"))
	require.True(t, f.has(newPassword))

	used := f.confirmJSON(raw, newPassword)
	used.problem(t, http.StatusBadRequest, "link-rejected")

	for name, bad := range map[string]string{
		"empty":     "",
		"forged":    "a.b.c",
		"two links": site + "/reset-password#token=" + raw + "&token=" + raw,
		"escapes":   "\u0000",
		"long":      strings.Repeat("a", 9000),
	} {
		same(t, used, f.confirmJSON(bad, newPassword), name)
	}
}

// malformedBodies are near misses of good, the body that sets a password by
// the link raw.
func malformedBodies(raw, good string) map[string]string {
	const (
		member  = `"password":"` + newPassword + `"`
		array   = `"password":["` + newPassword + `"]`
		escaped = `"password":"x","pass\u0077ord":"` + newPassword + `"`
	)

	return map[string]string{
		"nothing":      "",
		"null":         "null",
		"array":        "[" + good + "]",
		"string":       `"x"`,
		"empty object": "{}",
		"no password":  jsonOf("token", raw),
		"no token":     jsonOf("password", newPassword),
		"unknown member": jsonOf("token", raw, "password", newPassword,
			"user_id", "u-2"),
		"other case":          jsonOf("Token", raw, "password", newPassword),
		"duplicate member":    strings.Replace(good, "{", `{"token":"x",`, 1),
		"escaped duplicate":   strings.Replace(good, member, escaped, 1),
		"second value":        good + good,
		"trailing text":       good + "x",
		"trailing comma":      strings.TrimSuffix(good, "}") + ",}",
		"missing comma":       strings.Replace(good, ",", " ", 1),
		"missing colon":       strings.Replace(good, ":", " ", 1),
		"leading comma":       strings.Replace(good, "{", "{,", 1),
		"missing end":         strings.TrimSuffix(good, "}"),
		"token null":          `{"token":null,` + member + `}`,
		"token array":         `{"token":["` + raw + `"],` + member + `}`,
		"token object":        `{"token":{"$ne":""},` + member + `}`,
		"token number":        `{"token":1,` + member + `}`,
		"token boolean":       `{"token":true,` + member + `}`,
		"password array":      strings.Replace(good, member, array, 1),
		"half a surrogate":    strings.Replace(good, "sing", `sing\ud800`, 1),
		"not UTF-8":           strings.Replace(good, "sing", "sing\xff", 1),
		"byte order mark":     "\ufeff" + good,
		"comment":             "/* */" + good,
		"single quotes":       strings.ReplaceAll(good, `"`, `'`),
		"line break in value": strings.Replace(good, "seven", "se\nven", 1),
		"deep":                strings.Repeat("[", 10000),
		"form":                form("token", raw, "password", newPassword),
	}
}

//lostkey:covers ASVS-1.5.3 ASVS-15.3.3 ASVS-15.3.5 CWE-20
func TestAPIReadsExactlyWhatItExpects(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	_, raw := f.link()
	good := jsonOf("token", raw, "password", newPassword)
	f.store.calls.Store(0)

	for name, body := range malformedBodies(raw, good) {
		f.postJSON("/api/reset-password", body).
			problem(t, http.StatusBadRequest, "malformed")
		require.False(t, f.has(newPassword), name)
	}

	for _, body := range []string{
		`{"email":["` + knownAddr + `","evil@example.net"]}`,
		`{"email":"` + knownAddr + `","email":"evil@example.net"}`,
		`{"email":{"0":"` + knownAddr + `"}}`,
		`{"email":null}`, `{"email":"` + knownAddr + `","locale":"de"}`,
		`{"email[]":"` + knownAddr + `"}`,
	} {
		f.postJSON("/api/forgot-password", body).
			problem(t, http.StatusBadRequest, "malformed")
	}

	require.Zero(t, f.store.calls.Load())
	require.Empty(t, f.outbox.Messages())
	require.Equal(t, http.StatusNoContent,
		f.postJSON("/api/reset-password", " \r\n\t"+good+"\n").status)
}

func TestAPIRefusesEarlyAndClearly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	ask := jsonOf("email", knownAddr)

	for _, addr := range []string{
		"", "nobody", knownAddr + ",evil@example.net",
		"Ada <" + knownAddr + ">", knownAddr + "\r\nBcc: evil@example.net",
	} {
		document := f.askJSON(addr).
			problem(t, http.StatusUnprocessableEntity, "invalid-address")
		require.NotContains(t, document["detail"], "evil")
	}

	for _, media := range []string{
		"", "text/plain", "text/json", formType,
		"application/json; charset=utf-16", "application/problem+json",
	} {
		f.do(f.request(http.MethodPost, "/api/forgot-password", media, ask)).
			problem(t, http.StatusUnsupportedMediaType, "unsupported-type")
	}

	r := f.request(http.MethodPost, "/api/forgot-password",
		"application/json; charset=UTF-8", ask)
	require.Equal(t, http.StatusAccepted, f.do(r).status)

	for _, method := range []string{
		http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions,
		http.MethodPatch,
	} {
		a := f.do(f.request(method, "/api/reset-password",
			"application/json", "{}"))
		a.problem(t, http.StatusMethodNotAllowed, "method")
		require.Equal(t, "POST", a.header.Get("Allow"))
	}

	for _, path := range []string{
		"/api", "/api/", "/forgot-password", "/api/forgot-password/",
		"/api/reset-password/x", "/api/reset-password/check/",
		"/api/settings",
	} {
		f.postJSON(path, "{}").problem(t, http.StatusNotFound, "not-found")
	}

	f.askJSON(strings.Repeat("a", 17<<10)).
		problem(t, http.StatusRequestEntityTooLarge, "too-large")

	for header, value := range map[string]string{
		"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example",
	} {
		r := f.request(http.MethodPost, "/api/forgot-password",
			"application/json", ask)
		r.Header.Set(header, value)
		f.do(r).problem(t, http.StatusForbidden, "cross-origin")
	}
}

func TestAPISaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf, func(c *reset.Config) {
		c.Limits = reset.Limits{
			Client:        never{90 * time.Second},
			ConfirmClient: never{},
		}
	})
	a := f.askJSON(knownAddr)
	require.InDelta(t, 90,
		a.problem(t, http.StatusTooManyRequests, "throttled")["retryAfter"], 0)
	require.Equal(t, "90", a.header.Get("Retry-After"))
	f.confirmJSON("a.b.c", newPassword).
		problem(t, http.StatusTooManyRequests, "throttled")

	f = newFixture(t, apiOf, func(c *reset.Config) {
		c.Queue.Dispatch = func(context.Context, reset.Job) error {
			return errDown
		}
	})
	a = f.askJSON(knownAddr)
	a.problem(t, http.StatusServiceUnavailable, "unavailable")
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, errDown.Error())

	_, raw := f.link()
	f.fail(errDown)
	f.confirmJSON(raw, newPassword).
		problem(t, http.StatusServiceUnavailable, "unavailable")
	f.fail(nil)
	require.Equal(t, http.StatusNoContent,
		f.confirmJSON(raw, newPassword).status)
}

func TestAPISaysWhenTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	_, raw := f.link()
	f.failWrites(errDown)
	a := f.confirmJSON(raw, newPassword)
	document := a.problem(t, http.StatusServiceUnavailable, "unknown-outcome")
	require.Contains(t, document["detail"], "sign in with the new password")
	require.Equal(t, "60", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, errDown.Error())
	f.failWrites(nil)
	require.Equal(t, http.StatusNoContent,
		f.confirmJSON(raw, newPassword).status)
}

func TestEveryProblemTypeIsExplainedInTheDocumentation(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, kind := range resethttp.Codes {
		require.Contains(t, string(doc), "\n// # Problem "+kind+"\n")
		heading := comment.Heading{
			Text: []comment.Text{comment.Plain("Problem " + kind)},
		}
		require.Equal(t, "hdr-Problem_"+strings.ReplaceAll(kind, "-", "_"),
			heading.DefaultID())
	}
}

func FuzzAPIBody(f *testing.F) {
	for _, seed := range []string{
		`{"token":"a.b.c","password":"x"}`, `{}`,
		`{"token":"a","token":"b","password":""}`, `{"token":{}}`, "\xff",
		`{"token":"a","password":"\ud800"}`,
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, body string) {
		raw, password, err := resethttp.ReadResetBody(body)
		if err != nil {
			return
		}
		// What is accepted means the same to a reader that is not strict.
		var loose map[string]string
		require.NoError(t, json.Unmarshal([]byte(body), &loose))
		require.Equal(t, map[string]string{"token": raw, "password": password},
			loose)
	})
}
