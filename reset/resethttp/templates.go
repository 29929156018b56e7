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

// pageNames are the names of all pages, and pageParts of what they share.
var (
	pageNames = []string{
		pageForgot, pageSent, pageReset, pageDone, pageRejected, pageProblem,
		pageDispute, pageLocked,
	}
	pageParts = []string{"layout", "frame"}
)

// templates are everything that the pages are drawn with, read once.
type templates struct {
	pages     map[string]*template.Template
	languages languages
	style     string
	script    string
	common    Page // what all pages have
	// countdowns are those of the languages by their tags.
	countdowns map[string]string
}

// newTemplates reads, parses and runs every page in every language, so that a
// broken file is an error at the start and not a blank page for a visitor. The
// error lists all faults that can be told at once.
func newTemplates(f files, fallback string, common Page) (*templates, error) {
	t := &templates{
		pages:      make(map[string]*template.Template),
		common:     common,
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
	t.languages, err = newLanguages(f.host, fallback)
	keep(err)
	for _, name := range pageNames {
		t.pages[name], err = f.parse(name)
		keep(err)
	}
	return t, errors.Join(faults...)
}

// try draws every page in every language.
func (t *templates) try() error {
	for _, tag := range t.languages.tags {
		l := t.languages.match(tag)
		t.countdowns[tag] = l.countdown()
		for _, name := range pageNames {
			if err := t.trial(name, tag); err != nil {
				return fmt.Errorf("resethttp: Config.Files: %w", err)
			}
		}
	}
	return nil
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
func (t *templates) trial(name, tag string) error {
	full := t.page(name, tag)
	full.Heading, full.Lead = "page.done.title", "page.done.lead"
	full.Product, full.MinLength, full.Identifiers = "Sample", 15, true
	full.ForgotURL, full.ResetURL = "/forgot", "/reset"
	full.LoginURL, full.BackURL = "/login", "/back"
	full.Email, full.Account, full.Label = "a@b.example", "a•••@b.example", "x"
	full.Username, full.Sender = full.Email, full.Email
	full.Link, full.Lifetime = "a.b.c", full.language.lifetime(time.Hour)
	full.EndsSessions, full.Notice, full.Throttled = true, true, true
	full.Wait = full.language.wait(time.Minute)
	t.expires(&full, time.Minute)
	full.Errors = []FieldError{
		{"email", "sample"}, {"password", "sample"}, {"repeat", "sample"},
	}

	bare := Page{
		Name: full.Name, Heading: full.Heading,
		Locale: full.Locale, Direction: full.Direction,
		Style: full.Style, Script: full.Script, language: full.language,
	}

	for _, page := range []Page{bare, full} {
		var drawn strings.Builder
		if err := t.draw(&drawn, page); err != nil {
			return err
		}
		if name == pageReset && !strings.Contains(drawn.String(), page.Link) {
			return errors.New("pages/reset.html: the form does not send .Link")
		}
	}
	return nil
}

// page completes a page in the best of the languages of the list.
func (t *templates) page(name, wanted string) Page {
	l := t.languages.match(wanted)

	page := t.common
	page.Name, page.Heading = name, "page."+name+".title"
	page.Locale, page.Direction = l.tag, l.texts["direction"]
	page.Style, page.Script = template.CSS(t.style), template.JS(t.script)
	page.language = l
	if page.lifetime > 0 {
		page.Lifetime = l.lifetime(page.lifetime)
	}
	if name == pageReset {
		page.Countdown = t.countdowns[l.tag]
	}
	return page
}

// expires says in a page how long its link still works.
func (t *templates) expires(page *Page, left time.Duration) {
	page.ExpiresIn = max(1, int(left/time.Second))
	if minutes := max(1, int(left/time.Minute)); minutes < nearExpiry {
		page.Expiry = strings.ReplaceAll(
			page.language.texts["page.reset.expires"],
			"{wait}", page.language.duration(minutes))
	}
}

func (t *templates) draw(w io.Writer, page Page) error {
	return t.pages[page.Name].ExecuteTemplate(w, "layout", page)
}
