package resethttp_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// refusedFiles have the file, what stands in it, and what the error says.
var refusedFiles = [][3]string{
	{"pages/forget.html", "", "pages/forget.html is not one"},
	{"assets/style.scss", "", "assets/style.scss is not one"},
	{
		"pages/sent.html", `{{define "main"}}{{.Nonsense}}{{end}}`,
		"pages/sent.html",
	},
	{
		"pages/done.html", `{{define "main"}}{{if}}{{end}}`,
		"pages/done.html",
	},
	{
		"pages/reset.html", `{{define "main"}}{{.Name}}{{end}}`,
		"the form does not send .Link",
	},
	{
		"pages/layout.html", `{{define "layout"}}{{template "no"}}{{end}}`,
		`no such template "no"`,
	},
	{"locales/en.json", `{"page.signin":`, "locales/en.json"},
	{"locales/pt-br.json", `{}`, "the file is called locales/pt-BR.json"},
	{"locales/not_a_tag.json", `{}`, "locales/not_a_tag.json"},
	{
		"locales/en.json", `{"page.forgot.titel":"x"}`,
		"page.forgot.titel is not the key",
	},
	{
		"locales/de.json", `{"page.forgot.title":""}`,
		"page.forgot.title is empty",
	},
	{
		"locales/fr.json", `{"page.sent.once":"{lifetim}"}`,
		"placeholder {lifetim}",
	},
	{
		"locales/en.json", `{"direction":"up"}`,
		`direction is "up", want ltr or rtl`,
	},
	{
		"assets/style.css", "a {\r\n}",
		"assets/style.css holds a carriage return",
	},
	{
		"assets/script.js", `x = "</script>"`,
		"assets/script.js holds a carriage return, ",
	},
}

func TestConstructorsNameTheFieldAndNotItsValue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	for _, c := range refusedFiles {
		handler, err := resethttp.New(f.svc, resethttp.Config{
			Files: fstest.MapFS{c[0]: {Data: []byte(c[1])}},
		})
		require.Nil(t, handler)
		require.ErrorContains(t, err, c[2])
		require.True(t, strings.HasPrefix(err.Error(), "resethttp: "),
			err.Error())
	}

	_, err := resethttp.New(f.svc, resethttp.Config{Locale: "xx"})
	require.EqualError(t, err, `resethttp: Config.Locale is "xx",`+
		` want one of ["de" "en" "es" "fr" "pt-BR"]`)
	_, err = resethttp.New(nil, resethttp.Config{})
	require.EqualError(t, err, "resethttp: the Service is nil")
	_, err = resethttp.NewAPI(nil, resethttp.APIConfig{})
	require.EqualError(t, err, "resethttp: the Service is nil")

	for _, prefix := range []string{"api", "/api/", "/"} {
		_, err = resethttp.NewAPI(f.svc, resethttp.APIConfig{Prefix: prefix})
		require.ErrorContains(t, err, "APIConfig.Prefix")
	}
}

// Mails and pages share one, so the Service refuses it.
//
//lostkey:covers ASVS-1.2.2 ASVS-3.7.2 CWE-601
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
		require.EqualError(t, err, "reset: Config.Pages.Login is neither"+
			" a path nor an absolute http or https URL", "%q", login)
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
		f := newFixture(t, pagesOf, func(c *reset.Config) {
			c.Site, c.Pages.Login = "https://app.example/shop", login
		})
		for _, path := range []string{
			"/forgot-password", "/forgot-password?sent", "/reset-password?done",
		} {
			require.Contains(t, f.get(path).body, want)
		}
	}
}

func TestPagesOfAServiceWithoutLoginHaveNoSuchLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) { c.Pages.Login = "" })
	for _, path := range []string{
		"/forgot-password", "/forgot-password?sent", "/reset-password?done",
	} {
		require.NotContains(t, f.get(path).body, "ign in</a>")
	}
}

func TestOneOverriddenFileChangesNothingElse(t *testing.T) {
	t.Parallel()
	plain := newFixture(t, pagesOf)
	f := newFixture(t, pagesWith(resethttp.Config{Files: fstest.MapFS{
		"pages/frame.html": {Data: []byte(
			`{{define "head"}}{{end}}{{define "foot"}}{{end}}` +
				`{{define "brand"}}<header class="brand">Ours,` +
				" {{.Product}}</header>\n{{end}}",
		)},
		"unrelated/readme.txt": {Data: []byte("x")},
	}}))

	for _, path := range []string{
		"/forgot-password", "/forgot-password?sent", "/reset-password",
		"/reset-password?done",
	} {
		a, b := plain.get(path), f.get(path)
		require.NotEqual(t, a.body, b.body)
		require.Equal(t, a.body,
			strings.Replace(b.body, "Ours, Example App", `<span class="mark"`+
				` aria-hidden="true">E</span>Example App`, 1))
		require.Equal(t, a.header.Get("Content-Security-Policy"),
			b.header.Get("Content-Security-Policy"))
	}
}

func TestOneOverriddenSentenceKeepsTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Files: fstest.MapFS{
		"locales/en.json": {Data: []byte(
			`{"page.forgot.title":"Lost it at {product}?"}`,
		)},
	}}))
	body := f.get("/forgot-password").body
	require.Contains(t, body, "<h1>Lost it at Example App?</h1>")
	require.Contains(t, body, "Send the link")
}

func TestOverriddenStyleIsTheOneThatTheContentPolicyAllows(t *testing.T) {
	t.Parallel()
	const style = "body { color: red }\n"
	f := newFixture(t, pagesWith(resethttp.Config{
		Files: fstest.MapFS{"assets/style.css": {Data: []byte(style)}},
	}))
	a := f.get("/forgot-password")
	require.Contains(t, a.body, "<style>"+style+"</style>")
	// printf 'body { color: red }\n' | openssl dgst -sha256 -binary | base64
	require.Contains(t, a.header.Get("Content-Security-Policy"),
		"style-src 'sha256-2S4VvT2k3rjav5i3inerHe7oJsm2Yzx7kSGPgKT82yo='")
}

func TestUserNamesAreAskedForWhereTheyAreLookedUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(cfg *reset.Config) {
		cfg.Hooks.FindByIdentifier = func(
			context.Context, string,
		) ([]reset.User, error) {
			return nil, nil
		}
	})
	body := f.get("/forgot-password").body
	require.Contains(t, body, `<input type="text" id="email" name="email"`+
		` value="" autocomplete="username"`)
	require.Contains(t, body, "Email address or user name")
}
