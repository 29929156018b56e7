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
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestTokenAndPasswordAppearInNoAnswerHeaderOrLog(t *testing.T) {
	t.Parallel()
	for _, style := range []reset.LinkStyle{reset.LinkFragment, reset.LinkQuery} {
		w := newFixture(t, pagesOf, func(c *reset.Config) { c.Pages.LinkStyle = style })
		api := w.also(apiOf)
		var answers []answer
		answers = append(answers, w.post("/forgot-password", form("email", knownAddr)))
		raw := w.mailed(1)
		for path, body := range map[string]string{
			"/api/forgot-password": `{"email":"` + knownAddr + `"}`,
			"/api/reset-password":  `{"token":"` + raw + `","password":"short"}`,
		} {
			answers = append(answers, api.postJSON(path, body))
		}
		w.fail(errDown)
		answers = append(answers, w.post("/reset-password", form("token", raw, "password", newPassword)),
			api.postJSON("/api/reset-password", `{"token":"`+raw+`","password":"`+newPassword+`"}`))
		w.fail(nil)
		answers = append(answers, w.post("/reset-password", form("token", raw, "password", newPassword)))
		for name, a := range everyAnswer(w) {
			if name != "refused" { // brings back, in the form, the token that was posted
				answers = append(answers, a)
			}
		}
		answers = append(answers, w.post("/reset-password", form("token", raw, "password", newPassword)), w.get("/reset-password"), w.get("/forgot-password?sent"))
		require.NoError(t, w.svc.Shutdown(t.Context()))

		var said bytes.Buffer
		for _, a := range answers {
			require.NoError(t, a.header.Write(&said))
			said.WriteString(a.body)
		}
		logged := w.logs.String()
		require.Contains(t, logged, "confirmed", "the log is the one that is looked at")
		for _, secret := range []string{raw, raw[strings.LastIndex(raw, ".")+1:], newPassword, "the old password of ada"} {
			for _, form := range []string{
				secret, url.QueryEscape(secret), html.EscapeString(secret), hex.EncodeToString([]byte(secret)),
				base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
			} {
				require.NotContains(t, logged, form)
				require.NotContains(t, said.String(), form)
			}
		}
		require.NotContains(t, logged, knownAddr)
	}
}

func TestTypedMarkupIsInertWhereverItComesBack(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	_, raw := w.link()
	for _, probe := range []string{
		`"><script>alert(1)</script>`, `' onfocus=alert(1) autofocus='`, `</style><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `{{"x"}}<i>`,
		`"></title><svg onload=alert(1)>`, "'-alert(1)-'", `</textarea><b>{product}`,
	} {
		for name, a := range map[string]answer{
			"address":  w.post("/forgot-password", form("email", probe)),
			"token":    w.post("/reset-password", form("token", probe, "password", newPassword)),
			"password": w.post("/reset-password", form("token", raw, "password", probe[:6])),
			"query":    w.get("/forgot-password?sent=" + url.QueryEscape(probe) + "&email=" + url.QueryEscape(probe)),
			"path":     w.get("/" + url.PathEscape(probe)),
			"refused":  w.post("/reset-password", form("token", probe, "password", "x", "repeat", "y")),
		} {
			require.NotContains(t, a.body, probe, name)
			require.Equal(t, 1, strings.Count(a.body, "<script>"), name)
		}
		r := w.request(http.MethodGet, "/forgot-password", "", "")
		r.Header.Set("Accept-Language", probe)
		r.Header.Set("User-Agent", probe)
		r.Header.Set("Referer", probe)
		r.Header.Set("Cookie", "x="+strings.ReplaceAll(probe, `"`, ""))
		same(t, w.get("/forgot-password"), w.do(r), probe)
	}
}

func TestConfiguredTextsAreEscapedToo(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Product: `O'Brien & <b>Co</b>`})
	}, func(c *reset.Config) { c.Pages.Login = "/login?next=%2Fa&b=c" })
	body := w.get("/forgot-password").body
	require.Contains(t, body, "O&#39;Brien &amp; &lt;b&gt;Co&lt;/b&gt;")
	require.NotContains(t, body, "<b>Co")
	require.Contains(t, body, `href="/login?next=%2Fa&amp;b=c"`)
}
