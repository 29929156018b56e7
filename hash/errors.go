package hash

import (
	"errors"
	"fmt"
)

// Every error text here is constant. None holds a password, a stored hash, a
// salt or a pepper, so all of them may be logged as they are.
var (
	// ErrBusy is returned when the limiter's queue is full. Answer "try again
	// later" (503 with Retry-After) and do not count it as a wrong password.
	ErrBusy = errors.New("hash: too many derivations waiting")

	// ErrMalformed is returned when the stored string has a known prefix and a
	// broken rest.
	ErrMalformed = errors.New("hash: stored hash is malformed")

	// ErrUnknownFormat is returned when no accepted scheme claims the stored
	// string. Where it is of a well known format that no preset reads, such as
	// $1$, $apr1$, {SMD5}, {SSHA}, $7$, Drupal's $S$ and yescrypt's $y$, the
	// error is a [FormatError] with the format's name. See "Formats that are
	// not read" in the package documentation.
	ErrUnknownFormat = errors.New("hash: stored hash is of no accepted format")

	// ErrUnsupported is returned when the stored string is well known and
	// cannot be computed here (argon2d, Argon2 version 1.0, keyid= or data=,
	// bcrypt $2x$). Nobody can log in with such a row. It says nothing about
	// the password.
	ErrUnsupported = errors.New(
		"hash: stored hash is of an unsupported variant",
	)

	// ErrOverLimit is returned when a parameter of the stored string is outside
	// [Limits], or its memory is more than the limiter's whole budget. Nothing
	// was derived.
	ErrOverLimit = errors.New(
		"hash: stored hash is outside the accepted limits",
	)

	// ErrNUL is returned by [Hasher.Hash] for a password that holds a NUL.
	ErrNUL = errors.New("hash: password holds a NUL")

	// ErrPasswordTooLong is returned by [Hasher.Hash] for more bytes than it
	// may take.
	ErrPasswordTooLong = errors.New("hash: password is too long")

	// ErrEmptyPassword is returned by [Hasher.Hash] for an empty password.
	ErrEmptyPassword = errors.New("hash: password is empty")

	// ErrNotUTF8 is returned by [Hasher.Hash] for bytes that are not valid
	// UTF-8.
	ErrNotUTF8 = errors.New("hash: password is not valid UTF-8")

	// ErrUnknownPepper is returned when the row was made with a pepper that is
	// not configured. It is an operator's alarm. A key was removed while rows
	// still need it.
	ErrUnknownPepper = errors.New(
		"hash: stored hash needs a pepper that is not configured",
	)

	// ErrFIPS is returned when GODEBUG=fips140=only refused a primitive that
	// the row needs. See Config.LegacyInFIPS.
	ErrFIPS = errors.New("hash: not allowed while FIPS 140 mode is enforced")
)

// errPanic is what a recovered panic of a derivation becomes. The panic value
// is dropped, because it could quote its input.
var errPanic = errors.New("hash: derivation failed")

// A FormatError says which part of which scheme made a stored string unusable.
// It unwraps to [ErrMalformed], [ErrUnsupported], [ErrOverLimit],
// [ErrUnknownPepper] or, for a format that is known by name only,
// [ErrUnknownFormat]. It never holds the stored string or a value from it.
type FormatError struct {
	// Scheme names the scheme that claimed the string, or its format.
	Scheme string
	// Field is the parameter or part, "m" or "salt" for example.
	Field string
	// Err is the sentinel.
	Err error
}

// Error returns the sentinel's text with the scheme and the field.
func (e *FormatError) Error() string {
	return fmt.Sprintf("%s (%s, %s)", e.Err.Error(), e.Scheme, e.Field)
}

// Unwrap returns the sentinel.
func (e *FormatError) Unwrap() error { return e.Err }

func malformed(scheme, field string) error {
	return &FormatError{Scheme: scheme, Field: field, Err: ErrMalformed}
}

func unsupported(scheme, field string) error {
	return &FormatError{Scheme: scheme, Field: field, Err: ErrUnsupported}
}

func overLimit(scheme, field string) error {
	return &FormatError{Scheme: scheme, Field: field, Err: ErrOverLimit}
}
