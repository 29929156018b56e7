package resethttp

import (
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
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

	// Account is the masked address of the account, where the link came in the
	// query and so could be checked.
	Account string

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
// "page.forgot.title", with {product}, {min}, {lifetime} and {wait} filled in.
// For a key that is not there the key comes back.
func (p Page) T(key string) string {
	text, found := p.language.texts[key]
	if !found {
		return key
	}
	return strings.NewReplacer(
		"{product}", p.Product,
		"{min}", strconv.Itoa(p.MinLength),
		"{lifetime}", p.Lifetime,
		"{wait}", p.Wait,
	).Replace(text)
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
