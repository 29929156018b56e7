package resethttp_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// everything serves pages and API behind the middleware, as a host does.
func everything(svc *reset.Service) (http.Handler, error) {
	pages, err := mounted(true)(svc)
	if err != nil {
		return nil, err
	}
	api, err := resethttp.NewAPI(svc, resethttp.APIConfig{})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.Handle("/api/", api)
	return mux, nil
}

// A surface is one place where links come in.
type surface struct {
	name, method, path, media string
	// body has the token and, where one is taken, the password.
	body func(raw, password string) string
}

var surfaces = []surface{
	{
		"pages", http.MethodPost, "/reset-password", formType,
		func(raw, password string) string {
			return form("token", raw, "password", password)
		},
	},
	{
		"check of the pages", http.MethodPost, "/reset-password/check",
		"application/json",
		func(raw, _ string) string { return jsonOf("token", raw) },
	},
	{
		"API", http.MethodPost, "/api/reset-password", "application/json",
		func(raw, password string) string {
			return jsonOf("token", raw, "password", password)
		},
	},
	{
		"check of the API", http.MethodPost, "/api/reset-password/check",
		"application/json",
		func(raw, _ string) string { return jsonOf("token", raw) },
	},
	{
		"rewritten link", http.MethodGet, "/reset-password/%23token=", "",
		func(string, string) string { return "" },
	},
}

// isRewritten says whether the link is in the address.
func (s surface) isRewritten() bool { return s.media == "" }

// request makes an ordinary request with this link and password.
func (s surface) request(f *fixture, raw, password string) *http.Request {
	f.t.Helper()
	path := s.path
	if s.isRewritten() {
		path += url.PathEscape(raw)
	}
	return f.request(s.method, path, s.media, s.body(raw, password))
}

// still takes out of a page how long its link lasts, which changes.
func still(a answer) answer {
	a.body = regexp.MustCompile(`data-left="\d+"`).ReplaceAllString(a.body, "")
	return a
}

// Whatever a header says, the answer is the ordinary one, so the headers chose
// nothing, and the link is as good as before.
func TestHeadersChooseNothingAnywhere(t *testing.T) {
	t.Parallel()
	variants := append([]map[string]string{
		{"X-HTTP-Method": "PUT"},
		{"X-Method-Override": "GET"},
		{"X-Forwarded-For": "127.0.0.1"},
		{"X-Real-IP": "::1"},
		{"True-Client-IP": "10.0.0.1"},
		{"CF-Connecting-IP": "10.0.0.1"},
		{"X-User-ID": "u-2"},
		{"X-Remote-User": "root"},
		{"Authorization": "Bearer " + otherRaw},
		{"X-Reset-Token": otherRaw},
		{"Cookie": "token=" + otherRaw + "; session=x"},
		{"Accept": "application/xml"},
		{"Accept-Encoding": "gzip, br"},
		{"Range": "bytes=0-1"},
		{"If-None-Match": "*"},
		{"Expect": ""},
		{"Upgrade": "h2c", "Connection": "Upgrade"},
		{"TE": "trailers"},
	}, forgedHeaders...)

	for _, style := range bothStyles {
		f := newFixture(t, everything, styled(style))
		_, raw := f.link()
		for _, surface := range surfaces {
			want := still(f.do(surface.request(f, raw, "short")))
			for _, variant := range variants {
				r := surface.request(f, raw, "short")
				for header, value := range variant {
					if header == "Host" {
						r.Host = value
					} else {
						r.Header.Set(header, value)
					}
				}
				if r.Header.Get("Accept-Encoding") == "" {
					r.Header.Set("Accept-Encoding", "identity")
				}
				got := still(f.do(r))
				if got.header.Get("Cache-Control") == "" {
					require.Equal(t, http.StatusBadRequest, got.status,
						"%v: refused by the server before us", variant)
					continue
				}
				same(t, want, got, fmt.Sprint(surface.name, variant))
			}
		}
		f.confirmsOnce(raw)
	}
}

// confirmsOnce asserts that what came before has neither spent the link nor
// changed the password nor sent a mail.
func (f *fixture) confirmsOnce(raw string) {
	f.t.Helper()
	require.False(f.t, f.has(newPassword))
	require.True(f.t, f.has("the old password of ada"))
	require.Empty(f.t, f.outbox.Messages())
	require.Equal(f.t, http.StatusSeeOther, f.confirm(raw, newPassword).status)
	require.Equal(f.t, http.StatusBadRequest,
		f.confirm(raw, newPassword).status)
}

