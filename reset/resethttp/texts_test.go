package resethttp_test

import (
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
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

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
