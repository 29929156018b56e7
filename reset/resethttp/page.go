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

// A Page is what the templates of the pages see. Fields may be added. None will
// change its meaning.
//
// It prints, logs and marshals as its Name alone. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type Page struct {
	// Name is the template: forgot, sent, reset, done, rejected, problem,
	// dispute or locked.
	Name string

	// Heading and Lead are keys of texts. They are the title of the page and,
	// on a problem page, the sentence below it.
	Heading, Lead string

	// Locale is the language tag of the texts, and Direction "ltr" or "rtl".
	Locale, Direction string
	Product           string

	// Brand is what stands at the top. Wordmark and LogoAlt are filled in.
	Brand mail.Brand

	// Sender is the address that mails come from.
	Sender string

	// EndsSessions says that a new password ends all sessions, and Notice that
	// a mail tells of it.
	EndsSessions, Notice bool

	// ForgotURL and ResetURL are where the forms go, without host. LoginURL and
	// BackURL may be empty.
	ForgotURL, ResetURL, LoginURL, BackURL string

	// DisputeURL is where the form of the dispute page goes, without host.
	DisputeURL string

	// Email is the text of a refused address, to go back into its field. It is
	// whatever was sent.
	Email string

	// Link goes into the form's field "token". It is the token of a link whose
	// password was refused or, with LinkHeld, the name of the token that a
	// cookie holds. Without it the form is refused.
	Link     string
	LinkHeld bool

	// Damaged says that the address of the page held a link that cannot be
	// read.
	Damaged bool

	// Account is the masked address of the account, Label says which of
	// several it is, and Username is the whole address, for the field by which
	// password managers know the account. They are empty where the link is not
	// known here. The script then asks for them.
	Account, Label, Username string

	// ExpiresIn is how many seconds the link still works, and Expiry says so
	// in words when that is less than ten minutes. They are zero where the
	// link is not known here.
	ExpiresIn int
	Expiry    string

	// Countdown is what the script makes Expiry of. It has the sentence and
	// then what goes in place of its {wait} for one minute, for two and so on
	// up to nine, with '|' between them.
	Countdown string

	// Throttled says that there were too many attempts, and that the form came
	// back with its link. Wait says for how long.
	Throttled bool

	// MinLength is the shortest password in characters, 0 when the policy does
	// not say.
	MinLength int

	// Identifiers says that a user name may be asked for as well as an address.
	Identifiers bool

	// Lifetime is how long a link works, and Wait how long to wait on a problem
	// page, in words.
	Lifetime, Wait string

	// Errors is what has to be put right, in the order of the fields.
	Errors []FieldError

	// Style and Script are the contents of the only style and the only script
	// that the content security policy allows.
	Style  template.CSS
	Script template.JS

	language language
	lifetime time.Duration // of a link
}

// A FieldError is one thing to put right.
type FieldError struct {
	// Field is the id of the control: email, password or repeat.
	Field string

	// Text is a sentence in the language of the page.
	Text string
}

// T returns a text of the page's language by its key, such as
// "page.forgot.title", with {product}, {min}, {lifetime}, {wait} and {sender}
// filled in. For a key that is not there the key comes back.
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

// Initial returns the first letter of the wordmark in upper case, or "" when it
// begins with something else.
func (p Page) Initial() string {
	first, _ := utf8.DecodeRuneInString(p.Brand.Wordmark)
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) {
		return ""
	}
	return string(unicode.ToUpper(first))
}

// Summary returns what has to be put right if it is in two fields or more. What
// is wrong with one field alone is said at that field.
func (p Page) Summary() []FieldError {
	for _, e := range p.Errors {
		if e.Field != p.Errors[0].Field {
			return p.Errors
		}
	}
	return nil
}

// ErrorsOf returns what has to be put right in one field.
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

// MarshalText returns what String returns, so that JSON holds neither address
// nor token.
func (p Page) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
