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

// TemplatesConfig configures [Templates]. The zero value is the built-in set
// with English for everybody whose language is not there.
type TemplatesConfig struct {
	// Files replaces built-in files by their names and adds languages. Nil
	// replaces nothing. It is read only by NewTemplates.
	//
	//	locales/pl.json   the texts of one language, all of them or a few
	//	mails/blocks.html brand, colours and footer of the HTML part
	//	mails/blocks.txt  footer of the text part
	//	mails/layout.html the HTML part of every mail; likewise layout.txt
	//	mails/reset.html  the HTML part of one mail; likewise reset.txt
	//
	// A text that a file does not have comes from the file of the language
	// without its region, or else from the English one. The keys of the mails
	// begin with "mail.". Others are those of the pages of package resethttp,
	// so that one file, and one folder, can serve both. Both read direction,
	// minutes, hours and days. A language with more than two plural forms has
	// days.few and the like, as the Unicode CLDR names them. A file of blocks
	// may define only those that it changes.
	Files fs.FS

	// Locale is the language for those whose own is not there. Empty means
	// "en".
	Locale string
}

// Templates is the [Renderer] that ships with the module. It is safe for
// concurrent use.
//
// The templates see every field of [Data]. They also see Direction ("ltr" or
// "rtl"), URL (the address that the mail asks to open, which may be empty), and
// When, Until and Valid (the two times and the lifetime in words). The
// sentences are Title, What, Action, Button, Copy, Expiry, NotYou, Contact and
// Sender. Expiry is empty without a link, and Contact without a Support
// address.
type Templates struct {
	tags     []string           // of locales, sorted
	locales  map[string]*locale // by their tags
	fallback string             // the tag for everybody else
	mails    map[Kind]*parts
}

// NewTemplates parses everything and runs it with sample data, so that a broken
// file fails here, with its name and line, and not when a user waits for a
// mail.
func NewTemplates(cfg TemplatesConfig) (*Templates, error) {
	f := files{cfg.Files}
	if err := f.validate(); err != nil {
		return nil, err
	}

	languages, err := loadTexts(f)
	if err != nil {
		return nil, err
	}
	t := &Templates{
		tags:    slices.Sorted(maps.Keys(languages)),
		locales: make(map[string]*locale),
		mails:   make(map[Kind]*parts),
	}
	for tag, texts := range languages {
		t.locales[tag] = &locale{tag, texts}
	}

	t.fallback = cmp.Or(cfg.Locale, english)
	i := slices.IndexFunc(t.tags, func(tag string) bool {
		return strings.EqualFold(tag, t.fallback)
	})
	if i < 0 {
		return nil, fmt.Errorf("mail: TemplatesConfig.Locale is %q,"+
			" want one of %q", t.fallback, t.tags)
	}
	t.fallback = t.tags[i]

	for _, kind := range Kinds() {
		if t.mails[kind], err = f.parse(kind); err != nil {
			return nil, err
		}
	}
	if err := t.tryAll(); err != nil {
		return nil, err
	}
	return t, nil
}

// Locales returns the tags there are texts for, sorted.
func (t *Templates) Locales() []string { return slices.Clone(t.tags) }

// match returns the locale for a list of wanted languages.
func (t *Templates) match(wanted string) string {
	return cmp.Or(MatchLocale(t.tags, wanted), t.fallback)
}

// Render writes the mail. It sets Kind, Locale, Subject, Text and HTML of the
// message, and nothing else. It refuses data that is missing, has links other
// than http and https, or holds a link where the kind has none. Errors name the
// field and never show its value.
func (t *Templates) Render(data Data) (Message, error) {
	set, known := t.mails[data.Kind]
	if !known {
		return Message{},
			errors.New("mail: Data.Kind is unknown, want one of Kinds")
	}
	if err := data.validate(); err != nil {
		return Message{}, err
	}

	v := t.locales[t.match(data.Locale)].view(data)
	if v.subject == "" || !cleanLine(v.subject) {
		return Message{},
			fmt.Errorf("mail: locales/%s.json: mail.%s.subject is"+
				" empty or more than one line, want one line", v.Locale, v.Kind)
	}
	return set.render(v)
}
