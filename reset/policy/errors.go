package policy

import "strings"

// Code names what is wrong with a password; pages translate it.
type Code string

// The codes of Problem.
const (
	CodeTooShort    Code = "too-short"          // Min is the least length in code points
	CodeTooLong     Code = "too-long"           // Max is the greatest length in bytes
	CodeInvalidUTF8 Code = "invalid-utf8"       // the bytes are not text
	CodeControl     Code = "control-characters" // it holds a tab, line break, NUL or the like
)

// Problem is one reason to refuse a password.
type Problem struct {
	Code     Code
	Min, Max int // set where the Code says so
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
