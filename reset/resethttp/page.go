package resethttp

import (
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/mail"
)

// A Page is what the templates of the pages see.
//
// It prints, logs and marshals as its Name alone, except in an unexported field
// of another struct and under %p and %w.
type Page struct {
	// Name is the template: forgot, sent, reset, done, rejected, problem,
	// dispute or locked.
	Name string

	// HeadingKey and, on problem pages, LeadKey are for T.
	HeadingKey, LeadKey string

	// Locale is a language tag, and Direction "ltr" or "rtl".
	Locale, Direction string
	Product           string

	// Brand stands at the top. Wordmark and LogoAlt are filled in.
	Brand mail.Brand

	// Sender is the address of the mails.
	Sender string

	// EndsSessions and SendsNotice say that a new password ends all sessions,
	// and that a mail tells of it.
	EndsSessions, SendsNotice bool

	// ForgotURL, ResetURL and DisputeURL are where forms go, without host. The
	// others may be empty.
	ForgotURL, ResetURL, LoginURL, BackURL string
	DisputeURL                             string

	// ReturnTo is the key of the place to return to, ReturnURL its URL. Both
	// may be empty.
	ReturnTo, ReturnURL string

	// RefusedEmail is a refused address as it was sent.
	RefusedEmail string

	// Link goes into the field "token". It is a token or, with LinkHeld, the
	// name of the one that a cookie holds, with ReturnTo behind it.
	Link     string
	LinkHeld bool

	// Damaged says that the address held a link that cannot be read.
	Damaged bool

	// Account is the masked address, Label says which of several accounts it
	// is, and Username is the whole address. Where the link is not known here,
	// these, ExpiresIn, Expiry, NeedsProof and ProofKind are zero, and the
	// script asks for them.
	Account, Label, Username string

	// ExpiresIn is how many seconds the link still works. Expiry says so in
	// words below ten minutes.
	ExpiresIn int
	Expiry    string

	// Countdown is what the script makes Expiry of: the sentence, and its
	// {wait} for one to nine minutes, with '|' between them.
	Countdown string

	// ProofField says that the form has a field "proof", and NeedsProof that
	// the account needs it. ProofKind is what Hooks.ProofKind returned.
	ProofField, NeedsProof bool
	ProofKind              string

	// Throttled says that the form is back for too many attempts.
	Throttled bool

	// MinLength is the shortest password in characters, 0 for unknown.
	MinLength int

	// TakesIdentifiers says that user names do instead of addresses.
	TakesIdentifiers bool

	// Lifetime is how long a link works, and Wait how long to wait, in words.
	Lifetime, Wait string

	// Errors is what has to be put right, in the order of the fields.
	Errors []FieldError

	// Style and Script are all that the content security policy allows.
	Style  template.CSS
	Script template.JS

	language language
	lifetime time.Duration // of a link
}

// A FieldError is one thing to put right.
type FieldError struct {
	// Field is the id of the control: email, password, repeat or proof.
	Field string

	// Text is a sentence in the language of the page.
	Text string
}

// T returns a text of the page's language by its key, such as
// "page.forgot.title", with {product}, {min}, {lifetime}, {wait} and {sender}
// filled in. It returns a key that is not there.
func (p Page) T(key string) string {
	text, found := p.language.texts[key]
	switch {
	case !found:
		return key
	case !strings.Contains(text, "{"):
		return text
	}

	// The marks around the address are FIRST STRONG ISOLATE and its end. They
	// keep its parts in order within text that runs the other way.
	return strings.NewReplacer(
		"{product}", p.Product,
		"{min}", strconv.Itoa(p.MinLength),
		"{lifetime}", p.Lifetime,
		"{wait}", p.Wait,
		"{sender}", "\u2068"+p.Sender+"\u2069",
	).Replace(text)
}

// ProofText returns a text about the second proof, of which part is "label",
// "missing" or "refused". For the label of the kind "totp" it is the host's
// "proof.totp.label", else "page.proof.totp.label", else "page.proof.label".
func (p Page) ProofText(part string) string {
	own := "proof." + p.ProofKind + "." + part
	for _, key := range []string{own, "page." + own} {
		if _, found := p.language.texts[key]; found {
			return p.T(key)
		}
	}
	return p.T("page.proof." + part)
}

// ReturnText returns what the button to ReturnURL says. For the key "shop" it
// is the host's "return.shop", else "page.done.return".
func (p Page) ReturnText() string {
	if _, found := p.language.texts["return."+p.ReturnTo]; found {
		return p.T("return." + p.ReturnTo)
	}
	return p.T("page.done.return")
}

// Initial returns the first letter or digit of the wordmark in upper case, or
// "" when it begins with something else.
func (p Page) Initial() string {
	first, _ := utf8.DecodeRuneInString(p.Brand.Wordmark)
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return ""
	}
	return string(unicode.ToUpper(first))
}

// Summary returns Errors if they are in two fields or more. A single fault is
// said at its field.
func (p Page) Summary() []FieldError {
	for _, e := range p.Errors {
		if e.Field != p.Errors[0].Field {
			return p.Errors
		}
	}
	return nil
}

// ErrorsOf returns the Errors of one field.
func (p Page) ErrorsOf(field string) []FieldError {
	var found []FieldError
	for _, e := range p.Errors {
		if e.Field == field {
			found = append(found, e)
		}
	}
	return found
}

// String names the page.
func (p Page) String() string { return "resethttp.Page{" + p.Name + "}" }

// Format prints what String returns, whatever the verb.
func (p Page) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, p.String())
}

// LogValue returns what String returns.
func (p Page) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText returns what String returns.
func (p Page) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
