package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"slices"
	"strings"
	"text/template"
)

//go:embed templates
var embedded embed.FS

// DefaultLocale is used when neither a mail nor the configuration names a language there are templates for.
const DefaultLocale = "en"

// TemplatesConfig is what [NewTemplates] needs. The zero value is the built-in set with English as the default.
type TemplatesConfig struct {
	// Override replaces built-in files, and adds locales, by name. It is read only by NewTemplates.
	//
	//	blocks.html            blocks of the HTML layout: brand, colours, footer
	//	blocks.txt             blocks of the text layout: footer
	//	layout.html layout.txt the frames of all mails
	//	pl/common.tmpl         sentences and formats that all mails of one locale share
	//	pl/reset.tmpl          the blocks of one mail, used by both layouts
	//	pl/reset.html          a whole HTML part, in place of the layout; likewise reset.txt
	//
	// A file may define only the blocks it changes. A new locale needs common.tmpl and one .tmpl file for every [Kind].
	Override fs.FS

	// DefaultLocale must be one of the locales there are. Empty means [DefaultLocale].
	DefaultLocale string
}

// Templates is the [Renderer] that ships with the module. It is safe for concurrent use.
//
// Templates see every field of [Data] and, computed from them: URL (the address the mail asks to open, empty when there is none), When
// and Until (At and ExpiresAt in the language's own format, with zone), and Valid (the lifetime in words). Two functions are added to the
// standard ones: pick (pick 2 "a" "b" is "b") and mod (mod 7 5 is 2).
//
// The blocks minutes, hours, days and month of common.tmpl are given a number. The block date is given Day, Month (the name), Year, Hour,
// Minute ("05"), Clock ("02:05"), Zone ("UTC" or "UTC+02:00"), Weekday (Sunday is 1), and for short FirstDay and OneOClock, which say that
// Day or Hour is 1.
type Templates struct {
	locales  []*locale // sorted by tag
	tags     []string  // of locales
	fallback *locale
}

// parts is one mail in one language.
type parts struct {
	subject, text *template.Template
	html          *htmltemplate.Template
}

// NewTemplates parses everything and runs it with sample data, so that a broken override fails here, with its file
// and line, and not when a user waits for a mail.
func NewTemplates(cfg TemplatesConfig) (*Templates, error) {
	files, err := newSource(cfg.Override)
	if err != nil {
		return nil, err
	}
	t := &Templates{tags: files.locales}
	for _, tag := range files.locales {
		loc, err := files.parse(tag)
		if err != nil {
			return nil, err
		}
		t.locales = append(t.locales, loc)
	}
	wanted := cfg.DefaultLocale
	if wanted == "" {
		wanted = DefaultLocale
	}
	i := slices.IndexFunc(t.locales, func(loc *locale) bool { return strings.EqualFold(loc.tag, wanted) })
	if i < 0 {
		return nil, errors.New("mail: TemplatesConfig.DefaultLocale names a locale that has no templates")
	}
	t.fallback = t.locales[i]
	if err := t.trial(); err != nil {
		return nil, err
	}
	return t, nil
}

// Locales returns the tags there are templates for, sorted.
func (t *Templates) Locales() []string { return slices.Clone(t.tags) }

// Match returns the locale that Render would use for a list of wanted languages:
// what [MatchLocale] finds, else the default.
func (t *Templates) Match(wanted string) string { return t.match(wanted).tag }

func (t *Templates) match(wanted string) *locale {
	tag := MatchLocale(t.tags, wanted)
	for _, loc := range t.locales {
		if loc.tag == tag {
			return loc
		}
	}
	return t.fallback
}

// Render makes the mail. It refuses data that is missing, has links other than http and https, or holds a link where the
// kind has none; errors name the field and never show its value.
func (t *Templates) Render(data Data) (Content, error) {
	loc := t.match(data.Locale)
	set, known := loc.mails[data.Kind]
	if !known {
		return Content{}, errors.New("mail: Data.Kind is not a kind of mail there is a template for")
	}
	if err := data.check(); err != nil {
		return Content{}, err
	}
	v, err := loc.view(data)
	if err != nil {
		return Content{}, err
	}
	return set.render(v)
}

func (p *parts) render(v *view) (Content, error) {
	// One string holds all three parts: they live and die together.
	var b strings.Builder
	b.Grow(8 << 10)
	if err := p.subject.Execute(&b, v); err != nil {
		return Content{}, fmt.Errorf("mail: %w", err)
	}
	subjectEnd := b.Len()
	if err := p.text.Execute(&b, v); err != nil {
		return Content{}, fmt.Errorf("mail: %w", err)
	}
	textEnd := b.Len()
	if err := p.html.Execute(&b, v); err != nil {
		return Content{}, fmt.Errorf("mail: %w", err)
	}
	all := b.String()
	out := Content{Subject: all[:subjectEnd], Text: all[subjectEnd:textEnd], HTML: all[textEnd:], Locale: v.Locale}
	if out.Subject == "" || !cleanLine(out.Subject) {
		return Content{}, fmt.Errorf("mail: %s/%s.tmpl: subject is empty or more than one line", v.Locale, v.Kind)
	}
	return out, nil
}
