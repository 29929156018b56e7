package resethttp_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

func TestConstructorsNameTheFieldAndNotItsValue(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	// Each has the file, what stands in it, and what the error says.
	for _, c := range [][3]string{
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
	} {
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
		require.EqualError(
			t,
			err,
			"reset: Config.Pages.Login is neither a path"+
				" nor an absolute http or https URL",
			"%q",
			login,
		)
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
			strings.Replace(b.body, "Ours, Example App", "Example App", 1))
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

// textsOf returns the built-in texts of a language, as a file of them.
func textsOf(
	t *testing.T, tag string, changes map[string]string,
) *fstest.MapFile {
	t.Helper()
	all, err := mail.LoadTexts(nil)
	require.NoError(t, err)
	texts := all[tag]
	maps.Copy(texts, changes)

	content, err := json.Marshal(texts)
	require.NoError(t, err)
	return &fstest.MapFile{Data: content}
}

func TestAFurtherLanguageNeedsOneFile(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"locales/nl-BE.json": textsOf(t, "en", map[string]string{
			"page.forgot.title": "Wachtwoord vergeten?",
		}),
		"locales/ar.json": textsOf(t, "en", map[string]string{
			"direction": "rtl",
		}),
	}
	f := newFixture(t, pagesWith(resethttp.Config{Files: files}))

	for accept, want := range map[string]string{
		"":                           `lang="en" dir="ltr"`,
		"nl-BE":                      `lang="nl-BE" dir="ltr"`,
		"nl":                         `lang="nl-BE" dir="ltr"`,
		"NL-nl,en;q=0.5":             `lang="nl-BE" dir="ltr"`,
		"en;q=0.9,nl-BE;q=0.8":       `lang="en" dir="ltr"`,
		"ja,nl-BE;q=0.3,en;q=0.2":    `lang="nl-BE" dir="ltr"`,
		"nl;q=0,en":                  `lang="en" dir="ltr"`,
		"ar-EG":                      `lang="ar" dir="rtl"`,
		"ja":                         `lang="en" dir="ltr"`,
		"*":                          `lang="en" dir="ltr"`,
		strings.Repeat("nl,", 10000): `lang="nl-BE" dir="ltr"`,
	} {
		a := f.getIn(accept, "/forgot-password")
		require.Contains(t, a.body, "<html "+want+">", accept)
		require.Contains(t, want, a.header.Get("Content-Language"))
		require.Equal(t, strings.Contains(want, "nl-BE"),
			strings.Contains(a.body, "<h1>Wachtwoord vergeten?</h1>"), accept)
	}
}

func TestPagesAreInEveryLanguageOfTheMails(t *testing.T) {
	t.Parallel()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	f := newFixture(t, pagesOf)
	titles := map[string]string{}

	for _, tag := range templates.Locales() {
		a := f.getIn(tag, "/forgot-password")
		require.Contains(t, a.body, `<html lang="`+tag+`" dir="ltr">`)
		_, title, found := strings.Cut(a.body, "<h1>")
		require.True(t, found)
		title, _, _ = strings.Cut(title, "</h1>")
		require.NotContains(t, titles, title, "%s and %s", titles[title], tag)
		titles[title] = tag
	}

	require.Len(t, titles, 5)
}

func TestAMissingTextComesFromTheBaseLanguageOrFromEnglish(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Files: fstest.MapFS{
		"locales/nl.json": {Data: []byte(
			`{"page.forgot.title": "Wachtwoord vergeten?"}`,
		)},
		"locales/de-CH.json": {Data: []byte(
			`{"page.forgot.title": "Passwort weg?"}`,
		)},
	}}))

	dutch := f.getIn("nl", "/forgot-password").body
	require.Contains(t, dutch, `<html lang="nl" dir="ltr">`)
	require.Contains(t, dutch, "<h1>Wachtwoord vergeten?</h1>")
	require.Contains(t, dutch, "Send the link")
	swiss := f.getIn("de-CH", "/forgot-password").body
	require.Contains(t, swiss, "<h1>Passwort weg?</h1>")
	require.Contains(t, swiss, "Link anfordern")
}

