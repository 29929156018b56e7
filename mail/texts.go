package mail

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// english is the language whose file has every text.
const english = "en"

// texts are the sentences of one language by their keys.
type texts map[string]string

// placeholder is what a value goes in place of.
var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// LoadTexts returns the texts of every language by tag and key. host replaces
// built-in texts and adds languages as [TemplatesConfig.Files] does. Nil is the
// built-in ones alone.
//
// Keys that begin with "mail." are those of the mails, with "page." those of
// the pages of package resethttp, and a few serve both. A key with one of these
// beginnings that is not among the built-in ones is an error. Any other is the
// host's own and comes along. What a language does not have is there in the
// language without its region, or else in English.
func LoadTexts(host fs.FS) (map[string]map[string]string, error) {
	f := files{host}
	builtin, err := files{}.glob("locales/*.json")
	if err != nil {
		return nil, err
	}
	names, err := f.glob("locales/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := validateName(name, builtin); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
	}

	found, err := loadTexts(f)
	if err != nil {
		return nil, err
	}
	languages := make(map[string]map[string]string, len(found))
	for tag, table := range found {
		languages[tag] = table
	}
	return languages, nil
}

// loadTexts reads locales/*.json. What a file does not have comes from the file
// of the language without its region, or else from the English one.
func loadTexts(f files) (map[string]texts, error) {
	names, err := f.glob("locales/*.json")
	if err != nil {
		return nil, err
	}
	builtin, err := files{}.texts("locales/" + english + ".json")
	if err != nil {
		return nil, err
	}

	found := make(map[string]texts)
	for _, name := range names {
		table, err := f.texts(name)
		if err != nil {
			return nil, err
		}
		if err := table.validate(builtin); err != nil {
			return nil, fmt.Errorf("mail: %s: %w", name, err)
		}
		found[strings.TrimSuffix(path.Base(name), ".json")] = table
	}

	for tag, table := range found {
		base, _, _ := strings.Cut(tag, "-")
		table.fallBack(found[base])
		table.fallBack(found[english])
	}
	return found, nil
}

// texts reads one file. A host's texts lie over the built-in ones.
func (f files) texts(name string) (texts, error) {
	layers, err := f.read(name)
	if err != nil {
		return nil, err
	}

	table := texts{}
	for _, content := range layers {
		if err := json.Unmarshal([]byte(content), &table); err != nil {
			return nil, fmt.Errorf("mail: %s: %w", name, err)
		}
	}
	return table, nil
}

// validate refuses what would be seen by nobody, or by the readers of a mail
// first. Keys that are neither of the mails nor of the pages may be the host's.
func (t texts) validate(builtin texts) error {
	for _, key := range slices.Sorted(maps.Keys(t)) {
		_, known := builtin[key]
		switch {
		case !known && !isPlural(key) && !isOurs(key):
			continue
		case !known && !isPlural(key):
			return fmt.Errorf("%s is not the key of a text", key)
		case strings.TrimSpace(t[key]) == "":
			return fmt.Errorf("%s is empty, want a text", key)
		}

		allowed := placeholders(key)
		for _, name := range placeholder.FindAllString(t[key], -1) {
			if !slices.Contains(allowed, name) {
				return fmt.Errorf("%s has the placeholder %s, want one of %q",
					key, name, allowed)
			}
		}
	}

	if dir, found := t["direction"]; found && dir != "ltr" && dir != "rtl" {
		return fmt.Errorf("direction is %q, want ltr or rtl", dir)
	}
	return nil
}

// fallBack takes what t does not have from another language.
func (t texts) fallBack(other texts) {
	for key, text := range other {
		if _, found := t[key]; !found && !isPlural(key) {
			t[key] = text
		}
	}
}

func isOurs(key string) bool {
	return strings.HasPrefix(key, "mail.") || strings.HasPrefix(key, "page.")
}

// isPlural reports whether key is a plural form that English does not have.
// Where a language has none of its own, its general form stands in.
func isPlural(key string) bool {
	unit, form, _ := strings.Cut(key, ".")
	return slices.Contains([]string{"minutes", "hours", "days"}, unit) &&
		slices.Contains([]string{"two", "few", "many"}, form)
}

// placeholders returns what a text may have in braces.
func placeholders(key string) []string {
	switch {
	case key == "direction", strings.HasPrefix(key, "mail.month."):
		return nil
	case !isOurs(key), strings.HasPrefix(key, "mail.day."):
		return []string{"{n}"}
	case strings.HasPrefix(key, "page.password."):
		return []string{"{min}", "{max}"}
	case strings.HasPrefix(key, "page."):
		return []string{
			"{product}", "{min}", "{lifetime}", "{wait}", "{sender}", "{n}",
		}
	case strings.HasPrefix(key, "mail.time."):
		return []string{"{clock}", "{hour}", "{minute}"}
	case key == "mail.date":
		return []string{"{day}", "{month}", "{year}", "{time}", "{zone}"}
	case key == "mail.when-with-client":
		return []string{"{when}", "{client}"}
	}
	return []string{"{product}", "{support}", "{when}", "{until}", "{lifetime}"}
}

// fill puts values in place of the placeholders, which are given in pairs with
// them. A value that looks like a placeholder stays as it is.
func fill(text string, pairs ...string) string {
	if !strings.Contains(text, "{") {
		return text
	}

	var b strings.Builder
	b.Grow(2 * len(text))
	for {
		start := strings.IndexByte(text, '{')
		length := strings.IndexByte(text[start+1:], '}') + len("{}")
		if start < 0 || length < len("{}") {
			b.WriteString(text)
			return b.String()
		}

		value := text[start : start+length]
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == value {
				value = pairs[i+1]
				break
			}
		}
		b.WriteString(text[:start])
		b.WriteString(value)
		text = text[start+length:]
	}
}

// Plural returns what the Unicode CLDR calls the form of a word behind a whole
// number above zero, such as "few". A text "days.few" is that form of "days",
// and "days.other" stands in where a language has no such text. Languages that
// the package does not know have "one" and "other".
func Plural(tag string, n int) string {
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	ten, hundred := n%10, n%100
	slavicFew := ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14)

	switch language {
	case "ar":
		switch {
		case n == 2:
			return "two"
		case hundred >= 3 && hundred <= 10:
			return "few"
		case hundred >= 11:
			return "many"
		}
	case "cs", "sk":
		if n >= 2 && n <= 4 {
			return "few"
		}
	case "pl":
		switch {
		case slavicFew:
			return "few"
		case n > 1:
			return "many"
		}
	case "be", "bs", "hr", "ru", "sr", "uk":
		switch {
		case ten == 1 && hundred != 11:
			return "one"
		case slavicFew:
			return "few"
		}
		return "many"
	}

	if n == 1 {
		return "one"
	}
	return "other"
}
