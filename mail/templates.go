package mail

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// TemplatesConfig configures Templates. The zero value is the built-in set.
type TemplatesConfig struct {
	// Files replaces built-in files by their names and adds languages. It is
	// read by NewTemplates alone.
	//
	//	locales/pl.json    the texts of one language, all of them or a few
	//	mails/blocks.html  top and footer of the HTML part, or one of them
	//	mails/blocks.txt   footer of the text part
	//	mails/layout.html  the HTML part of every mail; likewise layout.txt
	//	mails/reset.html   the HTML part of one kind; likewise reset.txt
	//
	// One folder can serve the mails and the pages of package resethttp, see
	// [LoadTexts]. A language with more than two plural forms has days.few and
	// the like, see [PluralForm].
	Files fs.FS

	// Kinds adds kinds of mail of the host's own, such as "verify-email", each
	// with a Link. Package reset mails them for a purpose of the same name. A
	// kind has 1 to 32 lower-case letters, digits and hyphens. Its texts stand
	// in Files under its own name, in the English file at least:
	//
	//	"verify-email.subject": "Confirm your address for {product}",
	//	"verify-email.title":   "Confirm your address",
	//	"verify-email.what":    "On {when}, this address was given to us.",
	//	"verify-email.action":  "To confirm that it is yours, open this link:",
	//	"verify-email.button":  "Confirm the address",
	//	"verify-email.not-you": "If this was not you, ignore this message."
	//
	// Placeholders are {product}, {support}, {site}, {label}, {when}, {until}
	// and {lifetime}.
	Kinds []Kind

	// Brand is the look of the HTML parts.
	Brand Brand

	// Locale is the language for those whose own is not there. It is one of
	// Files, or of "de", "en", "es", "fr" and "pt-BR", which are built in.
	// Empty means "en".
	Locale string
}

// Templates is the Renderer that ships with the module. It is safe for
// concurrent use. Its templates see the fields of Data, and these:
//
//	Direction                    "ltr" or "rtl"
//	URL                          what the mail asks to open, or ""
//	When, Until, Valid           At, ExpiresAt and Lifetime in words
//	Preheader, Title, What,      sentences
//	Action, Button, NotYou,
//	Copy, Sender
//	Account                      empty without a Label
//	Expiry                       empty without a Link
//	Dispute, DisputeButton       empty without a DisputeLink
//	Contact                      names Support, or see NoContact
//	ContactBefore, ContactAfter  what stands around the address in Contact
//	Mailto                       the address as a mailto URL wants it
//	Wordmark, Initial, Logo,     of the Brand
//	LogoAlt, LogoWidth,
//	LogoHeight
//
// An HTML file can also have {{accent}}, {{accentText}}, {{accentDark}},
// {{accentDarkText}}, {{font}} and {{radius}}, which are put in place after the
// template has run, and so are no part of an action.
type Templates struct {
	brand  Brand // resolved
	styles []style
	parsed
}

// parsed is what Templates of different brands have in common.
type parsed struct {
	tags     []string           // of locales, sorted
	locales  map[string]*locale // by their tags
	fallback string             // the tag for everybody else
	kinds    []Kind             // in order, the host's own last
	mails    map[Kind]parts
}

// NewTemplates parses everything and runs it with sample data, so that a broken
// file fails here, with its name and line.
func NewTemplates(cfg TemplatesConfig) (*Templates, error) {
	kinds, err := allKinds(cfg.Kinds)
	if err != nil {
		return nil, err
	}
	f := files{cfg.Files}
	languages, err := loadTexts(f)
	if err := errors.Join(f.validate(kinds), err); err != nil {
		return nil, err
	}

	p := parsed{
		tags:    slices.Sorted(maps.Keys(languages)),
		locales: make(map[string]*locale),
		kinds:   kinds,
	}
	for tag, found := range languages {
		p.locales[tag] = &locale{tag, found.texts, found.missing}
	}
	// English comes first, since what it lacks every language lacks.
	for _, tag := range append([]string{english}, p.tags...) {
		err := validateOwn(tag, languages[tag].texts, cfg.Kinds)
		if err != nil {
			return nil, err
		}
	}

	p.fallback = cmp.Or(cfg.Locale, english)
	i := slices.IndexFunc(p.tags, func(tag string) bool {
		return strings.EqualFold(tag, p.fallback)
	})
	if i < 0 {
		return nil, fmt.Errorf("mail: TemplatesConfig.Locale is %q,"+
			" want one of %q", p.fallback, p.tags)
	}
	p.fallback = p.tags[i]

	if p.mails, err = f.parse(kinds); err != nil {
		return nil, err
	}
	return p.branded(cfg.Brand, p.tags)
}

// WithBrand returns Templates with another look, for one more site of the same
// program. They share what t has parsed: they take about 2 KiB, where another
// NewTemplates takes 150.
func (t *Templates) WithBrand(brand Brand) (*Templates, error) {
	return t.branded(brand, []string{t.fallback})
}

// branded returns Templates that have written each mail in these languages.
func (p parsed) branded(brand Brand, tags []string) (*Templates, error) {
	brand, err := brand.Resolve()
	if err != nil {
		return nil, err
	}

	t := &Templates{brand, brand.styles(), p}
	if err := t.try(tags); err != nil {
		return nil, err
	}
	return t, nil
}

// Locales returns the tags of all languages, sorted.
func (t *Templates) Locales() []string { return slices.Clone(t.tags) }

// Kinds returns the built-in kinds and behind them those of the host's own.
func (t *Templates) Kinds() []Kind { return slices.Clone(t.kinds) }

// Missing lists the keys of mail texts that the files of a locale, and of its
// language, do not have, sorted. English, or another plural form, stands in. It
// is nil for an unknown locale.
func (t *Templates) Missing(locale string) []string {
	found, known := t.locales[locale]
	if !known {
		return nil
	}

	missing := slices.Clone(found.missing)
	return slices.DeleteFunc(missing, func(key string) bool {
		return strings.HasPrefix(key, "page.")
	})
}

// match returns the locale for a list of wanted languages.
func (t *Templates) match(wanted string) string {
	return cmp.Or(MatchLocale(t.tags, wanted), t.fallback)
}

// Render writes the mail. It refuses data that is missing, has links other than
// http and https, or holds a link where the kind has none. Errors name the
// field and never show its value.
func (t *Templates) Render(data Data) (Message, error) {
	set, known := t.mails[data.Kind]
	if !known {
		return Message{},
			errors.New("mail: Data.Kind is unknown, want one of BuiltInKinds" +
				" or TemplatesConfig.Kinds")
	}
	if err := data.validate(); err != nil {
		return Message{}, err
	}

	v := t.locales[t.match(data.Locale)].view(data, t.brand)
	if v.subject == "" || !cleanLine(v.subject) {
		return Message{},
			fmt.Errorf("mail: locales/%s.json: %ssubject is empty or more"+
				" than one line, want one line", v.Locale, v.Kind.keys())
	}
	return set.render(v, t.styles)
}
