package mail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Browsers name a handful of languages. These bounds are for those who try.
const (
	maxLanguageList = 1 << 10
	maxLanguages    = 16
)

// Languages reads the language tags of an Accept-Language header (RFC 9110,
// section 12.5.4), or one tag, the most wanted first. "pt_BR" is read as pt-BR.
//
// It leaves out what does not have the shape of a tag, or has the weight 0, and
// whatever comes after the first kilobyte or 16 tags. So the tags hold letters,
// digits and hyphens only and can go into a job or a log. Whether a language
// exists is not checked.
func Languages(list string) []string {
	if len(list) > maxLanguageList {
		list = list[:maxLanguageList]
		list = list[:max(0, strings.LastIndexByte(list, ','))]
	}

	type choice struct {
		tag    string
		weight float64
	}
	var choices []choice
	for part := range strings.SplitSeq(list, ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag = strings.ReplaceAll(strings.TrimSpace(tag), "_", "-")
		weight, ok := languageWeight(params)
		if !ok || !isLanguageTag(tag) {
			continue
		}
		choices = append(choices, choice{tag, weight})
		if len(choices) == maxLanguages {
			break
		}
	}

	slices.SortStableFunc(choices, func(a, b choice) int {
		return cmp.Compare(b.weight, a.weight)
	})
	tags := make([]string, len(choices))
	for i, c := range choices {
		tags[i] = c.tag
	}
	return tags
}

// languageWeight reads "q=0.5". ok is false for a language that is not wanted.
func languageWeight(params string) (weight float64, ok bool) {
	params = strings.ToLower(strings.TrimSpace(params))
	q, found := strings.CutPrefix(params, "q=")
	if !found {
		return 1, true
	}
	weight, err := strconv.ParseFloat(q, 64)
	return weight, err == nil && weight > 0 && weight <= 1
}

// isLanguageTag says whether text has the shape of a language tag: letters and
// digits in parts of at most eight (RFC 5646 section 2.1), 35 characters in all
// (section 4.4.1).
func isLanguageTag(text string) bool {
	if len(text) < 2 || len(text) > 35 {
		return false
	}
	for part := range strings.SplitSeq(text, "-") {
		notAlnum := func(r rune) bool { return !isAlnum(r) }
		if part == "" || len(part) > 8 || strings.ContainsFunc(part, notAlnum) {
			return false
		}
	}
	return true
}

// MatchLocale returns the locale that suits a reader best, or "". wanted is a
// list as [Languages] reads it. Its first language for which there is a locale
// decides: the same tag whatever its case, else a shorter one (de-AT finds de),
// else the first of the same language (pt-PT finds pt-BR).
func MatchLocale(locales []string, wanted string) string {
	if slices.Contains(locales, wanted) {
		return wanted
	}
	for _, tag := range Languages(wanted) {
		if found := matchTag(locales, tag); found != "" {
			return found
		}
	}
	return ""
}

func matchTag(locales []string, wanted string) string {
	for prefix := wanted; prefix != ""; {
		for _, locale := range locales {
			if strings.EqualFold(locale, prefix) {
				return locale
			}
		}
		prefix = prefix[:max(0, strings.LastIndexByte(prefix, '-'))]
	}

	language, _, _ := strings.Cut(wanted, "-")
	for _, locale := range locales {
		other, _, _ := strings.Cut(locale, "-")
		if strings.EqualFold(other, language) {
			return locale
		}
	}
	return ""
}
