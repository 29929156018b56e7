package resethttp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

//lostkey:covers ASVS-16.2.5 CWE-532 CWE-209
func TestTokenAndPasswordAppearInNoAnswerHeaderOrLog(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{
		reset.LinkFragment, reset.LinkQuery,
	} {
		f := newFixture(t, pagesOf,
			func(c *reset.Config) { c.Pages.LinkStyle = style })
		api := f.also(apiOf)
		var answers []answer
		answers = append(answers, f.ask(knownAddr))
		raw := f.mailed(1)
		answers = append(answers, api.askJSON(knownAddr),
			api.confirmJSON(raw, "short"))
		f.fail(errDown)
		answers = append(answers, f.confirm(raw, newPassword),
			api.confirmJSON(raw, newPassword))
		f.fail(nil)
		answers = append(answers, f.confirm(raw, newPassword))
		for name, a := range everyAnswer(f) {
			// That one brings back the token that was posted, in the form.
			if name != "refused" {
				answers = append(answers, a)
			}
		}
		answers = append(answers, f.confirm(raw, newPassword),
			f.get("/reset-password"), f.get("/forgot-password?sent"))
		require.NoError(t, f.svc.Shutdown(t.Context()))

		var said bytes.Buffer
		for _, a := range answers {
			require.NoError(t, a.header.Write(&said))
			said.WriteString(a.body)
		}

		logged := f.logs.String()
		require.Contains(t, logged, "confirmed",
			"the log is the one that is looked at")
		for _, secret := range []string{
			raw, raw[strings.LastIndex(raw, ".")+1:], newPassword,
			"the old password of ada",
		} {
			for _, form := range []string{
				secret, url.QueryEscape(secret), html.EscapeString(secret),
				hex.EncodeToString([]byte(secret)),
				base64.StdEncoding.EncodeToString([]byte(secret)),
				base64.RawURLEncoding.EncodeToString([]byte(secret)),
			} {
				require.NotContains(t, logged, form)
				require.NotContains(t, said.String(), form)
			}
		}
		require.NotContains(t, logged, knownAddr)
	}
}

//lostkey:covers ASVS-1.2.1 CWE-79
func TestTypedMarkupIsInertWhereverItComesBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()

	for _, probe := range []string{
		`"><script>alert(1)</script>`, `' onfocus=alert(1) autofocus='`,
		`</style><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`,
		`{{"x"}}<i>`, `"></title><svg onload=alert(1)>`, "'-alert(1)-'",
		`</textarea><b>{product}`,
	} {
		for name, a := range map[string]answer{
			"address":  f.ask(probe),
			"token":    f.confirm(probe, newPassword),
			"password": f.confirm(raw, probe[:6]),
			"query": f.get("/forgot-password?" +
				form("sent", probe, "email", probe)),
			"path": f.get("/" + url.PathEscape(probe)),
			"refused": f.post("/reset-password",
				form("token", probe, "password", "x", "repeat", "y")),
		} {
			require.NotContains(t, a.body, probe, name)
			require.Equal(t, 1, strings.Count(a.body, "<script>"), name)
		}

		r := f.request(http.MethodGet, "/forgot-password", "", "")
		r.Header.Set("Accept-Language", probe)
		r.Header.Set("User-Agent", probe)
		r.Header.Set("Referer", probe)
		r.Header.Set("Cookie", "x="+strings.ReplaceAll(probe, `"`, ""))
		same(t, f.get("/forgot-password"), f.do(r), probe)
	}
}

//lostkey:covers ASVS-1.2.1 CWE-79
func TestConfiguredTextsAreEscapedToo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf,
		func(c *reset.Config) {
			c.Mail.Product = `O'Brien & <b>Co</b>`
			c.Pages.Login = "/login?next=%2Fa&b=c"
		})
	body := f.get("/forgot-password").body
	require.Contains(t, body, "O&#39;Brien &amp; &lt;b&gt;Co&lt;/b&gt;")
	require.NotContains(t, body, "<b>Co")
	require.Contains(t, body, `href="/login?next=%2Fa&amp;b=c"`)
}
