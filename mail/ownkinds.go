package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// allKinds returns the built-in kinds and those of the host's own.
func allKinds(own []Kind) ([]Kind, error) {
	all := BuiltInKinds()
	for i, kind := range own {
		if err := kind.validate(); err != nil {
			return nil, fmt.Errorf("mail: TemplatesConfig.Kinds[%d] %w", i, err)
		}
		if slices.Contains(all, kind) {
			return nil, fmt.Errorf(
				"mail: TemplatesConfig.Kinds[%d] is %q, which is there already",
				i, string(kind),
			)
		}
		all = append(all, kind)
	}
	return all, nil
}

// validate checks a name that becomes part of keys, of file names and of
// events. A few names would make keys that have a meaning already.
func (k Kind) validate() error {
	const longest = 32
	if k == "" || len(k) > longest {
		return fmt.Errorf("has %d characters, want 1 to %d", len(k), longest)
	}
	if strings.ContainsFunc(string(k), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		return errors.New("has characters other than lower-case letters," +
			" digits and hyphens")
	}
	if slices.Contains(units, string(k)) ||
		slices.Contains(
			[]string{"mail", "page", "layout", "blocks"}, string(k),
		) {
		return fmt.Errorf("is %q, which means something else", string(k))
	}
	return nil
}

// keys returns how the keys of the kind's texts begin.
func (k Kind) keys() string {
	if slices.Contains(BuiltInKinds(), k) {
		return "mail." + string(k) + "."
	}
	return string(k) + "."
}

// ownTexts are what a mail of the host's own says.
var ownTexts = []string{
	"subject", "title", "what", "action", "button", "not-you",
}

// validateOwn lists what is wrong with the texts of the host's own kinds in one
// language, after those of other languages have filled its gaps.
func validateOwn(tag string, table texts, own []Kind) error {
	var faults []error
	fault := func(key, format string, args ...any) {
		faults = append(faults, fmt.Errorf("mail: locales/%s.json: %s "+format,
			append([]any{tag, key}, args...)...))
	}

	allowed := placeholders("mail.reset.what")
	for _, kind := range own {
		for _, part := range ownTexts {
			key := kind.keys() + part
			if strings.TrimSpace(table[key]) == "" {
				fault(key, "is missing or empty, want a text")
			}
			for _, name := range placeholder.FindAllString(table[key], -1) {
				if !slices.Contains(allowed, name) {
					fault(key, "has the placeholder %s, want one of %q",
						name, allowed)
				}
			}
		}
	}
	return errors.Join(faults...)
}
