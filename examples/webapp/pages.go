package main

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// page is what every template sees.
type page struct {
	Title      string
	Product    string
	SignedInAs string // address, for the bar; empty when nobody is signed in
	Notice     string // something went well
	Problems   []problem
	Email      string // kept in a form that is shown again
	MinLength  int
	ReturnTo   string // key of places, kept in a form as well
	Content    any    // what only this page shows
}

// problem is one thing to put right, in the form field with that name.
type problem struct{ Field, Text string }

// Has says whether there is a problem with a field.
func (p page) Has(field string) bool {
	return slices.ContainsFunc(p.Problems, func(one problem) bool {
		return one.Field == field
	})
}

// At returns what there is to put right in a field.
func (p page) At(field string) []string {
	var texts []string
	for _, one := range p.Problems {
		if one.Field == field {
			texts = append(texts, one.Text)
		}
	}
	return texts
}

// pages maps a name like "login" to the layout with that page in it.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	functions := template.FuncMap{
		"short": func(t time.Time) string {
			return t.UTC().Format(time.DateTime)
		},
		"client": clientText,
		"class":  outcomeClass,
	}
	layout, err := template.New("layout.html").Funcs(functions).
		ParseFS(files, "templates/layout.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}

	all := pages{}
	for _, file := range names {
		clone, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		if all[name], err = clone.ParseFS(files, file); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// show writes a whole page or, when the template fails, nothing of it.
func (app *application) show(
	w http.ResponseWriter, r *http.Request, status int, name string, p page,
) {
	if p.SignedInAs == "" {
		if a, err := app.signedIn(r.Context()); err == nil {
			p.SignedInAs = a.Email
		}
	}
	app.write(w, r, status, name, p)
}

// write is show for when the database cannot be asked who is signed in.
func (app *application) write(
	w http.ResponseWriter, r *http.Request, status int, name string, p page,
) {
	p.Product, p.MinLength = productName, app.policy.MinLength()
	var body bytes.Buffer
	if err := app.pages[name].Execute(&body, p); err != nil {
		app.log.ErrorContext(r.Context(), "render a page",
			"page", name, "error", err)
		http.Error(w, "Something went wrong. Please try again later.",
			http.StatusInternalServerError)
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // the visitor has gone
}

func (app *application) crossOrigin(w http.ResponseWriter, r *http.Request) {
	app.write(w, r, http.StatusForbidden, "message", page{
		Title: "Request refused",
		Content: "This form was not sent from our own page. " +
			"Please open the page again and fill it in there.",
	})
}

func (app *application) notFound(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusNotFound, "message", page{
		Title:   "Page not found",
		Content: "There is nothing at this address.",
	})
}

// unavailable answers an error that is none of the visitor's doing. The log
// gets all of it, and the visitor is asked to come back.
func (app *application) unavailable(
	w http.ResponseWriter, r *http.Request, err error,
) {
	app.log.ErrorContext(r.Context(), "request failed",
		"method", r.Method, "path", resethttp.RedactURL(r.URL.Path),
		"error", err)
	w.Header().Set("Retry-After", "5")
	app.write(w, r, http.StatusServiceUnavailable, "message", page{
		Title: "Please try again",
		Content: "We could not do that right now. " +
			"Please try again in a moment.",
	})
}

func (app *application) throttled(
	w http.ResponseWriter, r *http.Request, retryAfter time.Duration,
) {
	seconds := max(1, int(math.Ceil(retryAfter.Seconds())))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	app.show(w, r, http.StatusTooManyRequests, "message", page{
		Title: "Too many attempts",
		Content: fmt.Sprintf(
			"Please wait %d seconds and try again.", seconds,
		),
	})
}

// form reads a posted form, or answers and returns false. Values in the query
// do not count.
func (app *application) form(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	if err == nil {
		return true
	}

	status := http.StatusBadRequest
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	app.show(w, r, status, "message", page{
		Title:   "We could not read that",
		Content: "Please go back and send the form again.",
	})
	return false
}
