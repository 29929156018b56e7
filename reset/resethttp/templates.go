package resethttp

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"
)

// These are the names of the pages, each of which is a template.
const (
	pageForgot   = "forgot"
	pageSent     = "sent"
	pageReset    = "reset"
	pageDone     = "done"
	pageRejected = "rejected"
	pageProblem  = "problem"
	pageDispute  = "dispute"
	pageLocked   = "locked"
)

// pageNames are the names of all pages, and pageParts of what they share.
var (
	pageNames = []string{
		pageForgot, pageSent, pageReset, pageDone, pageRejected, pageProblem,
		pageDispute, pageLocked,
	}
	pageParts = []string{"layout", "frame"}
)

// Templates are files and languages parsed once for several sites, which saves
// memory. They are safe for concurrent use.
type Templates struct {
	files     files
	pages     map[string]*template.Template
	languages languages
	style     string
	script    string
	// countdowns are those of the languages by their tags.
	countdowns map[string]string
}

// A look is Templates with what one site has on all of its pages.
type look struct {
	*Templates
	style  template.CSS // with the rules of the brand
	common Page
}

// NewTemplates parses files and takes the locale, as [Config.Files] and
// [Config.Locale] say. They may be nil and empty. It draws every page in every
// language, and lists all faults that can be told at once. [New] reads the
// files once more for what depends on a site.
func NewTemplates(files fs.FS, locale string) (*Templates, error) {
	t, err := newTemplates(files, locale)
	if err != nil {
		return nil, err
	}

	l := look{t, template.CSS(t.style), Page{Product: "Sample"}}
	if err := l.try(t.languages.tags); err != nil {
		return nil, err
	}
	return t, nil
}

// newTemplates is NewTemplates without drawing anything.
func newTemplates(host fs.FS, fallback string) (*Templates, error) {
	f := files{host}
	t := &Templates{
		files:      f,
		pages:      make(map[string]*template.Template),
		countdowns: make(map[string]string),
	}

	var faults []error
	keep := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	t.style, err = f.readInline("assets/style.css")
	keep(err)
	t.script, err = f.readInline("assets/script.js")
	keep(err)
	t.languages, err = newLanguages(host, fallback)
	keep(err)
	for _, tag := range t.languages.tags {
		t.countdowns[tag] = t.languages.match(tag).countdown()
	}
	for _, name := range pageNames {
		t.pages[name], err = f.page(name)
		keep(err)
	}
	return t, errors.Join(faults...)
}

// try draws every page in some languages.
func (l *look) try(tags []string) error {
	for _, tag := range tags {
		for _, name := range pageNames {
			if err := l.trial(name, tag); err != nil {
				return fmt.Errorf("resethttp: Config.Files: %w", err)
			}
		}
	}
	return nil
}

// shipped returns the pages as they are without a host's files.
var shipped = sync.OnceValues(func() (map[string]*template.Template, error) {
	pages := make(map[string]*template.Template)
	for _, name := range pageNames {
		page, err := files{}.parse(name)
		if err != nil {
			return nil, err
		}
		pages[name] = page
	}
	return pages, nil
})

// page returns the host's version of one page. All that leave a page as it is
// have it in common, because parsed pages are most of what a site takes.
func (f files) page(name string) (*template.Template, error) {
	for _, part := range append(pageParts, name) {
		if len(f.layers("pages/"+part+".html")) > 1 {
			return f.parse(name)
		}
	}
	pages, err := shipped()
	return pages[name], err
}

// parse reads one page with what stands around it. The host's files lie over
// the embedded ones block by block.
func (f files) parse(name string) (*template.Template, error) {
	page := template.New(name)
	for _, part := range append(pageParts, name) {
		file := "pages/" + part + ".html"
		for _, text := range f.layers(file) {
			if _, err := page.New(file).Parse(text); err != nil {
				return nil, fmt.Errorf("resethttp: Config.Files: %w", err)
			}
		}
	}
	return page, nil
}

// trial draws one page in one language, bare and with everything in it.
func (l *look) trial(name, tag string) error {
	full := l.full(name, tag)
	bare := Page{
		Name: full.Name, HeadingKey: full.HeadingKey,
		Locale: full.Locale, Direction: full.Direction,
		Style: full.Style, Script: full.Script, language: full.language,
	}

	for _, page := range []Page{bare, full} {
		var drawn strings.Builder
		if err := l.draw(&drawn, page); err != nil {
			return err
		}
		if name == pageReset && !strings.Contains(drawn.String(), page.Link) {
			return errors.New("pages/reset.html: the form does not send .Link")
		}
	}
	return nil
}

// full returns a page with everything in it.
func (l *look) full(name, tag string) Page {
	const address = "a@b.example"
	page := l.page(name, tag)

	page.HeadingKey, page.LeadKey = "page.done.title", "page.done.lead"
	page.Product, page.Sender = "Sample", address
	page.MinLength, page.TakesIdentifiers = 15, true
	page.EndsSessions, page.SendsNotice = true, true

	page.ForgotURL, page.ResetURL = "/forgot", "/reset"
	page.LoginURL, page.BackURL = "/login", "/back"
	page.ReturnTo, page.ReturnURL = "shop", "/shop"

	page.Link = "a.b.c"
	page.Account, page.Username, page.Label = "a•••@b.example", address, "x"
	page.ProofField, page.NeedsProof, page.ProofKind = true, true, "totp"
	l.expires(&page, time.Minute)

	page.RefusedEmail, page.Throttled = address, true
	page.Lifetime = page.language.lifetime(time.Hour)
	page.Wait = page.language.wait(time.Minute)
	page.Errors = []FieldError{
		{"email", "sample"},
		{"password", "sample"},
		{"repeat", "sample"},
		{"proof", "sample"},
	}
	return page
}

// page completes a page in the best of the languages of the list.
func (l *look) page(name, wanted string) Page {
	in := l.languages.match(wanted)

	page := l.common
	page.Name, page.HeadingKey = name, "page."+name+".title"
	page.Locale, page.Direction = in.tag, in.texts["direction"]
	page.Style, page.Script = l.style, template.JS(l.script)
	page.language = in
	if page.lifetime > 0 {
		page.Lifetime = in.lifetime(page.lifetime)
	}
	if name == pageReset || name == pageDispute {
		page.Countdown = l.countdowns[in.tag]
	}
	return page
}

// expires says in a page how long its link still works.
func (t *Templates) expires(page *Page, left time.Duration) {
	page.ExpiresIn = max(1, int(left/time.Second))
	if minutes := max(1, int(left/time.Minute)); minutes < nearExpiry {
		page.Expiry = strings.ReplaceAll(
			page.language.texts["page.reset.expires"],
			"{wait}", page.language.duration(minutes))
	}
}

func (t *Templates) draw(w io.Writer, page Page) error {
	return t.pages[page.Name].ExecuteTemplate(w, "layout", page)
}
