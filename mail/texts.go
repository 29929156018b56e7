package mail

import (
	"encoding/json"
	"errors"
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
// built-in texts and adds languages as TemplatesConfig.Files does. Nil adds
// none.
//
// Keys that begin with "mail." are those of the mails, with "page." those of
// the pages of package resethttp. One of these that is not built in is an
// error. direction, minutes, hours and days serve both. Any other key is the
// host's own and comes along. What a language lacks comes from the language
// without its region, or else from English.
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
		if err := validateName(name, builtin, nil); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
	}

	found, err := loadTexts(f)
	if err != nil {
		return nil, err
	}
	languages := make(map[string]map[string]string, len(found))
	for tag, table := range found {
		languages[tag] = table.texts
	}
	return languages, nil
}

// language is a table of texts with what it lacked.
type language struct {
	texts   texts
	missing []string // keys whose texts are English, or another plural form
}

// loadTexts reads locales/*.json. What a file does not have comes from the file
// of the language without its region, or else from the English one. The error
// lists every fault of every file.
func loadTexts(f files) (map[string]language, error) {
	names, err := f.glob("locales/*.json")
	if err != nil {
		return nil, err
	}
	builtin, err := files{}.texts("locales/" + english + ".json")
	if err != nil {
		return nil, err
	}

	var faults []error
	found := make(map[string]texts)
	for _, name := range names {
		table, err := f.texts(name)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		tag := strings.TrimSuffix(path.Base(name), ".json")
		for _, fault := range table.validate(tag, builtin) {
			faults = append(faults, fmt.Errorf("mail: %s: %w", name, fault))
		}
		found[tag] = table
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}

	languages := make(map[string]language)
	for tag, table := range found {
		base, _, _ := strings.Cut(tag, "-")
		whole := maps.Clone(table)
		whole.fallBack(found[base])
		missing := whole.missing(tag, builtin)
		whole.fallBack(found[english])
		languages[tag] = language{whole, missing}
	}
	return languages, nil
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
// first.
func (t texts) validate(tag string, builtin texts) []error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(t)) {
		faults = append(faults, t.validateText(key, tag, builtin)...)
	}

	if dir, found := t["direction"]; found && dir != "ltr" && dir != "rtl" {
		faults = append(faults,
			fmt.Errorf("direction is %q, want ltr or rtl", dir))
	}
	return faults
}

// validateText is validate for one text.
func (t texts) validateText(key, tag string, builtin texts) []error {
	_, known := builtin[key]
	_, form, counted := pluralKey(key)
	if counted && !slices.Contains(formsOf(tag), form) {
		return []error{fmt.Errorf("%s is a plural form that is not known of %s,"+
			" want one of %q", key, tag, formsOf(tag))}
	}
	if !known && !counted {
		if isOurs(key) {
			return []error{fmt.Errorf("%s is not the key of a text", key)}
		}
		return nil // the host's own
	}

	var faults []error
	if strings.TrimSpace(t[key]) == "" {
		faults = append(faults, fmt.Errorf("%s is empty, want a text", key))
	}
	allowed := placeholders(key)
	for _, name := range placeholder.FindAllString(t[key], -1) {
		if !slices.Contains(allowed, name) {
			faults = append(faults, fmt.Errorf("%s has the placeholder %s,"+
				" want one of %q", key, name, allowed))
		}
	}
	return faults
}

// fallBack takes what t does not have from another language, but no plural
// forms where t has any of its own. Its general form stands in for the others.
func (t texts) fallBack(other texts) {
	has := make(map[string]bool)
	for _, unit := range units {
		_, has[unit] = t[unit+"."+pluralOther]
	}
	for key, text := range other {
		unit, _, counted := pluralKey(key)
		if _, found := t[key]; !found && (!counted || !has[unit]) {
			t[key] = text
		}
	}
}

func isOurs(key string) bool {
	return strings.HasPrefix(key, "mail.") || strings.HasPrefix(key, "page.")
}

// missing lists what t does not have, sorted.
func (t texts) missing(tag string, builtin texts) []string {
	var keys []string
	want := func(key string) {
		if _, found := t[key]; !found {
			keys = append(keys, key)
		}
	}

	for key := range builtin {
		if _, _, counted := pluralKey(key); !counted {
			want(key)
		}
	}
	for _, unit := range units {
		for _, form := range formsOf(tag) {
			want(unit + "." + form)
		}
	}
	slices.Sort(keys)
	return keys
}

// units are what is counted in texts. Their keys end in a plural form.
var units = []string{"minutes", "hours", "days"}

// pluralKey splits the key of something that is counted.
func pluralKey(key string) (unit, form string, counted bool) {
	unit, form, _ = strings.Cut(key, ".")
	counted = slices.Contains(units, unit) && slices.Contains(pluralForms, form)
	return unit, form, counted
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

	return []string{
		"{product}", "{support}", "{site}", "{label}",
		"{when}", "{until}", "{lifetime}",
	}
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
		before, rest, opened := strings.Cut(text, "{")
		_, after, closed := strings.Cut(rest, "}")
		if !opened || !closed {
			b.WriteString(text)
			return b.String()
		}

		value := text[len(before) : len(text)-len(after)]
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == value {
				value = pairs[i+1]
				break
			}
		}
		b.WriteString(before)
		b.WriteString(value)
		text = after
	}
}
