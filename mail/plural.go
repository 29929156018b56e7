package mail

import (
	"slices"
	"strings"
)

// pluralOther is the form of every number that no rule of its language names.
const pluralOther = "other"

// pluralForms are all that the Unicode CLDR knows.
var pluralForms = []string{"zero", "one", "two", "few", "many", pluralOther}

// pluralRule says which whole numbers have a form.
type pluralRule struct {
	form string
	of   func(n int) bool
}

// The rules that several languages share. They are those of CLDR 46 for whole
// numbers.
var (
	onlyOther = []pluralRule{}
	oneOther  = []pluralRule{{"one", among(1, 1)}}
	zeroIsOne = []pluralRule{{"one", among(0, 1)}}
	romance   = []pluralRule{{"one", among(1, 1)}, {"many", millions}}
	french    = []pluralRule{{"one", among(0, 1)}, {"many", millions}}
	czech     = []pluralRule{{"one", among(1, 1)}, {"few", among(2, 4)}}
	serbian   = []pluralRule{{"one", endsInOne}, {"few", slavicFew}}
	russian   = []pluralRule{
		{"one", endsInOne}, {"few", slavicFew}, {"many", always},
	}
)

// pluralRules are the languages that differ from English. The first rule that
// fits gives the form.
var pluralRules = map[string][]pluralRule{
	"id": onlyOther, "ja": onlyOther, "ko": onlyOther, "lo": onlyOther,
	"ms": onlyOther, "my": onlyOther, "th": onlyOther, "vi": onlyOther,
	"zh": onlyOther,

	"am": zeroIsOne, "bn": zeroIsOne, "fa": zeroIsOne, "gu": zeroIsOne,
	"hi": zeroIsOne, "hy": zeroIsOne, "pa": zeroIsOne, "zu": zeroIsOne,

	"ca": romance, "es": romance, "it": romance, "pt-pt": romance,
	"fr": french, "pt": french,

	"cs": czech, "sk": czech,
	"bs": serbian, "hr": serbian, "sr": serbian,
	"be": russian, "ru": russian, "uk": russian,
	"is": {{"one", endsInOne}},

	"ar": {
		{"zero", among(0, 0)},
		{"one", among(1, 1)},
		{"two", among(2, 2)},
		{"few", endsIn(100, 3, 10)},
		{"many", endsIn(100, 11, 99)},
	},
	"cy": {
		{"zero", among(0, 0)},
		{"one", among(1, 1)},
		{"two", among(2, 2)},
		{"few", among(3, 3)},
		{"many", among(6, 6)},
	},
	"ga": {
		{"one", among(1, 1)},
		{"two", among(2, 2)},
		{"few", among(3, 6)},
		{"many", among(7, 10)},
	},
	"he": {{"one", among(1, 1)}, {"two", among(2, 2)}},
	"lt": {
		{pluralOther, endsIn(100, 11, 19)},
		{"one", endsIn(10, 1, 1)},
		{"few", endsIn(10, 2, 9)},
	},
	"lv": {
		{"zero", endsIn(100, 11, 19)},
		{"zero", endsIn(10, 0, 0)},
		{"one", endsIn(10, 1, 1)},
	},
	"pl": {{"one", among(1, 1)}, {"few", slavicFew}, {"many", always}},
	"ro": {
		{"one", among(1, 1)}, {"few", among(0, 0)}, {"few", endsIn(100, 1, 19)},
	},
	"sl": {
		{"one", endsIn(100, 1, 1)},
		{"two", endsIn(100, 2, 2)},
		{"few", endsIn(100, 3, 4)},
	},
}

func among(from, to int) func(n int) bool {
	return func(n int) bool { return from <= n && n <= to }
}

func endsIn(modulus, from, to int) func(n int) bool {
	return func(n int) bool { return from <= n%modulus && n%modulus <= to }
}

func always(int) bool      { return true }
func endsInOne(n int) bool { return n%10 == 1 && n%100 != 11 }
func millions(n int) bool  { return n != 0 && n%1_000_000 == 0 }

func slavicFew(n int) bool {
	return n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14)
}

func rulesOf(locale string) []pluralRule {
	locale = strings.ToLower(locale)
	if rules, found := pluralRules[locale]; found {
		return rules
	}
	language, _, _ := strings.Cut(locale, "-")
	if rules, found := pluralRules[language]; found {
		return rules
	}
	return oneOther
}

// PluralForm returns the form of a word behind a whole number from zero up, as
// the Unicode CLDR has it: "zero", "one", "two", "few", "many" or "other".
// Texts have it at the end of a key, as in "days.few". A language whose rule is
// not known has the forms of English.
func PluralForm(locale string, n int) string {
	for _, rule := range rulesOf(locale) {
		if rule.of(n) {
			return rule.form
		}
	}
	return pluralOther
}

// formsOf returns the forms that a language has.
func formsOf(locale string) []string {
	used := []string{pluralOther}
	for _, rule := range rulesOf(locale) {
		used = append(used, rule.form)
	}
	// The rules of Polish and of Russian leave nothing for "other", which is
	// for fractions there. It is asked for all the same, to stand in for the
	// rest.
	return slices.DeleteFunc(slices.Clone(pluralForms), func(form string) bool {
		return !slices.Contains(used, form)
	})
}
