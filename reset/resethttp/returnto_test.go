package resethttp_test

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// returnsTo configures places, some of whose keys begin as an escape of
// quoted-printable does.
func returnsTo(c *reset.Config) {
	c.Pages.ReturnTo = map[string]string{
		"shop": "/shop?a=1&b=2", "cart": "https://cart.example/x",
		"a": "/a", strings.Repeat("k", 32): "/long",
	}
}

// button is where the button of a page leads, and what it says.
var button = regexp.MustCompile(`<a class="button" href="([^"]*)">([^<]*)</a>`)

func (a answer) button(t *testing.T) (target, text string) {
	t.Helper()
	found := button.FindStringSubmatch(a.body)
	require.NotNil(t, found, a.body)
	return html.UnescapeString(found[1]), html.UnescapeString(found[2])
}

// asked asks for a link as the page for a place does, and returns the link.
func (f *fixture) asked(key string) string {
	f.t.Helper()
	page := f.get("/forgot-password?return=" + key)
	require.Contains(f.t, page.body,
		`<input type="hidden" name="return" value="`+key+`">`)
	sent := f.post("/forgot-password", form("email", knownAddr, "return", key))
	require.Equal(f.t, "/forgot-password?sent&return="+key,
		sent.header.Get("Location"))
	require.Contains(f.t, f.get(sent.header.Get("Location")).body,
		`href="/forgot-password?return=`+key+`"`)

	f.mailed(1)
	return mailtest.Link(f.outbox.Messages()[0])
}

func TestVisitorIsLedBackToWhereTheKeySays(t *testing.T) {
	t.Parallel()
	for key, place := range map[string]string{
		"shop": "/shop?a=1&b=2", "cart": "https://cart.example/x",
	} {
		f := newFixture(t, pagesOf, returnsTo)
		link := f.asked(key)
		require.True(t, strings.HasSuffix(link, "&return="+key), link)

		// The script sends all of the fragment.
		_, fragment, _ := strings.Cut(link, "#")
		refused := f.confirm("#"+fragment, "short")
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		again := html.UnescapeString(drawn(t, refused))
		require.Equal(t, strings.TrimPrefix(fragment, "token="), again)

		done := f.confirm(again, newPassword)
		require.Equal(t, "/reset-password?done&return="+key,
			done.header.Get("Location"))
		target, text := f.get(done.header.Get("Location")).button(t)
		require.Equal(t, place, target)
		require.Equal(t, "Continue", text)
		require.NotContains(t, f.logs.String(), "rewritten")
	}
}

func TestKeyOfALinkInTheQueryStaysInTheCleanAddress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks, returnsTo)
	link := f.asked("cart")
	hop := f.get(strings.TrimPrefix(link, site))
	require.Equal(t, "/reset-password?return=cart", hop.header.Get("Location"))
	held := hop.cookie(t)
	require.NotContains(t, f.logs.String(), "rewritten")

	send := func(method, target, body string) answer {
		r := f.request(method, target, formType, body)
		r.AddCookie(&http.Cookie{Name: held.Name, Value: held.Value})
		return f.do(r)
	}
	page := send(http.MethodGet, hop.header.Get("Location"), "")
	named := html.UnescapeString(drawn(t, page))
	require.Equal(t,
		"held:"+resethttp.LinkName(held.Value)+"&return=cart", named)
	refused := send(http.MethodPost, "/reset-password",
		form("token", named, "password", "short"))
	require.Equal(t, named, html.UnescapeString(drawn(t, refused)))
	done := send(http.MethodPost, "/reset-password",
		form("token", named, "password", newPassword))
	require.Equal(t, "/reset-password?done&return=cart",
		done.header.Get("Location"))

	dead := send(http.MethodGet, hop.header.Get("Location"), "")
	require.Equal(t, http.StatusBadRequest, dead.status)
	require.Contains(t, dead.body, `name="return" value="cart"`)
}

// Nobody can lead a visitor to a place that is not configured.
func TestUnknownKeysLeadToTheLoginPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, returnsTo)
	for _, given := range []string{
		"return=", "return=nowhere", "return=Shop", "return=shop&return=shop",
		"return=shop&return=cart", "return=https://evil.example",
		"return=//evil.example", "return=%2F%2Fevil.example",
		"return=javascript:alert(1)", "return=shop%00", "return=shop%0a",
		"return=" + strings.Repeat("k", 33), "return[]=shop", "Return=shop",
		"return=" + strings.Repeat("a", 5000),
	} {
		target, text := f.get("/reset-password?done&" + given).button(t)
		require.Equal(t, "/login", target, given)
		require.Equal(t, "Sign in", text)
		require.NotContains(t, f.get("/forgot-password?"+given).body,
			`name="return"`, given)
		require.NotContains(t, f.get("/reset-password?rejected&"+given).body,
			`name="return"`, given)

		sent := f.post("/forgot-password",
			form("email", knownAddr)+"&"+given)
		require.Equal(t, "/forgot-password?sent",
			sent.header.Get("Location"), given)
		_, raw := f.link()
		done := f.post("/reset-password", form("token", "#token="+raw+"&"+
			strings.ReplaceAll(given, "shop", "nowhere"),
			"password", newPassword))
		require.Equal(t, http.StatusSeeOther, done.status, given)
		require.NotContains(t, done.header.Get("Location"), "evil")
		require.NotContains(t, done.header.Get("Location"), "nowhere")
	}
}

