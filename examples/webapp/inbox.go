package main

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/lostkey-go/lostkey/mail"
)

// inboxSize bounds the memory of the inbox. Older mails are forgotten.
const inboxSize = 200

// inbox is a mail.Mailer for development: it keeps the mails in memory and
// shows them at /inbox, see localOnly. A nil one is empty.
type inbox struct {
	mu    sync.Mutex
	mails []received // oldest first
	next  int
}

type received struct {
	Number int
	mail.Message
}

func (b *inbox) Send(_ context.Context, msg mail.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	if len(b.mails) == inboxSize {
		b.mails = b.mails[1:]
	}
	b.mails = append(b.mails, received{b.next, msg})
	return nil
}

func (b *inbox) newestFirst() []received {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]received, 0, len(b.mails))
	for i := range b.mails {
		list = append(list, b.mails[len(b.mails)-1-i])
	}
	return list
}

func (b *inbox) find(number string) (received, bool) {
	if b == nil {
		return received{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		if strconv.Itoa(m.Number) == number {
			return m, true
		}
	}
	return received{}, false
}

// inboxView is what the page shows.
type inboxView struct {
	Elsewhere bool // mails go to a server, none is kept here
	Mails     []received
}

func (app *application) inboxPage(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusOK, "inbox", page{Title: "Inbox", Content: inboxView{app.inbox == nil, app.inbox.newestFirst()}})
}

func (app *application) mailPage(w http.ResponseWriter, r *http.Request) {
	if m, ok := app.inbox.find(r.PathValue("id")); ok {
		app.show(w, r, http.StatusOK, "mail", page{Title: m.Subject, Content: m})
		return
	}
	app.notFound(w, r)
}

// mailHTML serves the HTML part for the frame of mailPage. Its own policy runs
// no script and loads nothing, whatever a template says, and cuts it off from
// this site's origin. A link opens in the whole window.
func (app *application) mailHTML(w http.ResponseWriter, r *http.Request) {
	m, ok := app.inbox.find(r.PathValue("id"))
	if !ok {
		app.notFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "+
		"sandbox allow-top-navigation-by-user-activation")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, strings.Replace(m.HTML, "<head>", `<head><base target="_top">`, 1))
}

func (app *application) mailSource(w http.ResponseWriter, r *http.Request) {
	m, ok := app.inbox.find(r.PathValue("id"))
	if !ok {
		app.notFound(w, r)
		return
	}
	source, err := mail.Encode(m.Message)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(source) // the visitor has gone
}

var urlInText = regexp.MustCompile(`https?://[^\s<>"]+`)

// withLinks makes the addresses in a plain text clickable.
func withLinks(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range urlInText.FindAllStringIndex(text, -1) {
		address := template.HTMLEscapeString(text[at[0]:at[1]])
		fmt.Fprintf(&b, `%s<a href="%s">%s</a>`, template.HTMLEscapeString(text[last:at[0]]), address, address)
		last = at[1]
	}
	return template.HTML(b.String() + template.HTMLEscapeString(text[last:])) //nolint:gosec // every piece is escaped
}
