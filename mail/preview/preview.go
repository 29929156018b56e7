// Package preview shows what mails look like, in a browser, while one writes
// templates: every kind in every language, as text, as HTML and as it goes over
// the wire, and, when asked to, the mails that were sent. It is an inbox for
// development then, which opens with the newest mail.
//
// Sent mails hold live links, which the pages show to anybody who can open
// them. Links can be followed, in the text and in the HTML.
package preview

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
)

//go:embed page.html
var source string

// Config configures a [Handler].
type Config struct {
	Renderer mail.Renderer // required

	// Locales are the languages to show. Empty means what the Renderer's
	// Locales method returns, and "en" when it has none.
	Locales []string

	// Sent returns mails to list before the samples, such as a recorder's
	// Messages. Nil lists none. It is called for each request.
	Sent func() []mail.Message
}

// Handler serves one page at whatever path it is mounted on. All its links are
// queries. It answers GET and HEAD, and is safe for concurrent use.
type Handler struct {
	cfg  Config
	page *template.Template
}

// New returns a handler. Its only error is a missing Renderer.
func New(cfg Config) (*Handler, error) {
	if cfg.Renderer == nil {
		return nil, errors.New("preview: Config.Renderer is nil," +
			" want a renderer")
	}
	if len(cfg.Locales) == 0 {
		cfg.Locales = []string{"en"}
		if has, ok := cfg.Renderer.(interface{ Locales() []string }); ok {
			cfg.Locales = has.Locales()
		}
	}

	page, err := template.New("page").Parse(source)
	if err != nil {
		return nil, err // unreachable: the source is part of the package
	}
	return &Handler{cfg: cfg, page: page}, nil
}

// What the two kinds of answer may load. A mail is somebody's template, which
// may show itself and nothing else.
const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline';" +
		" frame-src 'self'; base-uri 'none'; form-action 'none';" +
		" frame-ancestors 'none'"
	mailPolicy = "sandbox allow-top-navigation-by-user-activation;" +
		" default-src 'none'; style-src 'unsafe-inline';" +
		" frame-ancestors 'self'"
)

// ServeHTTP shows the list and the chosen mail.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		fail(w, http.StatusMethodNotAllowed)
		return
	}

	var sent []mail.Message
	if h.cfg.Sent != nil {
		sent = h.cfg.Sent()
	}
	query := chosen(r.URL.Query(), len(sent))
	msg, err := h.choose(query, sent)

	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Type", "text/html; charset=utf-8")
	if msg != nil && query.Get("as") == "raw" {
		header.Set("Content-Security-Policy", mailPolicy)
		// An application around it may have said DENY.
		header.Set("X-Frame-Options", "SAMEORIGIN")
		// A link opens in the whole window, and not in the frame.
		_, _ = io.WriteString(w, strings.Replace(
			msg.HTML, "<head>", `<head><base target="_top">`, 1,
		))
		return
	}

	v := h.list(query, sent)
	v.NoneSent = h.cfg.Sent != nil && len(sent) == 0
	if err != nil {
		v.Problem = err.Error()
	}
	if msg != nil {
		v.show(query, *msg)
	}
	header.Set("Content-Security-Policy", pagePolicy)
	var out bytes.Buffer
	if err := h.page.Execute(&out, v); err != nil {
		fail(w, http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(out.Bytes())
}

func fail(w http.ResponseWriter, status int) {
	http.Error(w, http.StatusText(status), status)
}

// chosen returns the query, and where it chooses nothing, one for the text of
// the newest mail that was sent. In the text, links can be read as well.
func chosen(query url.Values, sent int) url.Values {
	if sent == 0 || query.Has("sent") || query.Has("kind") {
		return query
	}
	return url.Values{"sent": {strconv.Itoa(sent - 1)}, "as": {"text"}}
}

// choose finds the mail a query is about: one that was sent, by number, or a
// sample, by kind and locale. Without one it returns nil.
func (h *Handler) choose(
	query url.Values, sent []mail.Message,
) (*mail.Message, error) {
	if number := query.Get("sent"); number != "" {
		for i := range sent {
			if strconv.Itoa(i) == number {
				return &sent[i], nil
			}
		}
		return nil, nil
	}

	kind := mail.Kind(query.Get("kind"))
	if kind == "" {
		return nil, nil
	}
	data := mail.SampleData(kind, query.Get("locale"))
	msg, err := h.cfg.Renderer.Render(data)
	if err != nil {
		return nil, err
	}
	msg.ID, msg.Kind, msg.Date = "sample", kind, data.At
	msg.From, msg.To = "Example <no-reply@app.example>", "ana@example.com"
	return &msg, nil
}

// view is what the page shows.
type view struct {
	Sent, Samples []entry
	Chosen        bool
	Message       mail.Message
	Tabs          []entry
	Frame         template.URL
	Body          template.HTML
	NoneSent      bool // there is a list of sent mails, and it is empty
	Problem       string

	as string // the form to show the mail in
}

// entry is one link of a list.
type entry struct {
	Title, Detail string
	Query         template.URL
	Selected      bool
}

// The forms a mail is shown in. "raw" is the HTML part alone, for the frame.
var forms = []struct{ name, title string }{
	{"html", "HTML"}, {"text", "Text"}, {"source", "Source"},
}

// list returns the page with the mails that can be chosen.
func (h *Handler) list(query url.Values, sent []mail.Message) *view {
	v := &view{as: query.Get("as")}
	if v.as == "" {
		v.as = forms[0].name
	}

	for i := len(sent) - 1; i >= 0; i-- {
		number := strconv.Itoa(i)
		v.Sent = append(v.Sent, entry{
			Title:    sent[i].Subject,
			Detail:   sent[i].To + ", " + sent[i].Date.Format("15:04:05 MST"),
			Query:    link(url.Values{"sent": {number}, "as": {v.as}}),
			Selected: query.Get("sent") == number,
		})
	}

	for _, kind := range mail.Kinds() {
		for _, locale := range h.cfg.Locales {
			name := string(kind)
			v.Samples = append(v.Samples, entry{
				Title:  name,
				Detail: locale,
				Query: link(url.Values{
					"kind": {name}, "locale": {locale}, "as": {v.as},
				}),
				Selected: query.Get("kind") == name &&
					query.Get("locale") == locale,
			})
		}
	}
	return v
}

// show adds the chosen mail.
func (v *view) show(query url.Values, msg mail.Message) {
	v.Chosen, v.Message = true, msg
	for _, form := range forms {
		query.Set("as", form.name)
		v.Tabs = append(v.Tabs, entry{
			Title:    form.title,
			Query:    link(query),
			Selected: v.as == form.name,
		})
	}

	switch v.as {
	case "text":
		v.Body = withLinks(msg.Text)
	case "source":
		encoded, err := mail.Encode(msg)
		if err != nil {
			v.Problem = err.Error()
		}
		v.Body = template.HTML( //nolint:gosec // it is escaped
			template.HTMLEscapeString(string(encoded)),
		)
	default:
		query.Set("as", "raw")
		v.Frame = link(query)
	}
}

func link(query url.Values) template.URL {
	return template.URL("?" + query.Encode()) //nolint:gosec // percent-encoded
}

var urlInText = regexp.MustCompile(`https?://[^\s<>"]+`)

// withLinks escapes a plain text and makes the addresses in it links.
func withLinks(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range urlInText.FindAllStringIndex(text, -1) {
		address := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		b.WriteString(`<a href="` + address + `">` + address + `</a>`)
		last = at[1]
	}

	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String()) //nolint:gosec // every piece is escaped
}