// A key goes through what links go through.
func TestKeysSurviveWhatBecomesOfLinks(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, returnsTo)
	_, raw := f.link()
	link := site + "/reset-password/#token=" + raw + "&return=cart"
	for name, given := range map[string]string{
		"as mailed":        link,
		"escaped":          strings.ReplaceAll(link, "&", "%26"),
		"'=' escaped":      strings.ReplaceAll(link, "=", "%3D"),
		"quoted-printable": strings.ReplaceAll(link, "=", "=3D"),
		"in HTML":          strings.ReplaceAll(link, "&", "&amp;"),
		"escaped twice": strings.NewReplacer("#", "%2523", "&", "%2526",
			"=", "%253D").Replace(link),
		"Safe Links": "https://eur02.safelinks.protection.outlook.com/?url=" +
			strings.NewReplacer("#", "%23", "&", "%26", "=", "%3D").Replace(link) +
			"&data=05",
		"tracking behind": link + "&utm_source=mail",
		"full stop":       link + ".",
		"angle bracket":   "<" + link + ">",
		"first":           strings.Replace(link, "#", "#return=cart&", 1),
	} {
		done := f.confirm(given, "short")
		require.Equal(t, http.StatusUnprocessableEntity, done.status, name)
		require.Equal(t, raw+"&return=cart",
			html.UnescapeString(drawn(t, done)), name)
	}

	for _, target := range []string{
		"/reset-password/%23token=" + raw + "&return=cart",
		"/reset-password/?token=" + raw + "&return=cart",
		"/reset-password/?token=" + raw + "&amp;return=cart",
	} {
		require.Equal(t, "/reset-password#token="+raw+"&return=cart",
			f.get(target).header.Get("Location"), target)
	}
}

func TestAHostHasATextForAPlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Files: fstest.MapFS{
		"locales/de.json": {Data: []byte(
			`{"return.shop": "Zurück zu {product}"}`)},
	}}), returnsTo)
	_, text := f.getIn("de", "/reset-password?done&return=shop").button(t)
	require.Equal(t, "Zurück zu Example App", text)
	_, text = f.getIn("de", "/reset-password?done&return=cart").button(t)
	require.Equal(t, "Weiter", text)
}

func TestSiteBelowAPathHasItsPlacesThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, returnsTo, func(c *reset.Config) {
		c.Site = "https://app.example/base"
	})
	target, _ := f.get("/reset-password?done&return=shop").button(t)
	require.Equal(t, "/base/shop?a=1&b=2", target)
}

func TestAPITellsWhereToGoOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf, returnsTo)
	_, raw := f.link()
	for link, want := range map[string][2]string{
		raw:                      {"", "https://app.example/login"},
		raw + "&return=shop":     {"shop", "https://app.example/shop?a=1&b=2"},
		raw + "&return=cart":     {"cart", "https://cart.example/x"},
		raw + "&return=nowhere":  {"", "https://app.example/login"},
		raw + "&return=//a.test": {"", "https://app.example/login"},
	} {
		found := f.postJSON("/api/reset-password/check",
			jsonOf("token", "#token="+link)).object(t)
		require.Equal(t, want[0], found["returnTo"], link)
		require.Equal(t, want[1], found["continue"], link)
	}
}

func TestAPITakesAKeyWithARequest(t *testing.T) {
	t.Parallel()
	var jobs []reset.Job
	f := newFixture(t, apiOf, returnsTo, func(c *reset.Config) {
		c.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			jobs = append(jobs, job)
			return nil
		}
	})
	for _, key := range []string{
		"shop", "", "nowhere", "https://evil.example", strings.Repeat("a", 9000),
	} {
		require.Equal(t, http.StatusAccepted, f.postJSON("/api/forgot-password",
			jsonOf("email", knownAddr, "returnTo", key)).status)
	}
	require.Equal(t, http.StatusAccepted, f.askJSON(knownAddr).status)
	require.Len(t, jobs, 6)
	require.Equal(t, "shop", jobs[0].ReturnTo)
	for _, job := range jobs[1:] {
		require.Empty(t, job.ReturnTo)
	}

	for _, body := range []string{
		`"returnTo":1`, `"returnTo":null`, `"returnTo":"shop","returnTo":"shop"`,
		`"returnto":"shop"`,
	} {
		f.postJSON("/api/forgot-password", `{"email":"a@b.example",`+body+`}`).
			problem(t, http.StatusBadRequest, "malformed")
	}
}
