package mail

import (
	"io"
	"maps"
	"slices"
)

// Bare returns functions that execute the text and the HTML template of one
// mail alone, with everything worked out beforehand. Any renderer on these
// packages does at least that.
func (t *Templates) Bare(data Data) (text, html func(w io.Writer) error) {
	v := t.locales[t.match(data.Locale)].view(data, t.brand)
	set := t.mails[data.Kind]
	text = func(w io.Writer) error { return set.text.Execute(w, v) }
	html = func(w io.Writer) error { return set.html.Execute(w, v) }
	return text, html
}

// PluralLanguages are those that have rules of their own.
func PluralLanguages() []string {
	return slices.Collect(maps.Keys(pluralRules))
}

// Contrast is the contrast ratio of two colours.
func Contrast(a, b string) float64 { return contrast(a, b) }
