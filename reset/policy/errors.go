package policy

import (
	"errors"
	"strings"
)

// Code names what is wrong with a password; pages translate it.
type Code string

// The codes of Problem. Later versions may add some: translate an unknown code
// as "choose another password".
const (
	CodeTooShort    Code = "too-short"          // Min is the least length in code points
	CodeTooLong     Code = "too-long"           // Max is the greatest length in bytes
	CodeInvalidUTF8 Code = "invalid-utf8"       // the bytes are not text
	CodeControl     Code = "control-characters" // it holds a tab, line break, NUL or the like
	CodeCommon      Code = "common"             // it is what attackers try first anywhere
	CodeContext     Code = "context"            // it is made of the site's, the product's or the user's name
	CodeBreached    Code = "breached"           // Count is how often it was seen in breaches
	CodeWeak        Code = "weak"               // Config.Strength scored it below Min
)

// Problem is one reason to refuse a password.
type Problem struct {
	Code            Code
	Min, Max, Count int // set where the Code says so, else zero
}

// Error lists why a password was refused. It never holds the password.
type Error struct{ Problems []Problem }

// Error names the codes; it is for logs, not for visitors.
func (e *Error) Error() string {
	codes := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		codes[i] = string(p.Code)
	}
	return "policy: password refused: " + strings.Join(codes, ", ")
}

// ErrUnavailable is what Check wraps when the breached-password service did not
// answer and Config.FailClosed is set. It says nothing about the password: ask
// the visitor to try again later.
var ErrUnavailable = errors.New("policy: breached-password check is unavailable")
