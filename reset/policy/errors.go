package policy

import (
	"errors"
	"fmt"
	"strings"
)

// Code names what is wrong with a password.
type Code string

// The codes of Problem. Later versions may add some. Translate an unknown code
// as "choose another password".
const (
	// There are fewer than Min code points.
	CodeTooShort Code = "too-short"
	// There are more than Max bytes.
	CodeTooLong Code = "too-long"
	// The bytes are not text.
	CodeInvalidUTF8 Code = "invalid-utf8"
	// There is a tab, line break, NUL or the like.
	CodeControl Code = "control-characters"
	// Attackers try it first anywhere.
	CodeCommon Code = "common"
	// It is made of the site's, the product's or the user's name.
	CodeContext Code = "context"
	// It was seen in breaches, Count times.
	CodeBreached Code = "breached"
)

// Problem is one reason to refuse a password.
type Problem struct {
	Code            Code
	Min, Max, Count int // Set where the Code says so, else zero.
}

// Message returns a sentence in English for the visitor, without the password.
func (p Problem) Message() string {
	switch p.Code {
	case CodeTooShort:
		return fmt.Sprintf("Use at least %d characters.", p.Min)
	case CodeTooLong:
		return fmt.Sprintf("Use at most %d bytes: a letter takes one,"+
			" other characters up to four.", p.Max)
	case CodeInvalidUTF8:
		return "Use letters, digits, spaces and signs only."
	case CodeControl:
		return "Leave out line breaks, tabs and other characters" +
			" that cannot be seen."
	case CodeCommon:
		return "Choose a password that is used less often."
	case CodeContext:
		return "Choose a password that is not made of your name," +
			" your address or the name of this site."
	case CodeBreached:
		return "Choose a password that has not appeared in a data breach."
	}

	return "Choose a different password."
}

// Error lists why a password was refused. It never holds the password.
type Error struct{ Problems []Problem }

// Error names the codes. It is for logs, not for visitors.
func (e *Error) Error() string {
	codes := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		codes[i] = string(p.Code)
	}
	return "policy: password refused: " + strings.Join(codes, ", ")
}

// ErrUnavailable is what Check wraps when Config.Breaches failed and
// Config.FailClosed is set. It says nothing about the password.
var ErrUnavailable = errors.New(
	"policy: breached-password check is unavailable",
)
