package mail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestExpiryIsSaidInWordsAndAsTheLinksOwnTime(t *testing.T) {
	t.Parallel()
	const (
		day     = 24 * time.Hour
		minute  = "minute minuto minuto minute Minute"
		minutes = "minutes minutos minutos minutes Minuten"
		hour    = "hour hora hora heure Stunde"
		hours   = "hours horas horas heures Stunden"
		days    = "days dias días jours Tage"
	)
	templates := builtin(t)
	locales := []string{"en", "pt-BR", "es", "fr", "de"}
	for lifetime, want := range map[time.Duration]struct {
		n     int
		words string
	}{
		30 * time.Second:           {1, minute},
		time.Minute:                {1, minute},
		2 * time.Minute:            {2, minutes},
		30 * time.Minute:           {30, minutes},
		time.Hour - time.Second:    {59, minutes},
		time.Hour:                  {1, hour},
		90 * time.Minute:           {90, minutes},
		day:                        {24, hours},
		26*time.Hour - time.Minute: {25, hours},
		3 * day:                    {3, days},
		7 * day:                    {7, days},
		400 * day:                  {400, days},
	} {
		for i, word := range strings.Fields(want.words) {
			data := mail.SampleData(mail.KindReset, locales[i])
			data.ExpiresAt = data.At.Add(lifetime)
			end := ","
			if locales[i] == "de" {
				end = " lang"
			}

			// Zero is worked out from the two times.
			for _, given := range []time.Duration{lifetime, 0} {
				data.Lifetime = given
				msg, err := templates.Render(data)
				require.NoError(t, err)
				said := fmt.Sprintf(" %d %s%s", want.n, word, end)
				require.Contains(t, msg.Text, said)
			}
		}
	}
}

func TestDatesAreWrittenAsEachLanguageWritesThem(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	cases := []struct {
		at   time.Time
		want map[string]string
	}{
		{
			time.Date(2027, time.January, 1, 1, 5, 0, 0, time.UTC),
			map[string]string{
				"en":    "On 1 January 2027 at 01:05 UTC",
				"pt-BR": "Em 1º de janeiro de 2027, à 01:05 UTC",
				"es":    "El 1 de enero de 2027 a la 01:05 UTC",
				"fr":    "Le 1er janvier 2027 à 1\u00a0h\u00a005 UTC",
				"de":    "Am 1. Januar 2027 um 01:05 Uhr UTC",
			},
		},
		{time.Date(2026, time.December, 31, 23, 59, 59, 0,
			time.FixedZone("", 5*3600+1800)), map[string]string{
			"en":    "On 31 December 2026 at 23:59 UTC+05:30",
			"pt-BR": "Em 31 de dezembro de 2026, às 23:59 UTC+05:30",
			"es":    "El 31 de diciembre de 2026 a las 23:59 UTC+05:30",
			"fr":    "Le 31 décembre 2026 à 23\u00a0h\u00a059 UTC+05:30",
			"de":    "Am 31. Dezember 2026 um 23:59 Uhr UTC+05:30",
		}},
		{
			time.Date(2026, time.March, 8, 0, 0, 0, 0,
				time.FixedZone("BRT", -3*3600)),
			map[string]string{
				"en": "8 March 2026 at 00:00 UTC-03:00",
				"de": "8. März 2026 um 00:00 Uhr UTC-03:00",
			},
		},
	}

	for _, c := range cases {
		for locale, want := range c.want {
			data := mail.SampleData(mail.KindReset, locale)
			data.At, data.ExpiresAt = c.at, c.at.Add(time.Hour)
			msg, err := templates.Render(data)
			require.NoError(t, err)
			require.Contains(t, msg.Text, want)
		}
	}
}

func TestLocalesAreMatchedByTagThenLanguageThenDefault(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	require.Equal(t, []string{"de", "en", "es", "fr", "pt-BR"},
		templates.Locales())

	for wanted, want := range map[string]string{
		"en": "en", "EN-us": "en", "pt-BR": "pt-BR", "pt-br": "pt-BR",
		"pt_BR": "pt-BR", "pt": "pt-BR", "pt-PT": "pt-BR", "es-419": "es",
		"es-MX": "es",
		"fr-CA": "fr", "de-AT-1996": "de", "ja": "en", "": "en", "*": "en",
		"p":   "en",
		"ptx": "en", strings.Repeat("pt-", 1<<16): "en", "\r\nX: y": "en",
	} {
		data := mail.SampleData(mail.KindReset, wanted)
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.Equal(t, want, msg.Locale, "%q", wanted)
	}

	german, err := mail.NewTemplates(mail.TemplatesConfig{Locale: "de"})
	require.NoError(t, err)
	msg, err := german.Render(mail.SampleData(mail.KindReset, "ja"))
	require.NoError(t, err)
	require.Equal(t, "de", msg.Locale)

	_, err = mail.NewTemplates(mail.TemplatesConfig{Locale: "ja"})
	require.ErrorContains(t, err, `TemplatesConfig.Locale is "ja"`)
}

func TestNoLocaleIsAnotherOnesCopy(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	seen := map[string]string{}

	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			msg, err := templates.Render(mail.SampleData(kind, locale))
			require.NoError(t, err)
			for _, sentence := range append(paragraphs(msg.Text),
				msg.Subject) {
				if strings.HasPrefix(sentence, "http") {
					continue
				}
				if other, found := seen[sentence]; found {
					require.Equal(t, other, locale, "%q is in two languages",
						sentence)
				}
				seen[sentence] = locale
			}
		}
	}
}
