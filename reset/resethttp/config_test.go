package resethttp_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestConstructorsNameTheFieldAndNotItsValue(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf)
	file := func(name, body string) resethttp.Config {
		return resethttp.Config{Files: fstest.MapFS{name: {Data: []byte(body)}}}
	}
	for want, cfg := range map[string]resethttp.Config{
		"Config.Locale":                              {Locale: "xx"},
		"pages/forget.html is not one":               file("pages/forget.html", ""),
		"assets/style.scss is not one":               file("assets/style.scss", ""),
		"pages/sent.html":                            file("pages/sent.html", `{{define "main"}}{{.Nonsense}}{{end}}`),
		"pages/done.html":                            file("pages/done.html", `{{define "main"}}{{if}}{{end}}`),
		"the form does not send .Link":               file("pages/reset.html", `{{define "main"}}{{.Name}}{{end}}`),
		`no such template "elsewhere"`:               file("pages/layout.html", `{{define "layout"}}{{template "elsewhere"}}{{end}}`),
		"locales/en.json":                            file("locales/en.json", `{"signin":`),
		`locales/de.json has no text "`:              file("locales/de.json", `{"direction":"ltr"}`),
		"locales/not_a_tag.json":                     file("locales/not_a_tag.json", `{}`),
		"direction is neither":                       file("locales/en.json", `{"direction":"up"}`),
		"assets/style.css holds a carriage return":   file("assets/style.css", "a {\r\n}"),
		"assets/script.js holds a carriage return, ": file("assets/script.js", `x = "</script>"`),
	} {
		handler, err := resethttp.New(w.svc, cfg)
		require.Nil(t, handler)
		require.ErrorContains(t, err, want)
		require.True(t, strings.HasPrefix(err.Error(), "resethttp: "), err.Error())
	}
	_, err := resethttp.New(nil, resethttp.Config{})
	require.EqualError(t, err, "resethttp: the Service is nil")
	_, err = resethttp.NewAPI(nil, resethttp.APIConfig{})
	require.EqualError(t, err, "resethttp: the Service is nil")
	for _, prefix := range []string{"api", "/api/", "/"} {
		_, err = resethttp.NewAPI(w.svc, resethttp.APIConfig{Prefix: prefix})
		require.ErrorContains(t, err, "APIConfig.Prefix")
	}
}

// Mails and pages share one, so the Service refuses it.
func TestLoginThatCouldLeadElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	for _, login := range []string{
		"login", "//evil.example", "///evil.example", "/\\evil.example",
		"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
		"https://", "https:///x", "https://u:p@app.example/",
		"ftp://app.example/", "/log in", "mailto:a@b.example", "?x", " /login",
		"/login\n", "/login\u202e", "/login?x={y}", `/login"onclick=`,
		"//u:p@evil.example", "https:evil.example", "/%zz",
	} {
		cfg := fixtureConfig(t)
		cfg.Pages.Login = login
		_, err := reset.New(cfg)
		require.EqualError(t, err, "reset: Config.Pages.Login is neither a path"+
			" nor an absolute http or https URL", "%q", login)
	}
}

func TestPagesPointToTheServicesLogin(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]string{
		"/":                        `href="/shop/"`,
		"/signin":                  `href="/shop/signin"`,
		"/login?next=%2Fa&b=c":     `href="/shop/login?next=%2Fa&amp;b=c"`,
		"https://id.example/login": `href="https://id.example/login"`,
	} {
		w := newFixture(t, pagesOf, func(c *reset.Config) {
			c.Site, c.Pages.Login = "https://app.example/shop", login
		})
		for _, path := range []string{
			"/forgot-password", "/forgot-password?sent", "/reset-password?done",
		} {
			require.Contains(t, w.get(path).body, want)
		}
	}
}

func TestPagesOfAServiceWithoutLoginHaveNoSuchLink(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf, func(c *reset.Config) { c.Pages.Login = "" })
	for _, path := range []string{
		"/forgot-password", "/forgot-password?sent", "/reset-password?done",
	} {
		require.NotContains(t, w.get(path).body, "ign in</a>")
	}
}

func TestOneOverriddenFileChangesNothingElse(t *testing.T) {
	t.Parallel()
	plain := newFixture(t, pagesOf)
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Files: fstest.MapFS{
			"pages/frame.html": {Data: []byte(`{{define "head"}}{{end}}{{define "brand"}}<header class="brand">Ours, {{.Product}}</header>
{{end}}{{define "foot"}}{{end}}`)},
			"unrelated/readme.txt": {Data: []byte("x")},
		}})
	})
	for _, path := range []string{"/forgot-password", "/forgot-password?sent", "/reset-password", "/reset-password?done"} {
		a, b := plain.get(path), w.get(path)
		require.NotEqual(t, a.body, b.body)
		require.Equal(t, a.body, strings.Replace(b.body, "Ours, Example App", "Example App", 1))
		require.Equal(t, a.header.Get("Content-Security-Policy"), b.header.Get("Content-Security-Policy"))
	}
}

