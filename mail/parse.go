package mail

import (
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
)

// parts is one mail in every language.
type parts struct {
	text *template.Template
	html *htmltemplate.Template
}

// parse reads the templates of all kinds. Kinds without files of their own have
// theirs in common.
func (f files) parse(kinds []Kind) (map[Kind]parts, error) {
	mails := make(map[Kind]parts)
	texts := make(map[string]*template.Template) // by the names of files
	htmls := make(map[string]*htmltemplate.Template)

	for _, kind := range kinds {
		name, sources, err := f.sources(kind, ".txt")
		if err != nil {
			return nil, err
		}
		if texts[name] == nil {
			if texts[name], err = parseText(sources); err != nil {
				return nil, err
			}
		}
		text := texts[name]

		name, sources, err = f.sources(kind, ".html")
		if err != nil {
			return nil, err
		}
		if htmls[name] == nil {
			if htmls[name], err = parseHTML(sources); err != nil {
				return nil, err
			}
		}
		mails[kind] = parts{text, htmls[name]}
	}
	return mails, nil
}

// source is one file of a template.
type source struct{ name, content string }

// sources returns the blocks of a template, the host's last so that they win,
// and behind them what stands around them, with its name.
func (f files) sources(
	kind Kind, ext string,
) (name string, all []source, err error) {
	blocks, err := f.read("mails/blocks" + ext)
	if err != nil {
		return "", nil, err
	}
	for _, content := range blocks {
		all = append(all, source{"mails/blocks" + ext, content})
	}

	name = "mails/" + string(kind) + ext
	frames, err := f.read(name)
	if err == nil && len(frames) == 0 {
		name = "mails/layout" + ext
		frames, err = f.read(name)
	}
	if err != nil {
		return "", nil, err
	}
	return name, append(all, source{name, frames[len(frames)-1]}), nil
}

func parseText(sources []source) (t *template.Template, err error) {
	t = template.New("text").Option("missingkey=error")
	for _, s := range sources {
		if t, err = t.New(s.name).Parse(s.content); err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
	}
	return t, nil
}

func parseHTML(sources []source) (t *htmltemplate.Template, err error) {
	t = htmltemplate.New("html").Option("missingkey=error")
	for _, s := range sources {
		t, err = t.New(s.name).Parse(markStyles(s.content))
		if err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
	}
	return t, nil
}

// render executes both templates and puts the values of styles into the second.
func (p parts) render(v *view, styles []style) (Message, error) {
	// One string holds both parts, because they live and die together.
	var both strings.Builder
	both.Grow(8 << 10)
	if err := p.text.Execute(&both, v); err != nil {
		return Message{}, fmt.Errorf("mail: %w", err)
	}

	textEnd := both.Len()
	if err := p.html.Execute(&styleWriter{&both, styles}, v); err != nil {
		return Message{}, fmt.Errorf("mail: %w", err)
	}

	return Message{
		Kind:    v.Kind,
		Locale:  v.Locale,
		Subject: v.subject,
		Text:    both.String()[:textEnd],
		HTML:    both.String()[textEnd:],
	}, nil
}
