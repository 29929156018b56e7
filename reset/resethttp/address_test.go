package resethttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// mounted is the pages in a mux, as the documentation says. The middleware is
// outside of it or missing.
func mounted(redacted bool) func(*reset.Service) (http.Handler, error) {
	return func(svc *reset.Service) (http.Handler, error) {
		pages, err := resethttp.New(svc, resethttp.Config{})
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		mux.Handle("/forgot-password", pages)
		mux.Handle("/reset-password", pages)
		mux.Handle("/reset-password/", pages)
		if !redacted {
			return mux, nil
		}
		return resethttp.RedactTokens(svc)(mux), nil
	}
}

var bothStyles = []reset.LinkStyle{reset.LinkFragment, reset.LinkQuery}

func styled(style reset.LinkStyle) func(*reset.Config) {
	return func(c *reset.Config) { c.Pages.LinkStyle = style }
}

// rewrittenAddresses are what programs make of the address of a link, as far as
// the server sees it.
func rewrittenAddresses(raw string) map[string]string {
	const page = "/reset-password/"
	return map[string]string{
		"fragment escaped":           page + "%23token=" + raw,
		"escaped twice":              page + "%2523token=" + raw,
		"escaped three times":        page + "%252523token%25253D" + raw,
		"'=' escaped":                page + "%23token%3D" + raw,
		"query escaped":              page + "%3Ftoken=" + raw,
		"query escaped twice":        page + "%253Ftoken%253D" + raw,
		"quoted-printable":           page + "%23token=3D" + raw,
		"HTML escape":                page + "?a=b&amp;token=" + raw,
		"numeric reference":          page + "?token&%2361;" + raw,
		"tracking behind":            page + "%23token=" + raw + "&utm_source=mail",
		"tracking as the query":      page + "%23token=" + raw + "?utm_source=mail",
		"tracking before":            page + "&_ga=1.2%23token=" + raw,
		"full stop":                  page + "%23token=" + raw + ".",
		"bracket":                    page + "%23token=" + raw + ")",
		"quote":                      page + "%23token=" + raw + "%22",
		"zero-width space":           page + "%23token=" + raw[:50] + "%E2%80%8B" + raw[50:],
		"line break":                 page + "%23token=" + raw[:50] + "%0D%0A" + raw[50:],
		"fragment in a query":        page + "?x=1%23token=" + raw,
		"'#' lost":                   page + "token=" + raw,
		"semicolon":                  page + ";token=" + raw,
		"name in capitals":           page + "%23TOKEN=" + raw,
		"link wrapped into the path": page + "%23" + url.QueryEscape(safeLinks(site+page+"#token="+raw)),
	}
}

//lostkey:covers ASVS-14.2.1
func TestRewrittenAddressOpensTheLinkAndSpendsNothing(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		for _, redacted := range []bool{false, true} {
			f := newFixture(t, mounted(redacted), styled(style))
			_, raw := f.link()
			addresses := rewrittenAddresses(raw)
			for name, address := range rewrittenAddresses(raw) {
				if redacted { // links of before, which had no slash
					addresses[name+" without the slash"] = strings.Replace(
						address, "/reset-password/%", "/reset-password%", 1)
				}
			}

			for name, address := range addresses {
				for _, method := range []string{
					http.MethodHead,
					http.MethodGet,
				} {
					a := f.do(f.request(method, address, "", ""))
					require.Equal(t, http.StatusSeeOther, a.status, "%s: %s",
						name, address)
					require.Equal(t, "no-referrer",
						a.header.Get("Referrer-Policy"))
					require.Equal(t, "no-store", a.header.Get("Cache-Control"))
					require.Empty(t, a.body)
					if style == reset.LinkFragment {
						require.Equal(t, "/reset-password#token="+raw,
							a.header.Get("Location"), name)
						require.Empty(t, a.header.Values("Set-Cookie"))
						continue
					}
					require.Equal(t, "/reset-password",
						a.header.Get("Location"), name)
					require.Equal(t, raw, a.cookie(t).Value, name)
				}
			}
			require.False(t, f.has(newPassword))
			require.Equal(t, http.StatusSeeOther,
				f.confirm(raw, newPassword).status)
			require.True(t, f.has(newPassword))
		}
	}
}

