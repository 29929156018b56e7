package resethttp

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
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

// pageNames are the names of all pages.
var pageNames = []string{
	pageForgot, pageSent, pageReset, pageDone, pageRejected, pageProblem,
	pageDispute, pageLocked,
}

// templates are everything that the pages are drawn with, read once.
type templates struct {
	pages     map[string]*template.Template
	languages languages
	style     string
	script    string
}

// newTemplates reads, parses and runs every page in every language, so that a
// broken file is an error at the start and not a blank page for a visitor.
func newTemplates(f files, fallback string) (*templates, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}

	t := &templates{pages: make(map[string]*template.Template)}
	var err error
	if t.style, err = f.readInline("assets/style.css"); err != nil {
		return nil, err
	}
	if t.script, err = f.readInline("assets/script.js"); err != nil {
		return nil, err
	}
	if t.languages, err = newLanguages(f.host, fallback); err != nil {
		return nil, err
	}
	for _, name := range pageNames {
		if t.pages[name], err = f.parse(name); err != nil {
			return nil, err
		}
	}

	for _, tag := range t.languages.tags {
		for _, name := range pageNames {
			if err := t.trial(name, tag); err != nil {
				return nil, fmt.Errorf("resethttp: pages/%s.html: %w",
					name, err)
			}
		}
	}
	return t, nil
}

// parse reads one page with what stands around it.
func (f files) parse(name string) (*template.Template, error) {
	page := template.New(name)
	for _, file := range []string{"layout", "frame", name} {
		text, err := f.read("pages/" + file + ".html")
		if err != nil {
			return nil, err
		}
		if _, err := page.Parse(text); err != nil {
			return nil, fmt.Errorf("resethttp: pages/%s.html: %w", file, err)
		}
	}
	return page, nil
}

// trial draws one page in one language, bare and with everything in it.
func (t *templates) trial(name, tag string) error {
	bare := t.page(Page{}, name, tag)

	full := t.page(Page{lifetime: time.Hour}, name, tag)
	full.Heading, full.Lead = "page.done.title", "page.done.lead"
	full.Product, full.MinLength, full.Identifiers = "Sample", 15, true
	full.ForgotURL, full.ResetURL = "/forgot", "/reset"
	full.LoginURL, full.BackURL = "/login", "/back"
	full.Email, full.Account = "a@b.example", "a@b.example"
	full.Link = "a.b.c"
	full.Wait = full.language.wait(time.Minute)
	full.Errors = []FieldError{
		{"email", "sample"}, {"password", "sample"}, {"repeat", "sample"},
	}

	for _, page := range []Page{bare, full} {
		var drawn strings.Builder
		if err := t.draw(&drawn, page); err != nil {
			return err
		}
		if name == pageReset && !strings.Contains(drawn.String(), page.Link) {
			return errors.New("the form does not send .Link")
		}
	}
	return nil
}

// page completes a page in the best of the languages of the list.
func (t *templates) page(common Page, name, wanted string) Page {
	l := t.languages.match(wanted)

	page := common
	page.Name, page.Heading = name, "page."+name+".title"
	page.Locale, page.Direction = l.tag, l.texts["direction"]
	page.Style, page.Script = template.CSS(t.style), template.JS(t.script)
	page.language = l
	if page.lifetime > 0 {
		page.Lifetime = l.lifetime(page.lifetime)
	}
	return page
}

func (t *templates) draw(w io.Writer, page Page) error {
	return t.pages[page.Name].ExecuteTemplate(w, "layout", page)
}
