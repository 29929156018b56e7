package mail

import "io"

// Bare returns functions that execute the text and the HTML template of one mail alone, with everything worked out
// beforehand: what any renderer on these packages must at least do.
func (t *Templates) Bare(data Data) (text, html func(w io.Writer) error, err error) {
	loc := t.match(data.Locale)
	v, err := loc.view(data)
	if err != nil {
		return nil, nil, err
	}
	set := loc.mails[data.Kind]
	return func(w io.Writer) error { return set.text.Execute(w, v) }, func(w io.Writer) error { return set.html.Execute(w, v) }, nil
}
