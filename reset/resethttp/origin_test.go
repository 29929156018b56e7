package resethttp_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
)

//lostkey:covers ASVS-3.5.1 CWE-352
func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]map[string]string{
		"cross-site":                  {"Sec-Fetch-Site": "cross-site"},
		"same-site":                   {"Sec-Fetch-Site": "same-site"},
		"foreign origin":              {"Origin": "https://evil.example"},
		"null origin":                 {"Origin": "null"},
		"origin that has ours inside": {"Origin": site + ".evil.example"},
		"ours on plain http":          {"Origin": "http://app.example"},
		"ours on another port":        {"Origin": site + ":8443"},
	} {
		f := newFixture(t, pagesOf)
		_, raw := f.link()

		for path, body := range map[string]string{
			"/reset-password":  form("token", raw, "password", newPassword),
			"/forgot-password": form("email", knownAddr),
		} {
			r := f.request(http.MethodPost, path, formType, body)
			for header, value := range headers {
				r.Header.Set(header, value)
			}
			require.Equal(t, http.StatusForbidden, f.do(r).status,
				"%s on %s", name, path)
		}
		require.False(t, f.has(newPassword), name)
		require.Empty(t, f.outbox.Messages(), name)
	}
}

func TestPostsFromTheSiteItselfAreTaken(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]map[string]string{
		"same-origin":                      {"Sec-Fetch-Site": "same-origin"},
		"typed by hand":                    {"Sec-Fetch-Site": "none"},
		"no browser":                       {},
		"our origin behind a proxy's host": {"Origin": site},
		"our origin, browser says cross-site": {
			"Origin": site, "Sec-Fetch-Site": "cross-site",
		},
	} {
		f := newFixture(t, pagesOf)
		r := f.request(http.MethodPost, "/forgot-password", formType,
			form("email", knownAddr))
		for header, value := range headers {
			r.Header.Set(header, value)
		}
		require.Equal(t, http.StatusSeeOther, f.do(r).status, name)
	}
}

// forgedHeaders are what a request can say about the site that it is for.
var forgedHeaders = []map[string]string{
	{"Host": "evil.example"},
	{"Host": "evil.example:443"},
	{"Host": "app.example.evil.example"},
	{"Host": "app.example@evil.example"},
	{"Host": "evil.example, app.example"},
	{"X-Forwarded-Host": "evil.example"},
	{"X-Forwarded-Host": "app.example, evil.example"},
	{"X-Forwarded-Server": "evil.example"},
	{"X-Forwarded-Proto": "http"},
	{"X-Forwarded-Scheme": "http", "X-Forwarded-Port": "80"},
	{"X-Forwarded-Prefix": "//evil.example"},
	{"X-Host": "evil.example"},
	{"X-HTTP-Host-Override": "evil.example"},
	{"X-Original-Host": "evil.example"},
	{"X-Original-URL": "/evil"},
	{"X-Rewrite-URL": "/evil"},
	{"X-Http-Method-Override": "PUT"},
	{"Forwarded": "for=1.2.3.4;host=evil.example;proto=http"},
	{"Forwarded": `host="evil.example"`},
	{"Referer": "https://evil.example/"},
	{
		"Base-Url":        "https://evil.example",
		"Front-End-Https": "off",
		"Proxy-Host":      "evil.example",
	},
	{"X-Forwarded-Host": `evil.example:'<a href="//evil.example/?`},
}

//lostkey:covers FP-CS-15 CWE-640
func TestHostAndForwardingHeadersChangeNeitherLinksNorPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	ordinary := f.get("/forgot-password")
	for _, variant := range forgedHeaders {
		get := f.request(http.MethodGet, "/forgot-password", "", "")
		post := f.request(http.MethodPost, "/forgot-password", formType,
			form("email", knownAddr))
		for _, r := range []*http.Request{get, post} {
			for header, value := range variant {
				if header == "Host" {
					r.Host = value
				} else {
					r.Header.Set(header, value)
				}
			}
		}

		// The server itself refuses a host that cannot be one.
		page, asked := f.do(get), f.do(post)
		if page.status != http.StatusBadRequest {
			same(t, ordinary, page, fmt.Sprint(variant))
		}
		if asked.status == http.StatusBadRequest {
			continue
		}
		require.Equal(t, "/forgot-password?sent", asked.header.Get("Location"),
			"%v", variant)
	}

	require.NoError(t, f.svc.Shutdown(t.Context()))
	require.GreaterOrEqual(t, len(f.outbox.Messages()), len(forgedHeaders)-3)

	for _, message := range f.outbox.Messages() {
		require.True(t, strings.HasPrefix(mailtest.Link(message),
			site+"/reset-password/#token="))
		require.NotContains(t, message.Text+message.HTML+message.Subject,
			"evil")
	}
}

func TestRequestLinesThatNameAnotherHostChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	body := form("email", knownAddr)

	require.Len(t, body, 23)

	for _, head := range []string{
		"POST https://evil.example/forgot-password HTTP/1.1\r\n" +
			"Host: app.example\r\n",
		"POST /forgot-password HTTP/1.0\r\n",
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp",
			f.server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = conn.Write([]byte(head + "Content-Type: " + formType +
			"\r\nContent-Length: 23\r\n\r\n" + body))
		require.NoError(t, err)

		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusSeeOther, res.StatusCode)
		require.Equal(t, "/forgot-password?sent", res.Header.Get("Location"))
		require.NoError(t, res.Body.Close())
		require.NoError(t, conn.Close())
	}

	f.mailed(2)

	for _, message := range f.outbox.Messages() {
		require.True(t, strings.HasPrefix(mailtest.Link(message),
			site+"/reset-password/#token="))
	}
}
