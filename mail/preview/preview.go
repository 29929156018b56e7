// Package preview shows what mails look like, in a browser, while one writes
// templates: every kind in every language, on a phone and on a desk, light and
// dark, as HTML, as text and as it goes over the wire. With Config.Sent it is
// an inbox as well.
//
// It is for development alone. Sent mails hold live links, which the pages show
// to anybody who can open them.
package preview

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
)

var (
	//go:embed page.html
	source string
	//go:embed page.css
	style string
)

// Config configures a [Handler].
type Config struct {
	Renderer mail.Renderer // required

	// Locales are the languages to show. Empty means what the Renderer's
	// Locales method returns, and "en" when it has none. What a Missing method
	// returns for a language is shown beside its samples.
	Locales []string

	// Sent returns mails to list before the samples, such as a recorder's
	// Messages. It is called for each request. Nil lists none.
	Sent func() []mail.Message
}

// Handler serves one page at whatever path it is mounted on. It answers GET and
// HEAD, runs no scripts, and is safe for concurrent use.
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

// What the two kinds of answer may load. A mail is somebody's template, whose
// styles stand in attributes, and which may show itself and its logo.
const mailPolicy = "sandbox allow-top-navigation-by-user-activation;" +
	" default-src 'none'; style-src 'unsafe-inline'; img-src https:; frame-ancestors 'self'"

var pagePolicy = "default-src 'none'; style-src 'sha256-" + styleHash() +
	"'; frame-src 'self'; base-uri 'none'; form-action 'none';" +
	" frame-ancestors 'none'"

func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// ServeHTTP shows what can be chosen and the chosen mail.
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
	chosen := h.choice(r.URL.Query(), len(sent))
	msg, err := h.find(chosen, sent)

	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Type", "text/html; charset=utf-8")
	if msg != nil && chosen.as == raw {
		header.Set("Content-Security-Policy", mailPolicy)
		// An application around it may have said DENY.
		header.Set("X-Frame-Options", "SAMEORIGIN")
		// A link opens in the whole window, and not in the frame.
		_, _ = w.Write([]byte(strings.Replace(
			shaded(msg.HTML, chosen.dark),
			"<head>", `<head><base target="_top">`, 1,
		)))
		return
	}

	if chosen.as == raw {
		chosen.as = firstForm
	}
	v := h.list(chosen, sent)
	if err != nil {
		v.Problem = err.Error()
	}
	if msg != nil {
		v.show(chosen, *msg)
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

// kinds returns the kinds to show, with those of the host's own.
func (h *Handler) kinds() []mail.Kind {
	if has, ok := h.cfg.Renderer.(interface{ Kinds() []mail.Kind }); ok {
		return has.Kinds()
	}
	return mail.BuiltInKinds()
}

// find returns the mail that was chosen, or nil when there is none.
func (h *Handler) find(
	chosen choice, sent []mail.Message,
) (*mail.Message, error) {
	if chosen.sent != "" {
		for i := range sent {
			if strconv.Itoa(i) == chosen.sent {
				return &sent[i], nil
			}
		}
		return nil, nil
	}

	data := mail.SampleData(mail.Kind(chosen.kind), chosen.locale)
	msg, err := h.cfg.Renderer.Render(data)
	if err != nil {
		return nil, err
	}
	msg.ID, msg.Kind, msg.Date = "sample", data.Kind, data.At
	msg.From, msg.To = "Example <no-reply@app.example>", "ana@example.com"
	return &msg, nil
}

// shaded makes a mail light or dark whatever the browser prefers.
func shaded(source string, dark bool) string {
	state := "@media not all"
	if dark {
		state = "@media all"
	}
	return strings.ReplaceAll(source,
		"@media (prefers-color-scheme: dark)", state)
}
