package mail_test

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestBothPartsSayTheSame(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, data mail.Data, msg mail.Message) {
		text, shown := paragraphs(msg.Text), visible(msg.HTML)
		for _, paragraph := range text {
			require.Contains(t, shown, paragraph, "the text says more")
		}

		extra := 0
		for _, paragraph := range shown {
			if !slices.Contains(text, paragraph) {
				extra++
			}
		}

		require.Equal(t, 4, extra,
			"the HTML part adds brand, title, button and the hint to copy: %q", shown)
		for _, fact := range []string{
			data.Product, data.Support, data.Site, "2026", "UTC", data.Client,
		} {
			require.Contains(t, msg.Text, fact)
		}
	})
}

func TestTheLinkStandsAloneAndNowhereElse(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, data mail.Data, msg mail.Message) {
		want := map[mail.Kind]string{
			mail.KindReset:            data.Link,
			mail.KindInvite:           data.Link,
			mail.KindPasswordChanged:  data.ForgotURL,
			mail.KindNoAccount:        data.ForgotURL,
			mail.KindSignsInElsewhere: data.LoginURL,
		}[data.Kind]
		lines := strings.Split(msg.Text, "\n")
		i := slices.Index(lines, want)

		require.Positive(t, i, "alone on its line")
		require.Empty(t, lines[i-1])
		require.Empty(t, lines[i+1])
		require.Equal(t, 1, strings.Count(msg.Text, want))
		require.NotContains(t, msg.Subject, "http")
		require.Equal(t, []string{want}, hrefs(msg.HTML),
			"one link, and no other")
		require.Contains(t, visible(msg.HTML), want, "shown as text as well")
		if data.Link == "" {
			require.NotContains(t, msg.Text+msg.HTML, "token")
		}
	})
}

func TestHTMLPartsLoadNothingAndRunNothing(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, _ mail.Data, msg mail.Message) {
		for _, forbidden := range []string{
			"<img", "<script", "<form", "<input", "<iframe", "<link", "<object",
			"url(", "@import", "@font-face", "src=", "background=", "onclick",
			"ZgotmplZ",
		} {
			require.NotContains(t, strings.ToLower(msg.HTML), forbidden)
		}

		require.Contains(t, msg.HTML,
			`<meta name="color-scheme" content="light dark">`)
		require.Contains(t, msg.HTML, "prefers-color-scheme: dark")
		require.Contains(t, msg.HTML, `lang="`+msg.Locale+`" dir="ltr"`)
		require.Less(t, len(msg.HTML), 100<<10,
			"mail programs cut what is longer")
	})
}

