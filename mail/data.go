package mail

import (
	"errors"
	"strings"
	"time"
)

// Data is what a mail says, before it is in any language. Every field comes from configuration, the clock or the
// store; never fill one with text that a visitor chose.
//
// It prints, logs and marshals as its Kind and Locale alone, without Link. That
// protection is lost in an unexported field of another struct, and under %p and
// %w, where the fmt package does not call methods.
type Data struct {
	Kind Kind
	// Locale is a list of the languages that the reader wants, as [Languages] reads
	// it. A [Renderer] picks the best that it has, perhaps with [MatchLocale].
	Locale string

	Product string // name of the application
	Site    string // its base URL, shown to say who sent the mail
	Support string // address to write to; may be empty

	Link      string        // the one secret: the reset or invitation link
	ExpiresAt time.Time     // when Link dies, printed in its own zone
	Lifetime  time.Duration // how long Link lives; zero means ExpiresAt less At
	At        time.Time     // when it was asked for or done, printed in its own zone

	// Client is the visitor's browser and system as [CoarseClient] names them, or empty. [Templates] leave
	// anything else out, because the words of a user agent are the visitor's own.
	Client string

	SessionsEnded bool   // for KindPasswordChanged: the user's sessions were ended
	ForgotURL     string // page to ask for a link on; holds no secret
	LoginURL      string // page to sign in on; holds no secret
}

// Content is a rendered mail. Locale is the tag of the templates that were used.
// It prints, logs and marshals as its Locale alone. That protection is lost in
// an unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type Content struct{ Subject, Text, HTML, Locale string }

// Renderer turns [Data] into the words of a mail. Render must be safe for concurrent use, must not block, and must show Link
// once in each part and never in Subject. Its errors must not show Link.
type Renderer interface {
	Render(data Data) (Content, error)
}

const maxName = 100

func (d Data) check() error {
	switch {
	case d.Product == "" || len(d.Product) > maxName || !cleanLine(d.Product):
		return errors.New("mail: Data.Product is empty, too long, or more than one line")
	case !webURL(d.Site):
		return errors.New("mail: Data.Site is not an http or https URL")
	case d.Support != "" && CheckAddress(d.Support) != nil:
		return errors.New("mail: Data.Support is not a plain address")
	case d.hasLink() && !webURL(d.Link):
		return errors.New("mail: Data.Link is not an http or https URL")
	case d.hasLink() && (d.ExpiresAt.IsZero() || d.lifetime() <= 0):
		return errors.New("mail: Data.ExpiresAt is not set, or not after Data.At")
	case !d.hasLink() && d.Link != "":
		return errors.New("mail: Data.Link is set for a mail that holds no secret")
	case d.At.IsZero():
		return errors.New("mail: Data.At is not set")
	case d.ForgotURL != "" && !webURL(d.ForgotURL):
		return errors.New("mail: Data.ForgotURL is not an http or https URL")
	case d.LoginURL != "" && !webURL(d.LoginURL):
		return errors.New("mail: Data.LoginURL is not an http or https URL")
	}
	return nil
}

func (d Data) hasLink() bool { return d.Kind == KindReset || d.Kind == KindInvite }

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

// webURL accepts absolute http and https addresses of printable ASCII without the characters that would end the link,
// or its line, in the text part. Whether http is good enough is for the flow to say.
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
	return host != "" && !strings.ContainsRune(host, '@') && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("<>\"'`\\^{|}", r)
	})
}
