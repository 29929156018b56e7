package mail_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

func TestNumbersHaveTheFormsOfTheirLanguage(t *testing.T) {
	t.Parallel()
	const million = 1_000_000
	for tag, want := range map[string]map[int]string{
		"en":    {0: "other", 1: "one", 2: "other", 101: "other", million: "other"},
		"de":    {1: "one", 2: "other"},
		"es":    {0: "other", 1: "one", 2: "other", million: "many"},
		"fr":    {0: "one", 1: "one", 2: "other", 2 * million: "many"},
		"pt-BR": {0: "one", 1: "one", 2: "other", million: "many"},
		"pt-PT": {0: "other", 1: "one", million: "many"},
		"ar": {
			0: "zero", 1: "one", 2: "two", 3: "few", 10: "few", 11: "many",
			99: "many", 100: "other", 102: "other", 103: "few", 111: "many",
		},
		"he": {1: "one", 2: "two", 3: "other", 10: "other", 20: "other"},
		"cs": {1: "one", 2: "few", 4: "few", 5: "other", 22: "other"},
		"pl": {
			1: "one", 2: "few", 5: "many", 12: "many", 22: "few", 21: "many",
		},
		"ru-RU": {
			1: "one", 2: "few", 5: "many", 11: "many", 21: "one", 22: "few",
		},
		"UK": {1: "one", 14: "many", 24: "few"},
		"ja": {0: "other", 1: "other", 2: "other"},
		"":   {1: "one", 2: "other"},
	} {
		for n, form := range want {
			require.Equal(t, form, mail.PluralForm(tag, n), "%s %d", tag, n)
		}
	}
}

// The Go project's tables are of CLDR 32. Since then es, fr, it and pt have
// gained "many" for millions, and he has lost it for tens.
func TestPluralFormsAreThoseOfTheUnicodeTables(t *testing.T) {
	t.Parallel()
	names := map[plural.Form]string{
		plural.Other: "other", plural.Zero: "zero", plural.One: "one",
		plural.Two: "two", plural.Few: "few", plural.Many: "many",
	}
	tags := append(mail.PluralLanguages(), "en", "de", "nl", "sv", "tr")
	require.Greater(t, len(tags), 40)

	for _, tag := range tags {
		for n := range 1001 {
			form := plural.Cardinal.MatchPlural(language.Make(tag), n, 0, 0, 0, 0)
			want := names[form]
			if tag == "he" && want == "many" {
				want = "other"
			}
			require.Equal(t, want, mail.PluralForm(tag, n), "%s %d", tag, n)
		}
	}
}
