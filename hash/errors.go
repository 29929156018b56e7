package hash

import (
	"errors"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Every error text here is constant. None holds a password, a stored hash, a
// salt or a pepper, so all of them may be logged as they are.
var (
	// ErrBusy is returned when the queue for [Slots] is full. Answer "try again
	// later" (503 with Retry-After) and do not count it as a wrong password.
	ErrBusy = errors.New("hash: too many derivations waiting")

	// ErrMalformed is returned when the stored string has a known prefix and a
	// broken rest.
	ErrMalformed = format.ErrMalformed

	// ErrUnknownFormat is returned when no accepted scheme claims the stored
	// string. Where the format is a known one, the error is a [FormatError]
	// with its name, and with the preset that reads it if there is one.
	ErrUnknownFormat = format.ErrUnknownFormat

	// ErrUnsupported is returned when the stored string is well known and
	// cannot be computed here: Argon2 with keyid= or data=, bcrypt $2x$. Nobody
	// can log in with such a row. It says nothing about the password.
	ErrUnsupported = format.ErrUnsupported

	// ErrOutOfBounds is returned when a parameter of the stored string is
	// outside [Bounds], or its memory is more than the slots have in all.
	// Nothing was derived.
	ErrOutOfBounds = format.ErrOutOfBounds

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
// It never holds the stored string or a value from it. Find it with errors.As
// and *FormatError. It unwraps to its Err, and is a struct of these fields:
//
//	Scheme string
//	    The scheme that claimed the string, or the name of its format.
//
//	Field string
//	    The parameter or part, "m" or "salt" for example.
//
//	Preset string
//	    What reads the format and was not accepted, "legacy.Django()" for
//	    example. It is empty where nothing does, and beside other errors than
//	    ErrUnknownFormat.
//
//	Err error
//	    ErrMalformed, ErrUnsupported, ErrOutOfBounds, ErrUnknownPepper or
//	    ErrUnknownFormat.
type FormatError = format.Error
