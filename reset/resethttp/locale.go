package resethttp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// texts is one locale: the sentences of the pages by their names.
type texts map[string]string

// locales holds the tables by their tags in lower case.
type locales struct {
	tables map[string]texts
	tags   map[string]string // the tag as it is written, by the same in lower case
	first  string            // the locale for visitors whose languages are not there
}

const englishTag = "en"

// loadLocales reads locales/*.json. A table of the override is laid over the embedded one of the same name, so that it may hold a
// single sentence; one of a new language has to be complete.
func loadLocales(files overlay, first string) (locales, error) {
	found := locales{tables: map[string]texts{}, tags: map[string]string{}, first: strings.ToLower(first)}
	names, err := files.glob("locales/*.json")
	if err != nil {
		return locales{}, err
	}
	for _, name := range names {
		table := texts{}
		for _, layer := range files.layers(name) {
			body, err := fs.ReadFile(layer, name)
			if err != nil {
				return locales{}, fmt.Errorf("resethttp: read %s: %w", name, err)
			}
			if err := json.Unmarshal(body, &table); err != nil {
				return locales{}, fmt.Errorf("resethttp: read %s: %w", name, err)
			}
		}
		tag := strings.TrimSuffix(path.Base(name), ".json")
		if !isTag(tag) {
			return locales{}, fmt.Errorf("resethttp: %s is not named for a language tag", name)
		}
		found.tables[strings.ToLower(tag)] = table
		found.tags[strings.ToLower(tag)] = tag
	}
	for _, tag := range slices.Sorted(maps.Keys(found.tables)) {
		table := found.tables[tag]
		for _, name := range slices.Sorted(maps.Keys(found.tables[englishTag])) {
			if table[name] == "" {
				return locales{}, fmt.Errorf("resethttp: locales/%s.json has no text %q", found.tags[tag], name)
			}
		}
		if direction := table["direction"]; direction != "ltr" && direction != "rtl" {
			return locales{}, fmt.Errorf("resethttp: locales/%s.json: direction is neither ltr nor rtl", found.tags[tag])
		}
	}
	if found.tables[found.first] == nil {
		return locales{}, fmt.Errorf("resethttp: Config.Locale is not one of the locales")
	}
	return found, nil
}

// match picks the table for the languages a visitor reads, best first: the exact tag, then the base language, then any table of
// that language, then the default.
func (l locales) match(wanted []string) (tag string, table texts) {
	for _, tag := range wanted {
		tag = strings.ToLower(tag)
		base, _, _ := strings.Cut(tag, "-")
		for _, try := range []string{tag, base, l.anyOf(base)} {
			if table := l.tables[try]; table != nil {
				return l.tags[try], table
			}
		}
	}
	return l.tags[l.first], l.tables[l.first]
}

func (l locales) anyOf(base string) string {
	best := ""
	for tag := range l.tables {
		if strings.HasPrefix(tag, base+"-") && (best == "" || tag < best) {
			best = tag
		}
	}
	return best
}

// acceptLanguage reads the language tags of an Accept-Language header (RFC 9110 section 12.5.4), best first. What does not look like
// a tag is left out, so that the result can go into a mail job.
func acceptLanguage(header string) []string {
	type choice struct {
		tag    string
		weight float64
	}
	var choices []choice
	// Browsers send a handful of languages; the bounds are for somebody trying.
	for part := range strings.SplitSeq(header[:min(len(header), 512)], ",") {
		if len(choices) == 16 {
			break
		}
		tag, params, _ := strings.Cut(part, ";")
		tag = strings.TrimSpace(tag)
		if !isTag(tag) {
			continue
		}
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			parsed, err := strconv.ParseFloat(q, 64)
			if err != nil || !(parsed > 0 && parsed <= 1) {
				continue
			}
			weight = parsed
		}
		choices = append(choices, choice{tag, weight})
	}
	slices.SortStableFunc(choices, func(a, b choice) int { return cmp.Compare(b.weight, a.weight) })
	tags := make([]string, len(choices))
	for i, c := range choices {
		tags[i] = c.tag
	}
	return tags
}

// isTag says whether text has the shape of a language tag: letters and digits in parts of at most eight (RFC 5646 section 2.1).
func isTag(text string) bool {
	if len(text) < 2 || len(text) > 35 {
		return false
	}
	for part := range strings.SplitSeq(text, "-") {
		if len(part) == 0 || len(part) > 8 {
			return false
		}
		for i := range len(part) {
			c := part[i] | 0x20
			if (c < 'a' || c > 'z') && (part[i] < '0' || part[i] > '9') {
				return false
			}
		}
	}
	return true
}
