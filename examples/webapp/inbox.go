package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/lostkey-go/lostkey/mail"
)

// inboxSize bounds the memory of the inbox. Older mails are forgotten.
const inboxSize = 200

// inbox is a mail.Mailer for development. It keeps the mails in memory for
// package preview, which shows them at /inbox, see localOnly. A nil one is
// empty.
type inbox struct {
	mu        sync.Mutex
	mails     []mail.Message // oldest first
	forgotten int
}

func (b *inbox) Send(_ context.Context, msg mail.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mails) == inboxSize {
		b.mails = b.mails[1:]
		b.forgotten++
	}
	b.mails = append(b.mails, msg)
	return nil
}

// messages returns the mails, the oldest first.
func (b *inbox) messages() []mail.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// index returns where in messages the mail with a number is. The first mail
// ever sent has number 1.
func (b *inbox) index(number string) (int, bool) {
	if b == nil {
		return 0, false
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.mails {
		if strconv.Itoa(b.forgotten+i+1) == number {
			return i, true
		}
	}
	return 0, false
}

// inboxMail shows one mail at a path of its own, in one of preview's forms.
func (app *application) inboxMail(form string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		index, ok := app.inbox.index(r.PathValue("id"))
		if !ok {
			app.notFound(w, r)
			return
		}

		r = r.Clone(r.Context())
		if r.URL.RawQuery == "" { // otherwise it is a link of the page itself
			r.URL.RawQuery = url.Values{
				"sent": {strconv.Itoa(index)}, "as": {form},
			}.Encode()
		}
		app.preview.ServeHTTP(w, r)
	}
}

// inboxSource writes a mail as it goes over the wire.
func (app *application) inboxSource(w http.ResponseWriter, r *http.Request) {
	index, ok := app.inbox.index(r.PathValue("id"))
	if !ok {
		app.notFound(w, r)
		return
	}

	source, err := mail.Encode(app.inbox.messages()[index])
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(source)
}