// A trick is a request that is not what any front end sends.
type trick struct {
	name  string
	apply func(r *http.Request)
	// status is the answer to a post. A GET that no trick concerns is answered
	// as ever.
	status int
	// get is the answer to a rewritten link, 303 when it is 0.
	get int
}

var tricks = []trick{
	{"PUT", method("PUT"), 405, 405},
	{"PATCH", method("PATCH"), 405, 405},
	{"DELETE", method("DELETE"), 405, 405},
	{"lower case", method("post"), 405, 405},
	{"an invented method", method("QUERY"), 405, 405},
	{"no type", media(), 415, 0},
	{"text", media("text/plain"), 415, 0},
	{"XML", media("application/xml"), 415, 0},
	{"multipart", media("multipart/form-data; boundary=x"), 415, 0},
	{"another charset", media("application/json; charset=utf-7"), 415, 0},
	{"two types", media("application/json", formType), 415, 0},
	{"a list of types", media("application/json, " + formType), 415, 0},
	{"compressed", set("Content-Encoding", "gzip"), 415, 0},
	{"from another site", set("Sec-Fetch-Site", "cross-site"), 403, 0},
	{"from a sibling", set("Sec-Fetch-Site", "same-site"), 403, 0},
	{"from an origin of its own", set("Origin", "null"), 403, 0},
	{"from our name on http", set("Origin", "http://app.example"), 403, 0},
}

func method(name string) func(*http.Request) {
	return func(r *http.Request) { r.Method = name }
}

func media(types ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header["Content-Type"] = types }
}

func set(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

func TestTricksOfTheRequestAreRefusedAndSpendNothing(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, everything, styled(style))
		_, raw := f.link()
		f.store.calls.Store(0)

		for _, surface := range surfaces {
			for _, trick := range tricks {
				r := surface.request(f, raw, newPassword)
				trick.apply(r)
				want := trick.status
				if surface.isRewritten() {
					want = max(trick.get, http.StatusSeeOther)
				}
				a := f.do(r)
				require.Equal(t, want, a.status, "%s: %s", surface.name,
					trick.name)
				require.NotContains(t, a.body, raw, "%s: %s", surface.name,
					trick.name)
			}
		}

		f.confirmsOnce(raw)
	}
}

// Who the account is, which password and which link are said once, in the body.
func TestParametersBesideTheBodyChooseNothing(t *testing.T) {
	t.Parallel()
	query := "?" + form(
		"password", "another password than that", "user_id", "u-2",
		"email", "evil@example.net", "sub", "u-2", "redirect", "//evil.example",
		"next", "https://evil.example", "_method", "PUT", "callback", "x",
	)
	for _, style := range bothStyles {
		f := newFixture(t, everything, styled(style))
		_, raw := f.link()
		for _, surface := range surfaces {
			if surface.isRewritten() {
				continue // its address is the input
			}
			want := still(f.do(surface.request(f, raw, "short")))
			r := surface.request(f, raw, "short")
			r.URL.RawQuery = query[1:]
			same(t, want, still(f.do(r)), surface.name)

			r = surface.request(f, raw, "short")
			r.URL.RawQuery = "token=" + otherRaw
			same(t, want, still(f.do(r)), surface.name)
		}

		a := f.get("/reset-password/%23token=" + raw + query)
		require.Equal(t, http.StatusSeeOther, a.status)
		require.NotContains(t, a.header.Get("Location"), "evil")
		f.confirmsOnce(raw)
	}
}