func TestOneOverriddenSentenceKeepsTheOthers(t *testing.T) {
	t.Parallel()
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Files: fstest.MapFS{"locales/en.json": {Data: []byte(`{"forgot.title":"Lost it at {product}?"}`)}}})
	})
	body := w.get("/forgot-password").body
	require.Contains(t, body, "<h1>Lost it at Example App?</h1>")
	require.Contains(t, body, "Send the link")
}

func TestOverriddenStyleIsTheOneThatTheContentPolicyAllows(t *testing.T) {
	t.Parallel()
	const style = "body { color: red }\n"
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Files: fstest.MapFS{"assets/style.css": {Data: []byte(style)}}})
	})
	a := w.get("/forgot-password")
	require.Contains(t, a.body, "<style>"+style+"</style>")
	// printf 'body { color: red }\n' | openssl dgst -sha256 -binary | base64
	require.Contains(t, a.header.Get("Content-Security-Policy"), "style-src 'sha256-2S4VvT2k3rjav5i3inerHe7oJsm2Yzx7kSGPgKT82yo='")
}

func TestAFurtherLanguageNeedsOneFile(t *testing.T) {
	t.Parallel()
	english, err := os.ReadFile("locales/en.json")
	require.NoError(t, err)
	text := strings.NewReplacer("Forgot your password?", "Passwort vergessen?", "Sign in", "Anmelden").Replace(string(english))
	arabic := strings.Replace(string(english), `"direction": "ltr"`, `"direction": "rtl"`, 1)
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Files: fstest.MapFS{
			"locales/de-CH.json": {Data: []byte(text)}, "locales/ar.json": {Data: []byte(arabic)},
		}})
	})
	for accept, want := range map[string]string{
		"":                           `lang="en" dir="ltr"`,
		"de-CH":                      `lang="de-CH" dir="ltr"`,
		"de":                         `lang="de-CH" dir="ltr"`,
		"DE-at,en;q=0.5":             `lang="de-CH" dir="ltr"`,
		"en;q=0.9,de-CH;q=0.8":       `lang="en" dir="ltr"`,
		"fr,de-CH;q=0.3,en;q=0.2":    `lang="de-CH" dir="ltr"`,
		"de;q=0,en":                  `lang="en" dir="ltr"`,
		"ar-EG":                      `lang="ar" dir="rtl"`,
		"fr":                         `lang="en" dir="ltr"`,
		"*":                          `lang="en" dir="ltr"`,
		strings.Repeat("de,", 10000): `lang="de-CH" dir="ltr"`,
	} {
		r := w.request(http.MethodGet, "/forgot-password", "", "")
		r.Header.Set("Accept-Language", accept)
		a := w.do(r)
		require.Contains(t, a.body, "<html "+want+">", accept)
		require.Contains(t, want, a.header.Get("Content-Language"))
	}
}

func TestDefaultLanguageIsConfigured(t *testing.T) {
	t.Parallel()
	english, err := os.ReadFile("locales/en.json")
	require.NoError(t, err)
	w := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Locale: "nl", Files: fstest.MapFS{"locales/nl.json": {Data: english}}})
	})
	require.Contains(t, w.get("/forgot-password").body, `lang="nl"`)
}

func TestHintOfTheLengthIsThePolicys(t *testing.T) {
	t.Parallel()
	body := newFixture(t, pagesOf).get("/reset-password").body
	require.Contains(t, body, `minlength="15" passwordrules="minlength: 15;`)
	require.Contains(t, body, "At least 15 characters.")
	body = newFixture(t, pagesOf, func(cfg *reset.Config) { cfg.Policy = mfaPolicy(t) }).get("/reset-password").body
	require.Contains(t, body, "At least 8 characters.")
	body = newFixture(t, pagesOf, func(cfg *reset.Config) { cfg.Policy = anyPassword{} }).get("/reset-password").body
	require.NotContains(t, body, "minlength")
	require.NotContains(t, body, "At least 0")
}

// anyPassword is a policy that does not say how long a password must be.
type anyPassword struct{}

func (anyPassword) Check(context.Context, string, []string) error { return nil }

func TestUserNamesAreAskedForWhereTheyAreLookedUp(t *testing.T) {
	t.Parallel()
	w := newFixture(t, pagesOf, func(cfg *reset.Config) {
		cfg.Hooks.FindByIdentifier = func(context.Context, string) ([]reset.User, error) { return nil, nil }
	})
	body := w.get("/forgot-password").body
	require.Contains(t, body, `<input type="text" id="email" name="email" value="" autocomplete="username"`)
	require.Contains(t, body, "Email address or user name")
}

// mfaPolicy is the default policy of an application that asks for a second
// factor.
func mfaPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MFA: true})
	require.NoError(t, err)
	return p
}
