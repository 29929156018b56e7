package preview

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
)

// raw is the HTML part alone, for the frame.
const raw = "raw"

// The ways to show a mail.
var (
	forms = []option{
		{"html", "HTML"}, {"text", "Text"}, {"source", "Source"},
	}
	widths = []option{{"320", "320"}, {"600", "600"}, {"800", "800"}}
	shades = []option{{"", "Light"}, {"1", "Dark"}}
)

const (
	firstForm  = "html"
	firstWidth = "600"
)

// option is a value of a query and what it is called.
type option struct{ value, title string }

// choice is what a query asks for.
type choice struct {
	sent         string // the number of a mail that was sent, or
	kind, locale string // a sample

	as, width string
	dark      bool
}

// choice reads a query. Without a mail in it, the newest of those that were
// sent is chosen, or else the first sample.
func (h *Handler) choice(query url.Values, sent int) choice {
	pick := func(name string, options []option, otherwise string) string {
		for _, o := range options {
			if query.Get(name) == o.value {
				return o.value
			}
		}
		return otherwise
	}

	c := choice{
		sent:   query.Get("sent"),
		kind:   query.Get("kind"),
		locale: query.Get("locale"),
		as:     pick("as", append(forms, option{value: raw}), firstForm),
		width:  pick("width", widths, firstWidth),
		dark:   pick("dark", shades, "") != "",
	}
	if c.sent == "" && c.kind == "" && sent > 0 {
		c.sent = strconv.Itoa(sent - 1)
	}
	if c.sent == "" && c.kind == "" {
		c.kind, c.locale = string(mail.BuiltInKinds()[0]), h.cfg.Locales[0]
	}
	return c
}

// link returns the query that asks for a choice.
func (c choice) link() template.URL {
	query := url.Values{"as": {c.as}}
	if c.sent != "" {
		query.Set("sent", c.sent)
	} else {
		query.Set("kind", c.kind)
		query.Set("locale", c.locale)
	}
	if c.width != firstWidth {
		query.Set("width", c.width)
	}
	if c.dark {
		query.Set("dark", "1")
	}
	return template.URL("?" + query.Encode()) // percent-encoded
}

// view is what the page shows.
type view struct {
	Style template.CSS

	Sent     []entry
	NoneSent bool // mails could be shown here, and none was sent yet
	Locales  []string
	Samples  []row
	Problem  string

	Message                *mail.Message // nil: none is chosen
	Size                   string
	Forms, Widths, Shades  []entry
	Frame                  template.URL
	Width, Body, Open, Tag string
	Missing                []string
}

// row holds the samples of one kind.
type row struct {
	Kind    string
	Samples []entry
}

// entry is one link.
type entry struct {
	Title, Detail string
	Query         template.URL
	Selected      bool
}

// list returns the page with all that can be chosen.
func (h *Handler) list(chosen choice, sent []mail.Message) *view {
	v := &view{
		Style:    template.CSS(style),
		Locales:  h.cfg.Locales,
		NoneSent: h.cfg.Sent != nil && len(sent) == 0,
	}

	for i, msg := range slices.Backward(sent) {
		other := chosen
		other.sent = strconv.Itoa(i)
		v.Sent = append(v.Sent, entry{
			Title:    msg.Subject,
			Detail:   msg.To + ", " + msg.Date.Format("15:04:05 MST"),
			Query:    other.link(),
			Selected: chosen.sent == other.sent,
		})
	}

	for _, kind := range h.kinds() {
		samples := row{Kind: string(kind)}
		for _, locale := range h.cfg.Locales {
			other := chosen
			other.sent, other.kind, other.locale = "", string(kind), locale
			samples.Samples = append(samples.Samples, entry{
				Title:    locale,
				Query:    other.link(),
				Selected: chosen == other,
			})
		}
		v.Samples = append(v.Samples, samples)
	}

	has, ok := h.cfg.Renderer.(interface{ Missing(string) []string })
	if ok && chosen.sent == "" {
		v.Tag, v.Missing = chosen.locale, has.Missing(chosen.locale)
	}
	return v
}

// show adds the chosen mail.
func (v *view) show(chosen choice, msg mail.Message) {
	v.Message = &msg
	v.Forms = switches(forms, chosen.as, func(value string) choice {
		other := chosen
		other.as = value
		return other
	})
	v.Widths = switches(widths, chosen.width, func(value string) choice {
		other := chosen
		other.width = value
		return other
	})
	shade := shades[0].value
	if chosen.dark {
		shade = shades[1].value
	}
	v.Shades = switches(shades, shade, func(value string) choice {
		other := chosen
		other.dark = value != ""
		return other
	})

	encoded, err := mail.Encode(msg)
	if err != nil {
		v.Problem = err.Error()
	}
	v.Size = fmt.Sprintf("%.1f kB on the wire", float64(len(encoded))/1000)
	if chosen.sent != "" {
		v.Open = mailtest.Link(msg)
	}

	switch {
	case chosen.as == "source":
		v.Body = string(encoded)
	case chosen.as == "text" || msg.HTML == "":
		v.Body = msg.Text
	default:
		chosen.as = raw
		v.Frame, v.Width = chosen.link(), chosen.width
	}
}

// switches returns a link for each option.
func switches(
	options []option, now string, with func(value string) choice,
) []entry {
	var entries []entry
	for _, o := range options {
		entries = append(entries, entry{
			Title:    o.title,
			Query:    with(o.value).link(),
			Selected: o.value == now,
		})
	}
	return entries
}
