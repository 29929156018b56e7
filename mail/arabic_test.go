package mail_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

// arabicTemplates are those of a host that has added one file.
func arabicTemplates(t *testing.T) *mail.Templates {
	t.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: os.DirFS("testdata/arabic"),
	})
	require.NoError(t, err)
	require.Empty(t, templates.Missing("ar"))
	return templates
}

func TestAHostsLanguageIsReadFromRightToLeft(t *testing.T) {
	t.Parallel()
	templates := arabicTemplates(t)
	for _, kind := range mail.BuiltInKinds() {
		data := mail.SampleData(kind, "ar-EG, en;q=0.5")
		msg := sample(t, templates, data)
		require.Equal(t, "ar", msg.Locale)
		require.Contains(t, msg.HTML, `<html lang="ar" dir="rtl">`)
		require.Contains(t, msg.HTML, `<div role="main" lang="ar" dir="rtl"`)

		// What is read from left to right keeps to itself.
		ltr := `dir="ltr"[^>]*>`
		require.Regexp(t, ltr+`https://app\.example/`, msg.HTML, "the link")
		require.Regexp(t, ltr+`support@app\.example<`, msg.HTML, "the address")
		require.Regexp(t, ltr+`https://app\.example<`, msg.HTML, "the site")
		require.NotRegexp(t, `<[a-z][^>]*(left|right)[^>]*>`, msg.HTML,
			"no side is fixed")

		encoded, err := mail.Encode(msg)
		require.NoError(t, err)
		wellFormed(t, encoded)
		text, html := bodies(t, encoded)
		require.Equal(t, msg.Text, text)
		require.Equal(t, msg.HTML, html)
	}
}

func TestAHostsLanguageHasItsOwnPluralForms(t *testing.T) {
	t.Parallel()
	templates := arabicTemplates(t)
	for minutes, want := range map[int]string{
		1: "دقيقة واحدة", 2: "دقيقتين", 3: "3 دقائق", 10: "10 دقائق",
		11: "11 دقيقةً", 99: "99 دقيقةً", 100: "100 دقيقة", 103: "103 دقائق",
		120: "ساعتين", 60 * 24 * 2: "يومين", 60 * 24 * 3: "3 أيام",
	} {
		data := mail.SampleData(mail.KindReset, "ar")
		data.Lifetime = time.Duration(minutes) * time.Minute
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.Contains(t, msg.Text, "خلال "+want+"،", "%d minutes", minutes)
	}
}

func TestWhatALanguageLacksIsListedAtOnce(t *testing.T) {
	t.Parallel()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: override(map[string]string{
			"locales/de-CH.json": `{"mail.reset.title": "Passwort"}`,
			"locales/ar.json":    arabic,
			"locales/sv.json":    `{"hours.other": "{n} timmar"}`,
			"locales/ja.json":    `{}`,
		}),
	})
	require.NoError(t, err)

	require.Empty(t, templates.Missing("en"))
	require.Empty(t, templates.Missing("de-CH"), "German has them all")
	require.Nil(t, templates.Missing("tlh"))

	lacking := templates.Missing("ar")
	require.Contains(t, lacking, "mail.reset.subject")
	require.Contains(t, lacking, "days.zero")
	require.Contains(t, lacking, "hours.many")
	require.NotContains(t, lacking, "days.few")
	require.NotContains(t, lacking, "mail.invite.title")
	require.NotContains(t, templates.Missing("ja"), "minutes.one")

	// A form that is not there is the language's own general one.
	require.Contains(t, templates.Missing("sv"), "hours.one")
	data := mail.SampleData(mail.KindReset, "sv")
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Contains(t, msg.Text, "expires in 1 timmar,")
}

func TestEverythingThatIsWrongIsListedAtOnceWithItsFile(t *testing.T) {
	t.Parallel()
	_, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: override(map[string]string{
			"mails/resset.html": "x",
			"mails/blocks.html": `{{define "brnad"}}x{{end}}`,
			"locales/fr.json": `{"mail.reset.subjct": "x", "mail.sender": "",
				"direction": "up", "mail.copy": "{link}"}`,
			"locales/de.json": `{"days.few": "{n} Tage"}`,
			"locales/es.json": `{`,
		}),
	})

	for _, want := range []string{
		"mails/resset.html is not a file of the mails",
		"mails/blocks.html: nothing uses the block brnad",
		"locales/fr.json: mail.reset.subjct is not the key of a text",
		"locales/fr.json: mail.sender is empty",
		"locales/fr.json: direction is",
		"locales/fr.json: mail.copy has the placeholder {link}",
		`locales/de.json: days.few is a plural form that is not known of de,` +
			` want one of ["one" "other"]`,
		"locales/es.json: unexpected end",
	} {
		require.ErrorContains(t, err, want)
	}
	for line := range strings.Lines(err.Error()) {
		require.True(t, strings.HasPrefix(line, "mail: "), line)
	}
}
