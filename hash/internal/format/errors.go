package format

import (
	"errors"
	"fmt"
)

// The texts are constant and quote nothing of a stored string.
var (
	ErrMalformed   = errors.New("hash: stored hash is malformed")
	ErrUnsupported = errors.New(
		"hash: stored hash is of an unsupported variant",
	)
	ErrOutOfBounds   = errors.New("hash: stored hash is out of bounds")
	ErrUnknownFormat = errors.New("hash: stored hash is of no accepted format")
)

// ErrKDF wraps what crypto/pbkdf2 and its like return.
var ErrKDF = errors.New("hash: derivation refused")

// An Error says which part of which scheme made a stored string unusable. It
// is documented as hash.FormatError.
type Error struct {
	Scheme string
	Field  string
	Preset string
	Err    error
}

// Error returns the sentinel's text with the scheme and the field, or names the
// preset that reads the format.
func (e *Error) Error() string {
	if e.Preset != "" {
		return fmt.Sprintf(
			"hash: %s is not accepted; %s reads it", e.Scheme, e.Preset,
		)
	}
	return fmt.Sprintf("%s (%s, %s)", e.Err.Error(), e.Scheme, e.Field)
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// Malformed says that field of the scheme cannot be read.
func Malformed(scheme, field string) error {
	return &Error{Scheme: scheme, Field: field, Err: ErrMalformed}
}

// Unsupported says that field of the scheme asks for what is not computed here.
func Unsupported(scheme, field string) error {
	return &Error{Scheme: scheme, Field: field, Err: ErrUnsupported}
}

// OutOfBounds says that field of the scheme is outside the bounds.
func OutOfBounds(scheme, field string) error {
	return &Error{Scheme: scheme, Field: field, Err: ErrOutOfBounds}
}