func TestAddressThatHoldsNoReadableTokenAsksForTheLink(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, mounted(true), styled(style))
		_, raw := f.link()
		_, other := f.link()

		for name, address := range map[string]string{
			"cut off":          "/reset-password/%23token=" + raw[:len(raw)-1],
			"in lower case":    "/reset-password/%23token=" + strings.ToLower(raw),
			"no value":         "/reset-password/%23token=",
			"two tokens":       "/reset-password/%23token=" + raw + "?token=" + otherRaw,
			"two in the query": "/reset-password/?token=" + raw + "&token=" + raw,
			"too long": "/reset-password/%23token=" + raw +
				strings.Repeat("%20", 8<<10),
			"path of before":    "/reset-password%23token=" + raw + other,
			"already redacted":  "/reset-password/%23token=redacted",
			"markup":            "/reset-password/%23token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
			"an escape too few": "/reset-password/%23token=%",
		} {
			a := f.do(f.raw(http.MethodGet, address))
			require.Equal(t, http.StatusBadRequest, a.status, name)
			require.Contains(t, a.body, "Copy the whole link", name)
			require.Contains(t, a.body, `type="text" id="link"`, name)
			require.Contains(t, a.body, `action="/reset-password"`, name)
			require.Equal(t, "strict-origin", a.header.Get("Referrer-Policy"),
				name)
			require.NotContains(t, a.body, raw[len(raw)-43:], name)
			require.NotContains(t, a.body, "alert(1)", name)
		}

		require.Equal(t, http.StatusSeeOther,
			f.confirm(raw, newPassword).status)
	}
}

// raw makes a request whose target goes out as it is.
func (f *fixture) raw(method, target string) *http.Request {
	f.t.Helper()
	r := f.request(method, "/", "", "")
	r.URL.Opaque = strings.TrimPrefix(f.server.URL, "http:") + target
	if strings.HasSuffix(target, "%") { // net/http refuses such a target
		r.URL.Opaque += "25"
	}
	return r
}

func TestFragmentThatWasDroppedLeavesThePageToPasteInto(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, mounted(false), styled(style))
		whole, _ := f.link()

		for _, address := range []string{
			"/reset-password", "/reset-password/",
			"/reset-password/?utm_source=mail",
			"/reset-password/%23", "/reset-password/&_ga=1.2",
			"/reset-password/;x=y",
		} {
			page := f.get(address)
			require.Equal(t, http.StatusOK, page.status, address)
			require.Contains(t, page.body, "a mail program cut off its end",
				address)
			require.Contains(t, page.body, `type="text" id="link"`, address)
		}
		require.Equal(t, http.StatusSeeOther,
			f.post("/reset-password/",
				form("token", whole, "password", newPassword)).status)
		require.True(t, f.has(newPassword))
	}
}

func TestPathsBelowThePageThatAreNoLinkAreNotFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t, mounted(true))
	_, raw := f.link()
	for _, address := range []string{
		"/reset-password/index.html", "/reset-password/tokens",
		"/reset-password/a/b",
		"/reset-password/%41", "/reset-passwords", "/reset-password.php",
		"/reset-passwordtoken=" + raw, "/elsewhere/%23token=" + raw,
	} {
		a := f.get(address)
		require.Equal(t, http.StatusNotFound, a.status, address)
		require.NotContains(t, a.body, raw)
	}
}

func TestSiteBelowAPathOpensRewrittenLinksToo(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, pagesOf, styled(style), func(c *reset.Config) {
			c.Site = "https://app.example/shop"
		})
		_, raw := f.link()
		for _, prefix := range []string{"", "/shop"} {
			hop := f.get(prefix + "/reset-password/%23token=" + raw)
			require.Equal(t, http.StatusSeeOther, hop.status)
			to, _, _ := strings.Cut(hop.header.Get("Location"), "#")
			require.Equal(t, "/shop/reset-password", to)
		}
	}
}

// A link of one style opens where the other is configured, so that a host can
// change it while links are on their way.
func TestLinksOfTheOtherStyleOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, mounted(false))
	_, raw := f.link()
	require.Equal(t, "/reset-password#token="+raw,
		f.get("/reset-password/?token="+raw).header.Get("Location"))

	f = newFixture(t, mounted(false), queryLinks)
	whole, raw := f.link()
	require.Equal(t, http.StatusSeeOther, f.confirm(
		strings.Replace(whole, "?", "#", 1), newPassword).status, raw)
}