func TestTextsThatAreNoLinkOpenNothingAnywhere(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, everything, styled(style))
		_, raw := f.link()
		_, foreign := newFixture(t, pagesOf).link()
		f.store.calls.Store(0)
		for name, text := range map[string]string{
			"empty":              "",
			"true":               "true",
			"zero":               "0",
			"null":               "null",
			"undefined":          "undefined",
			"a wildcard":         "*",
			"a query of a store": `{"$gt":""}`,
			"SQL":                "' OR '1'='1",
			"a path":             "../../../etc/passwd",
			"a template":         "{{.Link}}${7*7}",
			"markup":             `"><script>alert(1)</script>`,
			"a header":           "a\r\nSet-Cookie: x=y",
			"NUL":                raw[:90] + "\x00" + raw[90:],
			"another alphabet":   strings.Replace(raw, "eyJ", "ｅｙＪ", 1),
			"look-alike dots":    strings.ReplaceAll(raw, ".", "․"),
			"run on":             raw + "x",
			"four parts":         raw + ".AAAA",
			"two parts":          raw[:strings.LastIndex(raw, ".")],
			"no signature":       raw[:strings.LastIndex(raw, ".")+1],
			"alg none":           "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEifQ.",
			"another key":        foreign,
			"another signature":  flip(raw),
			"two tokens":         raw + " " + foreign,
			"two, one wrapped":   raw + "\n" + safeLinks(foreign),
			"two, one in v2":     raw + "\n" + defenseV2("https://x/#token="+foreign),
			"too long":           raw + strings.Repeat(" ", 8<<10) + "x",
			"the name of a link": "held:" + resethttp.LinkName(raw),
		} {
			for _, surface := range surfaces {
				a := f.do(surface.request(f, text, newPassword))
				if surface.isRewritten() && style == reset.LinkFragment &&
					a.status == http.StatusSeeOther {
					// The page will ask about it, and refuse it.
					continue
				}
				require.Equal(t, http.StatusBadRequest, a.status, "%s: %s",
					surface.name, name)
				require.NotContains(t, a.body, raw[len(raw)-43:], "%s: %s",
					surface.name, name)
				require.NotContains(t, a.body, "<script>alert(1)", "%s: %s",
					surface.name, name)
				require.Empty(t, a.header.Values("X"))
			}
		}
		require.Zero(t, f.store.calls.Load(),
			"a store was asked for nobody's link")
		f.confirmsOnce(raw)
	}
}

// The longest and strangest passwords are refused or taken whole, alike by the
// pages and the API, and a refusal spends nothing.
func TestPasswordsAtTheirLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		password string
		status   int // of the pages, where the API has 204 for 303
	}{
		"nothing":               {"", 422},
		"one character":         {"x", 422},
		"spaces":                {strings.Repeat(" ", 20), 422},
		"NUL":                   {"seven green\x00rivers sing", 422},
		"line break":            {"seven green\r\nrivers sing", 422},
		"escape":                {"seven green\x1b[2Jrivers sing", 422},
		"a byte above the most": {strings.Repeat("ab c", 256) + "x", 422},
		"the most bytes":        {strings.Repeat("7 gréen!", 113) + "1234567", 303},
		"above bcrypt's 72":     {strings.Repeat("seven green ", 10), 303},
		"emoji":                 {"🌊🌊🌲🌲 seven green rivers", 303},
		"format letters":        {"%s%n{{.}}${x} seven rivers", 303},
		"markup":                {`<script>alert("7")</script>`, 303},
	} {
		for _, at := range []int{0, 2} {
			f := newFixture(t, everything)
			_, raw := f.link()

			a := f.do(surfaces[at].request(f, raw, test.password))
			want := test.status
			if at == 2 && want == http.StatusSeeOther {
				want = http.StatusNoContent
			}
			require.Equal(t, want, a.status, "%s of %s", name,
				surfaces[at].name)
			require.Equal(t, test.status == http.StatusSeeOther,
				f.has(test.password), name)
			if test.status != http.StatusSeeOther {
				f.confirmsOnce(raw)
			}
		}
	}
}

// A request for a link names one account by one text, wherever it is sent.
func TestRequestsForALinkMailTheStoredAddressAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, everything)
	for _, body := range []string{
		form("email", knownAddr, "to", "evil@example.net", "cc",
			"evil@example.net"),
		form("email", knownAddr, "user_id", "u-2", "token", otherRaw),
		form("email", "ADA@EXAMPLE.COM"),
	} {
		require.Equal(t, http.StatusSeeOther,
			f.post("/forgot-password", body).status)
	}
	require.Equal(t, http.StatusAccepted, f.askJSON("Ada@example.com").status)
	require.NoError(t, f.svc.Shutdown(t.Context()))

	require.Len(t, f.outbox.Messages(), 4)
	for _, message := range f.outbox.Messages() {
		require.Equal(t, knownAddr, message.To)
		require.NotContains(t, message.Text+message.HTML, "evil")
		require.True(t, strings.HasPrefix(mailtest.Link(message),
			site+"/reset-password/#token="))
	}
}
