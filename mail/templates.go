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
	// Files replaces built-in files by their names and adds languages. Nil
	// replaces nothing. It is read only by NewTemplates.
	//
	//	locales/pl.json   the texts of one language, all of them or a few
	//	mails/blocks.html top and footer of the HTML part
	//	mails/blocks.txt  footer of the text part
	//	mails/layout.html the HTML part of every mail; likewise layout.txt
	//	mails/reset.html  the HTML part of one mail; likewise reset.txt, and
	//	                  those of Kinds
	//
	// Keys of texts, and what stands in for missing ones, are as in
	// [LoadTexts], so that one folder can serve the mails and the pages. Both
	// read direction, minutes, hours and days. A language with more than two
	// plural forms has days.few and the like, see [PluralForm]. A file of
	// blocks may define only those that it changes.
	Files fs.FS

	// Kinds are kinds of mail of the host's own, such as "verify-email", each
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
	// Placeholders are those of mail.reset.what and the like: {product},
	// {support}, {site}, {label}, {when}, {until} and {lifetime}.
	Kinds []Kind

	// Brand is the look of the HTML parts.
	Brand Brand

	// Locale is the language for those whose own is not there. It is one of
	// Files, or of "de", "en", "es", "fr" and "pt-BR", which are built in.
	// Empty means "en".
	Locale string
}

// Templates is the Renderer that ships with the module. It is safe for
// concurrent use.
//
// The templates see every field of Data. They also see Direction ("ltr" or
// "rtl"), URL (the address that the mail asks to open, which may be empty), and
// When, Until and Valid (the two times and the lifetime in words). The
// sentences are Preheader, Title, What, Account, Action, Button, Expiry,
// Dispute, DisputeButton, NotYou, Contact, Copy and Sender. Account is empty
// without a Label, Expiry without a link, Dispute and DisputeButton without a
// DisputeLink. Contact is empty without a Support address, but for a
// KindPasswordChanged, where it names Site. ContactBefore and ContactAfter are
// what stands around the address in Contact, and Mailto is the address as a
// mailto URL wants it.
//
// Of the Brand they see Wordmark, Initial, Logo, LogoAlt, LogoWidth and
// LogoHeight. An HTML file can also have {{accent}}, {{accentText}},
// {{accentDark}}, {{accentDarkText}}, {{font}} and {{radius}}, which are put in
// place after the template has run, and so are no part of an action.
type Templates struct {
	brand  Brand // resolved
	styles *strings.Replacer
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
// program. They share what t has parsed, and so take about 2 KiB, where another
// NewTemplates takes 150. The error names the field of the brand, or the file,
// that is at fault.
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

// Locales returns the tags there are texts for, sorted.
func (t *Templates) Locales() []string { return slices.Clone(t.tags) }

// Kinds returns the kinds of mail there are, those of the host's own last.
func (t *Templates) Kinds() []Kind { return slices.Clone(t.kinds) }

// Missing lists the keys of the texts of the mails that the files of a locale,
// and of its language, do not have, sorted. They come from the English file, or
// from another plural form. It is nil for a locale that there is not.
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

// Render writes the mail. It sets Kind, Locale, Subject, Text and HTML of the
// message. It refuses data that is missing, has links other than http and
// https, or holds a link where the kind has none. Errors name the field and
// never show its value.
func (t *Templates) Render(data Data) (Message, error) {
	set, known := t.mails[data.Kind]
	if !known {
		return Message{},
			errors.New("mail: Data.Kind is unknown, want one of Kinds or" +
				" TemplatesConfig.Kinds")
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
