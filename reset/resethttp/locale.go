package resethttp

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
)

// texts is one locale: the sentences of the pages by their names.
type texts map[string]string

// locales holds the tables by their tags in lower case.
type locales struct {
	tables map[string]texts
	// tags holds the tag as it is written, by the same in lower case.
	tags map[string]string
	// sorted holds the tags as they are written.
	sorted []string
	// first is the locale for visitors whose languages are not there.
	first string
}

const englishTag = "en"

// loadLocales reads locales/*.json. A table of the override is laid over the
// embedded one of the same name, so that it may hold a single sentence. One of
// a new language has to be complete.
func loadLocales(files overlay, first string) (locales, error) {
	found := locales{
		tables: map[string]texts{},
		tags:   map[string]string{},
		first:  strings.ToLower(first),
	}
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
		if !slices.Equal(mail.Languages(tag), []string{tag}) {
			return locales{}, fmt.Errorf(
				"resethttp: %s is not named for a language tag", name,
			)
		}
		found.tables[strings.ToLower(tag)] = table
		found.tags[strings.ToLower(tag)] = tag
	}

	found.sorted = slices.Sorted(maps.Values(found.tags))
	for _, tag := range slices.Sorted(maps.Keys(found.tables)) {
		table := found.tables[tag]
		for _, name := range slices.Sorted(maps.Keys(found.tables[englishTag])) {
			if table[name] == "" {
				return locales{}, fmt.Errorf(
					"resethttp: locales/%s.json has no text %q",
					found.tags[tag], name,
				)
			}
		}
		if direction := table["direction"]; direction != "ltr" && direction != "rtl" {
			return locales{}, fmt.Errorf(
				"resethttp: locales/%s.json: direction is neither ltr nor rtl",
				found.tags[tag],
			)
		}
	}

	if found.tables[found.first] == nil {
		return locales{}, fmt.Errorf(
			"resethttp: Config.Locale is not one of the locales",
		)
	}
	return found, nil
}

// match picks the table for a list of the languages that a visitor reads.
func (l locales) match(wanted string) (tag string, table texts) {
	tag = mail.MatchLocale(l.sorted, wanted)
	if tag == "" {
		tag = l.tags[l.first]
	}
	return tag, l.tables[strings.ToLower(tag)]
}