func TestExpiryIsSaidInWordsAndAsTheLinksOwnTime(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	cases := []struct {
		lifetime             time.Duration
		en, ptBR, es, fr, de string
	}{
		{30 * time.Second, "1 minute,", "1 minuto,", "1 minuto,", "1 minute,",
			"1 Minute lang"},
		{time.Minute, "1 minute,", "1 minuto,", "1 minuto,", "1 minute,",
			"1 Minute lang"},
		{2 * time.Minute, "2 minutes,", "2 minutos,", "2 minutos,", "2 minutes,",
			"2 Minuten lang"},
		{30 * time.Minute, "30 minutes,", "30 minutos,", "30 minutos,",
			"30 minutes,", "30 Minuten lang"},
		{time.Hour - time.Second, "59 minutes,", "59 minutos,", "59 minutos,",
			"59 minutes,", "59 Minuten lang"},
		{time.Hour, "1 hour,", "1 hora,", "1 hora,", "1 heure,", "1 Stunde lang"},
		{90 * time.Minute, "90 minutes,", "90 minutos,", "90 minutos,",
			"90 minutes,", "90 Minuten lang"},
		{24 * time.Hour, "24 hours,", "24 horas,", "24 horas,", "24 heures,",
			"24 Stunden lang"},
		{25*time.Hour + 59*time.Minute, "25 hours,", "25 horas,", "25 horas,",
			"25 heures,", "25 Stunden lang"},
		{72 * time.Hour, "3 days,", "3 dias,", "3 días,", "3 jours,",
			"3 Tage lang"},
		{7 * 24 * time.Hour, "7 days,", "7 dias,", "7 días,", "7 jours,",
			"7 Tage lang"},
		{400 * 24 * time.Hour, "400 days,", "400 dias,", "400 días,", "400 jours,",
			"400 Tage lang"},
	}

	for _, c := range cases {
		for locale, want := range map[string]string{"en": c.en, "pt-BR": c.ptBR,
			"es": c.es, "fr": c.fr, "de": c.de} {
			data := mail.SampleData(mail.KindReset, locale)
			data.Lifetime, data.ExpiresAt = c.lifetime, data.At.Add(c.lifetime)
			// zero: worked out from the two times
			for _, lifetime := range []time.Duration{c.lifetime, 0} {
				data.Lifetime = lifetime
				msg, err := templates.Render(data)
				require.NoError(t, err)
				require.Contains(t, msg.Text, " "+want)
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
		{time.Date(2027, time.January, 1, 1, 5, 0, 0, time.UTC), map[string]string{
			"en":    "On 1 January 2027 at 01:05 UTC",
			"pt-BR": "Em 1º de janeiro de 2027, à 01:05 UTC",
			"es":    "El 1 de enero de 2027 a la 01:05 UTC",
			"fr":    "Le 1er janvier 2027 à 1\u00a0h\u00a005 UTC",
			"de":    "Am 1. Januar 2027 um 01:05 Uhr UTC",
		}},
		{time.Date(2026, time.December, 31, 23, 59, 59, 0,
			time.FixedZone("", 5*3600+1800)), map[string]string{
			"en":    "On 31 December 2026 at 23:59 UTC+05:30",
			"pt-BR": "Em 31 de dezembro de 2026, às 23:59 UTC+05:30",
			"es":    "El 31 de diciembre de 2026 a las 23:59 UTC+05:30",
			"fr":    "Le 31 décembre 2026 à 23\u00a0h\u00a059 UTC+05:30",
			"de":    "Am 31. Dezember 2026 um 23:59 Uhr UTC+05:30",
		}},
		{time.Date(2026, time.March, 8, 0, 0, 0, 0, time.FixedZone("BRT", -3*3600)),
			map[string]string{
				"en": "8 March 2026 at 00:00 UTC-03:00",
				"de": "8. März 2026 um 00:00 Uhr UTC-03:00",
			}},
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
		"fr-CA": "fr", "de-AT-1996": "de", "ja": "en", "": "en", "*": "en", "p": "en",
		"ptx": "en", strings.Repeat("pt-", 1<<16): "en", "\r\nX: y": "en",
	} {
		require.Equal(t, want, templates.Match(wanted), "%q", wanted)
		data := mail.SampleData(mail.KindReset, wanted)
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.Equal(t, want, msg.Locale)
	}

	german, err := mail.NewTemplates(mail.TemplatesConfig{Locale: "de"})
	require.NoError(t, err)
	require.Equal(t, "de", german.Match("ja"))

	_, err = mail.NewTemplates(mail.TemplatesConfig{Locale: "ja"})
	require.ErrorContains(t, err, `TemplatesConfig.Locale is "ja"`)
}

func TestNoLocaleIsAnotherOnesCopy(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	seen := map[string]string{}

	for _, locale := range templates.Locales() {
		for _, kind := range mail.Kinds() {
			msg, err := templates.Render(mail.SampleData(kind, locale))
			require.NoError(t, err)
			for _, sentence := range append(paragraphs(msg.Text),
				msg.Subject) {
				if strings.HasPrefix(sentence, "http") {
					continue
				}
				if other, found := seen[sentence]; found {
					require.Equal(t, other, locale, "%q is in two languages", sentence)
				}
				seen[sentence] = locale
			}
		}
	}
}

func TestProductNamesAreTextWhateverTheyHold(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	data := mail.SampleData(mail.KindReset, "en")
	data.Product = "O'Brien & Co"
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Equal(t, "Reset your O'Brien & Co password", msg.Subject)
	require.Contains(t, msg.Text, "your O'Brien & Co account")
	require.Contains(t, msg.HTML, "your O&#39;Brien &amp; Co account")
	require.NotContains(t, msg.HTML, "&amp;amp;")

	for _, hostile := range []string{
		`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`, `{{.Link}}`,
		`</title><script>`, `</style><script>`,
	} {
		data.Product = hostile
		msg, err := templates.Render(data)
		require.NoError(t, err)

		for _, active := range []string{
			"<img", "<script", "</title><", "{{.Link}}\" ",
		} {
			require.NotContains(t, msg.HTML, active)
		}

		require.Contains(t, msg.Text, hostile)
	}
}

func TestOnlyNamesFromTheFixedListSayWhichBrowserItWas(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for _, client := range []string{
		"Call 0800 123 now", "Firefox, Linux; visit evil.example", "Firefox",
		"<b>Chrome</b>, Windows", "Chrome, Windows\r\nX",
	} {
		data := mail.SampleData(mail.KindReset, "en")
		data.Client = client
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.NotContains(t, msg.Text, "(")
		require.NotContains(t, msg.HTML, html.EscapeString(client)+")")
	}

	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 " +
			"Firefox/140.0": "Firefox, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, " +
			"like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0": "Edge, Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 " +
			"(KHTML, like Gecko) Version/18.0 Safari/605.1.15": "Safari, macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) " +
			"AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 " +
			"Safari/604.1": "Chrome, iOS",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile " +
			"Safari/537.36": "Samsung Internet, Android",
		"curl/8.0": "", "": "", "Firefox/1 on <script>": "", "Linux": "",
		strings.Repeat(" ", 2000) + "Firefox/1 Linux": "",
	} {
		require.Equal(t, want, mail.CoarseClient(userAgent), userAgent)
	}
}

func TestRenderRefusesDataThatWouldMakeAHarmfulMail(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	cases := map[string]func(*mail.Data){
		"Data.Kind":     func(d *mail.Data) { d.Kind = "newsletter" },
		"Data.Product":  func(d *mail.Data) { d.Product = "" },
		"Data.Product ": func(d *mail.Data) { d.Product = "a\r\nBcc: x" },
		"Data.Product  ": func(d *mail.Data) {
			d.Product = strings.Repeat("a", 101)
		},
		"Data.Site":    func(d *mail.Data) { d.Site = "app.example" },
		"Data.Support": func(d *mail.Data) { d.Support = "Canary <a@b.example>" },
		"Data.Link":    func(d *mail.Data) { d.Link = "javascript:canary" },
		"Data.Link ": func(d *mail.Data) {
			d.Link = "https://app.example/\ncanary"
		},
		"Data.Link  ": func(d *mail.Data) {
			d.Link = "https://app.example/ canary"
		},
		"Data.Link   ": func(d *mail.Data) {
			d.Link = "https://canary@app.example/"
		},
		"Data.Link    ": func(d *mail.Data) { d.Link = "https:///canary" },
		"Data.Link     ": func(d *mail.Data) {
			d.Link = `https://app.example/"canary`
		},
		"Data.Link for a notice": func(d *mail.Data) {
			d.Kind = mail.KindPasswordChanged
		},
		"Data.ExpiresAt": func(d *mail.Data) { d.ExpiresAt = time.Time{} },
		"Data.ExpiresAt ": func(d *mail.Data) {
			d.Lifetime = 0
			d.ExpiresAt = d.At
		},
		"Data.At": func(d *mail.Data) { d.At = time.Time{} },
		"Data.ForgotURL": func(d *mail.Data) {
			d.ForgotURL = "data:text/html,canary"
		},
		"Data.LoginURL": func(d *mail.Data) { d.LoginURL = "/canary" },
	}

	for name, change := range cases {
		data := mail.SampleData(mail.KindReset, "en")
		change(&data)
		msg, err := templates.Render(data)
		field, _, _ := strings.Cut(strings.TrimSpace(name), " ")
		require.ErrorContains(t, err, field, name)
		require.NotContains(t, err.Error(), "canary")
		require.Zero(t, msg)
	}
}

func TestMailsWithoutOptionalFactsLeaveNoGaps(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for _, locale := range templates.Locales() {
		for _, kind := range mail.Kinds() {
			data := mail.SampleData(kind, locale)
			data.Support, data.Client, data.SessionsEnded = "", "", false
			data.ForgotURL, data.LoginURL = "", ""
			msg, err := templates.Render(data)
			require.NoError(t, err)

			for _, part := range []string{
				msg.Text, strings.Join(visible(msg.HTML), "\n"),
			} {
				require.NotContains(t, part, "  ")
				require.NotContains(t, part, "\n\n\n")
				require.NotContains(t, part, "()")
				require.NotContains(t, part, "<no value>")
			}

			require.False(t, strings.HasPrefix(msg.Text, "\n"))
		}
	}
}

func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	want, err := templates.Render(mail.SampleData(mail.KindReset, "fr"))
	require.NoError(t, err)
	done := make(chan error, 8)

	for range cap(done) {
		go func() {
			for range 50 {
				got, err := templates.Render(mail.SampleData(mail.KindReset, "fr"))
				if err != nil || got.Text != want.Text || got.HTML != want.HTML {
					done <- fmt.Errorf("another mail came out: %w", err)
					return
				}
			}

			done <- nil
		}()
	}

	for range cap(done) {
		require.NoError(t, <-done)
	}
}

func FuzzCoarseClient(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	f.Add("Firefox/ Call 0800 now iPhone")
	known := regexp.MustCompile(
		`^(Edge|Opera|Samsung Internet|Firefox|Chrome|Safari), ` +
			`(iOS|iPadOS|Android|Windows|ChromeOS|macOS|Linux)$`)
	f.Fuzz(func(t *testing.T, userAgent string) {
		if client := mail.CoarseClient(userAgent); client != "" {
			require.Regexp(t, known, client)
		}
	})
}