func TestOperatorsLearnThatLinksAreRewritten(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, mounted(true), styled(style))
		whole, raw := f.link()
		said := func() int {
			return strings.Count(f.logs.String(), "outcome=link-rewritten")
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(whole, site), "#")
		f.get(address)
		f.get("/reset-password")
		f.get("/reset-password/?utm_source=mail")
		f.confirm(whole, "short")
		f.confirm(raw, "short")
		f.confirm("#token="+raw, "short")
		for range 5 {
			f.get("/reset-password/%23token=" + raw)
		}
		require.NoError(t, f.svc.Shutdown(t.Context()))
		require.Equal(t, 1, said(), "of %v", style)
		require.NotContains(t, f.logs.String(), raw[len(raw)-43:])
	}

	f := newFixture(t, mounted(true))
	whole, _ := f.link()
	f.confirm(safeLinks(whole), "short")
	require.NoError(t, f.svc.Shutdown(t.Context()))
	require.Contains(t, f.logs.String(), "link-rewritten",
		"a wrapped link was pasted")
}

// Whatever headers say, a rewritten link leads to the site's own page.
//
//lostkey:covers ASVS-3.7.2 CWE-601
func TestForgedHeadersDoNotLeadARewrittenLinkElsewhere(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		f := newFixture(t, mounted(true), styled(style))
		_, raw := f.link()
		want := f.get("/reset-password/%23token=" + raw)
		require.Equal(t, http.StatusSeeOther, want.status)

		for _, variant := range forgedHeaders {
			r := f.request(http.MethodGet, "/reset-password/%23token="+raw, "",
				"")
			for header, value := range variant {
				if header == "Host" {
					r.Host = value
				} else {
					r.Header.Set(header, value)
				}
			}

			got := f.do(r)
			if got.status == http.StatusBadRequest { // the server's own
				require.NotContains(t, fmt.Sprint(got.header), raw)
				continue
			}
			same(t, want, got, fmt.Sprint(variant))
		}
	}
}

// logged is an access log as many are written.
type logged struct {
	lines syncBuffer
	next  http.Handler
}

func (l *logged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(&l.lines, "%s %s %s %q %q %q\n", r.Method, r.RequestURI,
		r.URL, r.URL.Path, r.Referer(), r.Form)
	l.next.ServeHTTP(w, r)
	_, _ = fmt.Fprintf(&l.lines, "%s %s\n", r.RequestURI, r.URL)
}

func TestAccessLogInsideTheMiddlewareHasNoToken(t *testing.T) {
	t.Parallel()
	for _, style := range bothStyles {
		var log *logged
		f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
			pages, err := mounted(false)(svc)
			require.NoError(t, err)
			log = &logged{next: pages}
			return resethttp.RedactTokens(svc)(log), nil
		}, styled(style))
		whole, raw := f.link()
		signature := raw[len(raw)-43:]

		addresses := rewrittenAddresses(raw)
		addresses["as mailed"] = strings.TrimPrefix(whole, site)
		addresses["of a link of before"] = "/reset-password%23token=" + raw
		addresses["two tokens"] = "/reset-password/%23token=" + raw +
			"&token=" + otherRaw
		for name, address := range addresses {
			if style == reset.LinkFragment && name == "as mailed" {
				continue // it is never sent
			}
			require.NotEqual(t, http.StatusNotFound, f.get(address).status,
				name)

			r := f.request(http.MethodGet, "/forgot-password", "", "")
			r.Header.Set("Referer", site+address)
			require.Equal(t, http.StatusOK, f.do(r).status)
		}
		lines := log.lines.String()
		require.Contains(t, lines, "GET /reset-password/?redacted ")
		require.Contains(t, lines, "redacted")
		require.NotContains(t, lines, signature[:20])
		require.NotContains(t, lines, raw[70:90])
	}
}

func TestMiddlewareLeavesOtherRequestsAlone(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.RedactTokens(svc)(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				seen = r
			})), nil
	})

	for _, address := range []string{
		"/", "/?token=" + sampleRaw,
		"/other/reset-password/%23token=" + sampleRaw,
		"/reset-password", "/reset-password/", "/reset-password?done",
		"/reset-passwords?token=a", "/reset-password/check",
	} {
		r := f.request(http.MethodGet, address, "", "")
		r.Header.Set("Referer", "https://other.example/?token="+sampleRaw)
		f.do(r)
		require.Equal(t, address, seen.RequestURI)
		require.Equal(t, "https://other.example/?token="+sampleRaw,
			seen.Referer())
	}
}