// One folder serves both, so that whoever adds a language does one thing.
func TestOneFolderHoldsTheFilesOfPagesAndMails(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"locales/nl.json": {Data: []byte(`{
			"page.forgot.title": "Wachtwoord vergeten?",
			"mail.reset.subject": "Nieuw wachtwoord voor {product}",
			"billing.title": "Rekening"
		}`)},
		"mails/blocks.txt": {Data: []byte(`{{define "footer"}}Ons{{end}}`)},
		"pages/frame.html": {Data: []byte(`{{define "head"}}{{end}}` +
			`{{define "brand"}}Ons {{.T "billing.title"}}{{end}}` +
			`{{define "foot"}}{{end}}`)},
	}
	templates, err := mail.NewTemplates(mail.TemplatesConfig{Files: files})
	require.NoError(t, err)
	f := newFixture(t, pagesWith(resethttp.Config{Files: files}))

	page := f.getIn("nl", "/forgot-password").body
	require.Contains(t, page, "<h1>Wachtwoord vergeten?</h1>")
	require.Contains(t, page, "Ons Rekening")
	sent, err := templates.Render(mail.SampleData(mail.KindReset, "nl"))
	require.NoError(t, err)
	require.Equal(t, "Nieuw wachtwoord voor Example", sent.Subject)
}

func TestWaitsHaveThePluralsOfTheLanguage(t *testing.T) {
	t.Parallel()
	polish := fstest.MapFS{"locales/pl.json": {Data: []byte(`{
		"minutes.one": "minutę", "minutes.few": "{n} minuty",
		"minutes.many": "{n} minut", "minutes.other": "{n} minuty",
		"page.throttled.lead": "Zaczekaj {wait}."
	}`)}}

	for wait, want := range map[time.Duration]string{
		time.Minute:                  "Zaczekaj minutę.",
		time.Minute + 1:              "Zaczekaj 2 minuty.",
		5 * time.Minute:              "Zaczekaj 5 minut.",
		22 * time.Minute:             "Zaczekaj 22 minuty.",
		24*time.Minute + 1:           "Zaczekaj 25 minut.",
		21*time.Minute - time.Minute: "Zaczekaj 20 minut.",
	} {
		f := newFixture(
			t,
			pagesWith(resethttp.Config{Files: polish}),
			func(c *reset.Config) {
				c.Limits = reset.Limits{Client: never{wait}}
			},
		)
		r := f.request(http.MethodPost, "/forgot-password", formType,
			form("email", knownAddr))
		r.Header.Set("Accept-Language", "pl")
		require.Contains(t, f.do(r).body, want)
	}
}

// A visitor must never be told a longer time than a link lives.
func TestLifetimeIsNeverSaidToBeLongerThanItIs(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[time.Duration]string{
		time.Minute:               "within 1 minute.",
		90 * time.Second:          "within 1 minute.",
		2*time.Hour - 1:           "within 119 minutes.",
		2 * time.Hour:             "within 2 hours.",
		2*time.Hour + time.Minute: "within 121 minutes.",
	} {
		f := newFixture(t, pagesOf, func(c *reset.Config) {
			c.Lifetimes.Reset = lifetime
		})
		require.Contains(t, f.get("/forgot-password?sent").body, want)
	}
}

func TestDefaultLanguageIsConfigured(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"nl", "NL"} {
		files := fstest.MapFS{"locales/nl.json": textsOf(t, "en", nil)}
		f := newFixture(t, pagesWith(resethttp.Config{
			Locale: locale, Files: files,
		}))
		require.Contains(t, f.get("/forgot-password").body, `lang="nl"`)
	}
}

func TestHintOfTheLengthIsThePolicys(t *testing.T) {
	t.Parallel()
	hint := func(p reset.Policy) string {
		f := newFixture(t, pagesOf, func(cfg *reset.Config) { cfg.Policy = p })
		return f.get("/reset-password").body
	}

	body := hint(nil)
	require.Contains(t, body, `minlength="15" passwordrules="minlength: 15;`)
	require.Contains(t, body, "At least 15 characters.")
	require.Contains(t, hint(mfaPolicy(t)), "At least 8 characters.")
	body = hint(anyPassword{})
	require.NotContains(t, body, "minlength")
	require.NotContains(t, body, "At least 0")
}

// anyPassword is a policy that does not say how long a password must be.
type anyPassword struct{}

func (anyPassword) Check(context.Context, string, []string) error { return nil }

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

// mfaPolicy is the default policy of an application that asks for a second
// factor.
func mfaPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MFA: true})
	require.NoError(t, err)
	return p
}
