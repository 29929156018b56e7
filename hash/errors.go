package hash

import (
	"errors"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// The text of every error is constant and may be logged.
var (
	// ErrBusy is returned when the queue for [Slots] is full. Answer "try again
	// later" (503 with Retry-After) and do not count it as a wrong password.
	ErrBusy = errors.New("hash: too many derivations waiting")

	// ErrMalformed is returned for a known prefix with a broken rest.
	ErrMalformed = format.ErrMalformed

	// ErrUnknownFormat is returned when no accepted scheme claims the stored
	// string. For a known format it is in a [FormatError].
	ErrUnknownFormat = format.ErrUnknownFormat

	// ErrUnsupported is returned for stored strings that are well known and
	// cannot be computed here: Argon2 with keyid= or data=, bcrypt $2x$. Nobody
	// can log in with such a row, whatever the password.
	ErrUnsupported = format.ErrUnsupported

	// ErrOutOfBounds is returned when a parameter of the stored string is
	// outside [Bounds], or its memory is more than the slots have in all.
	// Nothing was derived.
	ErrOutOfBounds = format.ErrOutOfBounds

	// ErrNUL is what [Hasher.Hash] returns for a password that holds a NUL.
	ErrNUL = errors.New("hash: password holds a NUL")

	// ErrPasswordTooLong is what [Hasher.Hash] returns above
	// [MaxPasswordBytes], above 4096 bytes in the form of Config.Normalize, or
	// above 72 bytes for bcrypt.
	ErrPasswordTooLong = errors.New("hash: password is too long")

	// ErrEmptyPassword is what [Hasher.Hash] returns for an empty password.
	ErrEmptyPassword = errors.New("hash: password is empty")

	// ErrNotUTF8 is what [Hasher.Hash] returns for bytes that are not valid
	// UTF-8.
	ErrNotUTF8 = errors.New("hash: password is not valid UTF-8")

	// ErrUnknownPepper is returned when the row was made with a pepper that is
	// not configured. It is an operator's alarm: a key was removed while rows
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

// FormatError says which part of which scheme made a stored string unusable,
// and holds nothing of that string. Find it with errors.As and *FormatError. It
// unwraps to its Err. Its fields are
//
//	Scheme string
//	    The scheme that claimed the string, or the name of its format.
//
//	Field string
//	    The parameter or part, "m" or "salt" for example.
//
//	Preset string
//	    What reads the format and was not accepted, "legacy.Django()" for
//	    example. Empty where nothing does, and beside other errors than
//	    ErrUnknownFormat.
//
//	Err error
//	    ErrMalformed, ErrUnsupported, ErrOutOfBounds, ErrUnknownPepper or
//	    ErrUnknownFormat.
type FormatError = format.Error
