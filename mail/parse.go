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

// parse reads the two templates of one mail.
func (f files) parse(kind Kind, brand Brand) (*parts, error) {
	set := &parts{
		text: template.New("text").Option("missingkey=error"),
		html: htmltemplate.New("html").Option("missingkey=error"),
	}
	err := f.part(kind, ".txt", func(name, content string) (err error) {
		set.text, err = set.text.New(name).Parse(content)
		return err
	})
	if err != nil {
		return nil, err
	}

	styles := brand.styles()
	err = f.part(kind, ".html", func(name, content string) (err error) {
		set.html, err = set.html.New(name).Parse(styles.Replace(content))
		return err
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// adder parses one file into a template.
type adder func(name, content string) error

// part reads the blocks of a template, the host's last so that they win, and
// what stands around them.
func (f files) part(kind Kind, ext string, add adder) error {
	blocks, err := f.read("mails/blocks" + ext)
	if err != nil {
		return err
	}
	for _, content := range blocks {
		if err := add("mails/blocks"+ext, content); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}

	name := "mails/" + string(kind) + ext
	frames, err := f.read(name)
	if err == nil && len(frames) == 0 {
		name = "mails/layout" + ext
		frames, err = f.read(name)
	}
	if err != nil {
		return err
	}
	if err := add(name, frames[len(frames)-1]); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// render executes both templates.
func (p *parts) render(v *view) (Message, error) {
	// One string holds both parts, because they live and die together.
	var b strings.Builder
	b.Grow(8 << 10)
	if err := p.text.Execute(&b, v); err != nil {
		return Message{}, fmt.Errorf("mail: %w", err)
	}
	textEnd := b.Len()
	if err := p.html.Execute(&b, v); err != nil {
		return Message{}, fmt.Errorf("mail: %w", err)
	}

	both := b.String()
	return Message{
		Kind:    v.Kind,
		Locale:  v.Locale,
		Subject: v.subject,
		Text:    both[:textEnd],
		HTML:    both[textEnd:],
	}, nil
}
