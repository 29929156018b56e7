// Package preview shows what mails look like, in a browser, while one writes templates: every kind in every language, as text, as HTML and as
// it goes over the wire, and, when asked to, the mails that were sent.
//
// It is for development. Sent mails hold live links, which the pages show to anybody who can open them.
package preview

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/lostkey-go/lostkey/mail"
)

//go:embed page.html
var source string

// Config is what [New] needs.
type Config struct {
	Renderer mail.Renderer // required

	// Locales to show. Empty means what Renderer's Locales method returns, and without one, the default locale.
	Locales []string

	// Sent returns mails to list before the samples, such as a recorder's Messages. Nil lists none. It is called
	// for each request.
	Sent func() []mail.Message
}

// Handler serves one page at whatever path it is mounted on; all links are queries. It answers GET and HEAD, and is safe for concurrent
// use.
type Handler struct {
	cfg  Config
	page *template.Template
}

// New checks cfg.
func New(cfg Config) (*Handler, error) {
	if cfg.Renderer == nil {
		return nil, errors.New("preview: Config.Renderer is nil")
	}
	if len(cfg.Locales) == 0 {
		if lister, ok := cfg.Renderer.(interface{ Locales() []string }); ok {
			cfg.Locales = lister.Locales()
		} else {
			cfg.Locales = []string{mail.DefaultLocale}
		}
	}
	page, err := template.New("page").Parse(source)
	if err != nil {
		return nil, err // unreachable: the source is part of the package
	}
	return &Handler{cfg: cfg, page: page}, nil
}

// entry is one line of the list.
type entry struct {
	Title, Detail string
	Query         template.URL
	Selected      bool
}

// view is what the page shows.
type view struct {
	Sent, Samples []entry
	Chosen        bool
	Message       mail.Message
	As            string
	Tabs          []entry
	Frame         template.URL
	Body          string
	Problem       string
}

// The forms a mail is shown in. "raw" is the HTML part alone, for the frame.
var forms = []struct{ name, title string }{{"html", "HTML"}, {"text", "Text"}, {"source", "Source"}}

// ServeHTTP shows the list and the chosen mail.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	var sent []mail.Message
	if h.cfg.Sent != nil {
		sent = h.cfg.Sent()
	}
	msg, chosen, err := h.choose(query, sent)
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Type", "text/html; charset=utf-8")
	if query.Get("as") == "raw" && chosen {
		// The mail is somebody's template: it may show itself, and nothing else.
		header.Set("Content-Security-Policy", "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'")
		header.Set("X-Frame-Options", "SAMEORIGIN") // an application around it may have said DENY
		_, _ = w.Write([]byte(msg.HTML))
		return
	}
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'")
	var out bytes.Buffer
	if err := h.page.Execute(&out, h.view(query, sent, msg, chosen, err)); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(out.Bytes())
}

// choose finds the mail a query is about: one that was sent, by number, or a sample, by kind and locale.
func (h *Handler) choose(query url.Values, sent []mail.Message) (mail.Message, bool, error) {
	if number := query.Get("sent"); number != "" {
		for i, msg := range sent {
			if strconv.Itoa(i) == number {
				return msg, true, nil
			}
		}
		return mail.Message{}, false, nil
	}
	kind, locale := mail.Kind(query.Get("kind")), query.Get("locale")
	if kind == "" {
		return mail.Message{}, false, nil
	}
	data := mail.SampleData(kind, locale)
	content, err := h.cfg.Renderer.Render(data)
	if err != nil {
		return mail.Message{}, false, err
	}
	return mail.Message{
		ID: "sample", Kind: kind, Locale: content.Locale, From: "Example <no-reply@app.example>", To: "ana@example.com",
		Subject: content.Subject, Text: content.Text, HTML: content.HTML, Date: data.At,
	}, true, nil
}

func (h *Handler) view(query url.Values, sent []mail.Message, msg mail.Message, chosen bool, err error) view {
	v := view{Chosen: chosen, Message: msg, As: query.Get("as")}
	if v.As == "" {
		v.As = forms[0].name
	}
	if err != nil {
		v.Problem = err.Error()
	}
	for i := len(sent) - 1; i >= 0; i-- {
		number := strconv.Itoa(i)
		v.Sent = append(v.Sent, entry{
			Title: sent[i].Subject, Detail: sent[i].To + ", " + sent[i].Date.Format("15:04:05 MST"),
			Query: link("sent", number, "as", v.As), Selected: query.Get("sent") == number,
		})
	}
	for _, kind := range mail.Kinds() {
		for _, locale := range h.cfg.Locales {
			v.Samples = append(v.Samples, entry{
				Title: string(kind), Detail: locale, Query: link("kind", string(kind), "locale", locale, "as", v.As),
				Selected: query.Get("kind") == string(kind) && query.Get("locale") == locale,
			})
		}
	}
	if !chosen {
		return v
	}
	for _, form := range forms {
		query.Set("as", form.name)
		v.Tabs = append(v.Tabs, entry{Title: form.title, Query: template.URL("?" + query.Encode()), Selected: v.As == form.name}) //nolint:gosec // percent-encoded
	}
	switch v.As {
	case "text":
		v.Body = msg.Text
	case "source":
		encoded, err := mail.Encode(msg)
		if err != nil {
			v.Problem = err.Error()
		}
		v.Body = string(encoded)
	default:
		query.Set("as", "raw")
		v.Frame = template.URL("?" + query.Encode()) //nolint:gosec // percent-encoded
	}
	return v
}

func link(pairs ...string) template.URL {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return template.URL("?" + query.Encode()) //nolint:gosec // percent-encoded
}
