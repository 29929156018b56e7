package resethttp

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
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
)

// look is everything the pages are drawn with, read once.
type look struct {
	pages   map[string]*template.Template
	locales locales
	style   string
	script  string
}

// newLook reads, parses and runs every page in every locale, so that a broken
// override is an error at the start and not a blank page for a visitor.
func newLook(files overlay, locale string) (*look, error) {
	if err := files.strangers(); err != nil {
		return nil, err
	}

	l := &look{pages: map[string]*template.Template{}}
	var err error
	if l.style, err = readInline(files, "assets/style.css"); err != nil {
		return nil, err
	}
	if l.script, err = readInline(files, "assets/script.js"); err != nil {
		return nil, err
	}
	if l.locales, err = loadLocales(files, locale); err != nil {
		return nil, err
	}

	for _, name := range []string{
		pageForgot, pageSent, pageReset, pageDone, pageRejected, pageProblem,
	} {
		page := template.New(name)
		for _, file := range []string{"layout", "frame", name} {
			text, err := files.read("pages/" + file + ".html")
			if err != nil {
				return nil, err
			}
			if _, err := page.Parse(text); err != nil {
				return nil, fmt.Errorf("resethttp: pages/%s.html: %w", file, err)
			}
		}
		l.pages[name] = page
	}

	return l, l.try()
}

// readInline reads a file that goes into every page as it is. Its digest is in
// the content security policy, so nothing in it may come out otherwise after a
// browser has parsed the page.
func readInline(files overlay, name string) (string, error) {
	text, err := files.read(name)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(text, "\r\x00") ||
		strings.Contains(strings.ToLower(text), "</s") ||
		strings.Contains(text, "<!--") {
		return "", fmt.Errorf(
			"resethttp: %s holds a carriage return, a closing tag or a comment of HTML",
			name,
		)
	}
	return text, nil
}

// try draws every page in every locale, bare and with everything in it.
func (l *look) try() error {
	for _, tag := range slices.Sorted(maps.Keys(l.locales.tables)) {
		for _, name := range slices.Sorted(maps.Keys(l.pages)) {
			bare := l.page(Page{}, name, tag)

			full := bare
			full.Product, full.Heading, full.Lead =
				"Sample", "done.title", "done.lead"
			full.ForgotURL, full.ResetURL, full.LoginURL, full.BackURL =
				"/a", "/b", "/c", "/d"
			full.Email, full.Link, full.Account, full.MinLength =
				"a@b.example", "a.b.c", "a@b.example", 15
			full.Lifetime, full.Wait, full.Identifiers =
				duration(full.texts, time.Hour), duration(full.texts, time.Minute), true
			full.Errors = []FieldError{
				{"email", "sample"},
				{"password", "sample"},
				{"repeat", "sample"},
			}

			for _, page := range []Page{bare, full} {
				var drawn strings.Builder
				if err := l.draw(&drawn, page); err != nil {
					return fmt.Errorf("resethttp: pages/%s.html: %w", name, err)
				}
				if name == pageReset &&
					!strings.Contains(drawn.String(), page.Link) {
					return errors.New(
						"resethttp: pages/reset.html: the form does not send .Link",
					)
				}
			}
		}
	}
	return nil
}

// page completes a page in the best of the languages of the list.
func (l *look) page(common Page, name, languages string) Page {
	page := common
	tag, table := l.locales.match(languages)
	page.Name, page.Heading, page.Lang, page.Dir, page.texts =
		name, name+".title", tag, table["direction"], table
	page.Style, page.Script = template.CSS(l.style), template.JS(l.script)
	if common.lifetime > 0 {
		page.Lifetime = duration(table, common.lifetime)
	}
	return page
}

func (l *look) draw(w io.Writer, page Page) error {
	return l.pages[page.Name].ExecuteTemplate(w, "layout", page)
}
