package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

func TestLanguagesAreReadBestFirst(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"":                                {},
		"en":                              {"en"},
		"pt_BR":                           {"pt-BR"},
		"da, en-gb;q=0.8, en;q=0.7":       {"da", "en-gb", "en"},
		"en;q=0.1,pt-BR;q=0.9, es; q=0.5": {"pt-BR", "es", "en"},
		"en;q=0.8,fr;Q=0.9":               {"fr", "en"},
		"fr ; q=1.000 , de":               {"fr", "de"},
		"*;q=0.5,fr;q=0":                  {},
		"en;q=nan,fr;q=2,de;q=-1,it;q=":   {},
		"en;q=inf,fr;q=1e-400,de;q=0.000": {},
		"<script>,a,../../etc,a_,_b,-en":  {},
		"en\r\nX: y,fr\x00,d\u0435":       {},
		"zh-Hant-TW":                      {"zh-Hant-TW"},
		"abcdefghi,ab-abcdefghi":          {},
		"en-" + strings.Repeat("a", 36):   {},
	} {
		require.Equal(t, want, mail.Languages(list), "%q", list)
	}
}

func TestListOfLanguagesIsBounded(t *testing.T) {
	t.Parallel()
	require.Len(t, mail.Languages(strings.Repeat("de,", 1<<20)), 16)
	require.Len(t, mail.Languages(strings.Repeat(",", 1<<20)+"de"), 0)
	require.Empty(t, mail.Languages(strings.Repeat("d", 1<<20)))

	// What is cut off by the bound is no tag of its own.
	list := strings.Repeat(" ", 1<<10-len("de,fr-C")) + "de,fr-CA"
	require.Equal(t, []string{"de"}, mail.Languages(list))
	require.Equal(t, []string{"de", "fr-CA"}, mail.Languages(list[1:]))
}

func TestMailIsInTheFirstLanguageOfTheListThatThereIs(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for wanted, want := range map[string]string{
		"nl-NL, fr;q=0.8":                  "fr",
		"nl-NL,nl;q=0.9,de;q=0.7,fr;q=0.8": "fr",
		"nl, ja, *;q=0.1":                  "en",
		"fr;q=0, de;q=0.1":                 "de",
		"pt-PT, en;q=0.9":                  "pt-BR",
		"sv,en-GB;q=0.5,de;q=0.6":          "de",
		strings.Repeat("nl,", 15) + "fr":   "fr",
		strings.Repeat("nl,", 16) + "fr":   "en",
	} {
		content, err := templates.Render(
			mail.SampleData(mail.KindReset, wanted))
		require.NoError(t, err)
		require.Equal(t, want, content.Locale, "%q", wanted)
	}
}

func TestMatchLocaleFindsNothingWhereNothingFits(t *testing.T) {
	t.Parallel()
	require.Empty(t, mail.MatchLocale([]string{"en", "de"}, "nl, fr"))
	require.Empty(t, mail.MatchLocale(nil, "en"))
	require.Empty(t, mail.MatchLocale([]string{"en"}, ""))

	chinese := []string{"zh", "zh-Hant"}
	require.Equal(t, "zh-Hant", mail.MatchLocale(chinese, "zh-hant-TW"))
	require.Equal(t, "zh", mail.MatchLocale(chinese, "zh-Hans-CN"))
}

func FuzzLanguages(f *testing.F) {
	for _, seed := range []string{
		"", "en", "da, en-gb;q=0.8", "*;q=0", "en;q=1e9", ",,,;;;q=",
		"zh-Hant-TW-x-private", "pt_BR", "en\r\nX: y", "nl-NL, fr;q=0.8",
	} {
		f.Add(seed)
	}
	locales := []string{"de", "en", "es", "fr", "pt-BR"}
	f.Fuzz(func(t *testing.T, list string) {
		tags := mail.Languages(list)
		require.LessOrEqual(t, len(tags), 16)
		for _, tag := range tags {
			require.Regexp(t, `^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$`, tag)
			require.LessOrEqual(t, len(tag), 35)
		}

		joined := strings.Join(tags, ",")
		require.Equal(t, tags, mail.Languages(joined),
			"a clean list stays as it is")
		found := mail.MatchLocale(locales, list)
		require.Equal(t, found, mail.MatchLocale(locales, joined))
		require.Contains(t, append(locales, ""), found)
	})
}
