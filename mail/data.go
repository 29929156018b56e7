package mail

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Data is what a mail says, before it is in any language. Never fill a field
// with text that a visitor chose. It prints as its Kind and Locale, except in
// an unexported field of another struct and under %p and %w.
type Data struct {
	Kind Kind

	// Locale lists the languages that the reader wants, as [Languages] reads
	// them. A [Renderer] picks one, perhaps with [MatchLocale].
	Locale string

	Product string // name of the application
	Site    string // its base URL, shown to say who sent the mail
	Support string // address to write to; may be empty

	// NoContact leaves out whom to turn to in a KindPasswordChanged without
	// Support. Otherwise it names Site.
	NoContact bool

	// Label says which account it is, for people with several on one address,
	// or is empty. [Templates] leave out what is not a line of at most 100
	// bytes, so that nobody's name keeps a mail from going out.
	Label string

	// Link is the secret of the mail. A KindReset, a KindInvite and kinds of
	// the host's own have one. ExpiresAt is when it dies. Lifetime is how long
	// it lives, and zero means from At to ExpiresAt.
	Link      string
	ExpiresAt time.Time
	Lifetime  time.Duration

	// DisputeLink is a secret of a KindPasswordChanged, or empty: the link that
	// says that this was not the reader, and locks the account. It dies at
	// ExpiresAt.
	DisputeLink string

	// At is when it was asked for or done. Times are printed in their own zone.
	At time.Time

	// Client is what [CoarseClient] returns for the visitor. [Templates] leave
	// out anything else, and show none in an invitation.
	Client string

	// SessionsEnded says in a KindPasswordChanged that the sessions were ended.
	SessionsEnded bool

	ForgotURL string // the page to ask for a link on; may be empty
	LoginURL  string // the page to sign in on; may be empty
}

// String returns Kind and Locale.
func (d Data) String() string {
	return fmt.Sprintf("mail.Data{Kind: %s, Locale: %s}", d.Kind, d.Locale)
}

// Format is String for every verb.
func (d Data) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, d.String())
}

// LogValue is String for log/slog.
func (d Data) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText is String for encoders.
func (d Data) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Renderer turns Data into a mail. Render sets Locale, Subject, Text and HTML
// of the message, and its caller sets who sends it and to whom. It must be safe
// for concurrent use and must not block. It must show Link and DisputeLink,
// where there are any, once in each part, alone on a line of the text, and
// never in the subject. Its errors must show neither.
type Renderer interface {
	Render(data Data) (Message, error)
}

const maxName = 100

// validate never shows a value, because a link is among them.
func (d Data) validate() error {
	invalid := func(field, want string) error {
		return errors.New("mail: Data." + field + " is invalid, want " + want)
	}
	const wantURL = "an http or https URL"

	switch {
	case d.Product == "" || len(d.Product) > maxName || !cleanLine(d.Product):
		return invalid("Product", "one line of 1 to 100 bytes")
	case !webURL(d.Site):
		return invalid("Site", wantURL)
	case d.Support != "" && ValidateAddress(d.Support) != nil:
		return invalid("Support", "a plain address")
	case d.hasLink() && !webURL(d.Link):
		return invalid("Link", wantURL)
	case !d.hasLink() && d.Link != "":
		return invalid("Link", "none for a mail that holds no secret")
	case d.DisputeLink != "" && d.Kind != KindPasswordChanged:
		return invalid("DisputeLink", "none for a mail of this kind")
	case d.DisputeLink != "" && !webURL(d.DisputeLink):
		return invalid("DisputeLink", wantURL)
	case d.DisputeLink != "" && d.ExpiresAt.IsZero():
		return invalid("ExpiresAt", "a time")
	case d.hasLink() && (d.ExpiresAt.IsZero() || d.lifetime() <= 0):
		return invalid("ExpiresAt", "a time after Data.At")
	case d.At.IsZero():
		return invalid("At", "a time")
	case d.ForgotURL != "" && !webURL(d.ForgotURL):
		return invalid("ForgotURL", wantURL)
	case d.LoginURL != "" && !webURL(d.LoginURL):
		return invalid("LoginURL", wantURL)
	}
	return nil
}

// hasLink says whether mails of the kind are about Link. Those of a kind of the
// host's own are.
func (d Data) hasLink() bool {
	switch d.Kind {
	case KindPasswordChanged, KindNoAccount, KindSignsInElsewhere:
		return false
	default:
		return true
	}
}

func (d Data) lifetime() time.Duration {
	if d.Lifetime != 0 {
		return d.Lifetime
	}
	return d.ExpiresAt.Sub(d.At)
}

// action is the one address a mail of this kind asks the reader to open.
func (d Data) action() string {
	switch d.Kind {
	case KindPasswordChanged, KindNoAccount:
		return d.ForgotURL
	case KindSignsInElsewhere:
		return d.LoginURL
	default:
		return d.Link
	}
}

// origin returns scheme and host of a [Data.Site].
func origin(site string) string {
	scheme, rest, _ := strings.Cut(site, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
}

// webURL accepts absolute http and https addresses of printable ASCII without
// the characters that would end the link, or its line, in the text part.
// Whether http is good enough is for the flow to say.
func webURL(s string) bool {
	rest, found := strings.CutPrefix(s, "https://")
	if !found {
		if rest, found = strings.CutPrefix(s, "http://"); !found {
			return false
		}
	}

	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	if host == "" || strings.ContainsRune(host, '@') {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.ContainsAny(s, "<>\"'`\\^{|}")
}