func TestRedactTokensNeverPassesTokensOnForWantOfASite(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { resethttp.RedactTokens(nil) })
	require.Panics(t, func() { resethttp.RedactTokens(&reset.Service{}) })
}

func TestRedactURLTakesTokensOutOfLogLines(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{
			"/reset-password/?token=" + sampleRaw + "&a=b",
			"/reset-password/?token=redacted&a=b",
		},
		{
			"GET /reset-password/%23token%3D" + sampleRaw + " HTTP/1.1",
			"GET /reset-password/%23token%3Dredacted HTTP/1.1",
		},
		{
			"/reset-password/%2523token%253D" + escape(sampleRaw, 2),
			"/reset-password/%2523token%253Dredacted",
		},
		{"/x?access_token=abc#y", "/x?access_token=redacted#y"},
		{
			`"https://a.example/reset-password#token=a.b.c"`,
			`"https://a.example/reset-password#token=redacted"`,
		},
		{
			"bare " + sampleRaw + " and " + otherRaw,
			"bare redacted and redacted",
		},
		{
			"/reset-password/%23token=" + strings.Repeat("%2", 3) + " 400",
			"/reset-password/%23token=redacted 400",
		},
		{"/login?next=/a", "/login?next=/a"},
		{"", ""},
	} {
		require.Equal(t, test[1], resethttp.RedactURL(test[0]))
	}

	for _, address := range rewrittenAddresses(sampleRaw) {
		require.NotContains(t, resethttp.RedactURL(address),
			sampleRaw[len(sampleRaw)-43:], address)
	}
}

func TestMailsLinkIntoTheSubtreeOfThePage(t *testing.T) {
	t.Parallel()
	for style, start := range map[reset.LinkStyle]string{
		reset.LinkFragment: site + "/reset-password/#token=eyJ",
		reset.LinkQuery:    site + "/reset-password/?token=eyJ",
	} {
		f := newFixture(t, mounted(false), styled(style))
		f.ask(knownAddr)
		f.mailed(1)
		require.True(t,
			strings.HasPrefix(mailtest.Link(f.outbox.Messages()[0]), start))
	}
}

// Whatever stands behind the path of the page, the answer is one of a few, it
// leads nowhere else, and it repeats nothing but a token.
func FuzzAddressOfALink(f *testing.F) {
	for _, address := range rewrittenAddresses(sampleRaw) {
		path, query,
			_ := strings.Cut(strings.TrimPrefix(address, "/reset-password"),
			"?")
		f.Add(path, query)
	}
	f.Add("%2F", "")
	f.Add("/v2/url%3Fu=", "token")
	f.Add("//evil.example/%23token="+sampleRaw, "")

	svc, err := reset.New(reset.Config{
		Site: site, From: "no-reply@app.example", Keys: fuzzKeys(f),
		Store: memstore.New(), Mailer: &mailtest.Recorder{},
		Sessions: reset.KeepSessions(), Hasher: cheap(),
		Events: reset.SinkFunc(func(context.Context, reset.Event) {}),
	})
	require.NoError(f, err)
	f.Cleanup(func() { _ = svc.Shutdown(context.Background()) })
	pages, err := resethttp.New(svc, resethttp.Config{})
	require.NoError(f, err)
	var seen string
	handler := resethttp.RedactTokens(svc)(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = r.RequestURI + r.URL.String()
			pages.ServeHTTP(w, r)
		}))

	f.Fuzz(func(t *testing.T, path, query string) {
		u := &url.URL{Path: "/reset-password" + path, RawQuery: query}
		if parsed,
			err := url.ParseRequestURI("/reset-password" + path); err == nil {
			u = parsed
			u.RawQuery = query
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/",
			http.NoBody)
		r.URL, r.RequestURI = u, u.RequestURI()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)

		switch recorder.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusNotFound:
		case http.StatusSeeOther:
			location := recorder.Header().Get("Location")
			raw, found := strings.CutPrefix(location, "/reset-password#token=")
			require.True(t, found, location)
			require.Equal(t, raw, resethttp.FindToken(raw))
			require.NotContains(t, seen, raw)
		default:
			require.Fail(t, "an answer of another kind", recorder.Code)
		}
	})
}

func fuzzKeys(f *testing.F) token.Keys {
	f.Helper()
	keys, err := token.GenerateKeys("k1")
	require.NoError(f, err)
	return keys
}
