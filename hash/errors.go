package hash

import (
	"errors"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// Errors about a stored string, and about the load. The text of every error is
// constant and may be logged.
var (
	// ErrBusy says that the queue for [Slots] is full. Answer "try again later"
	// (503 with Retry-After) and do not count it as a wrong password.
	ErrBusy = errors.New("hash: too many derivations waiting")

	// ErrMalformed says that the stored string begins like a known format and
	// goes on in another way.
	ErrMalformed = format.ErrMalformed

	// ErrUnknownFormat says that no accepted scheme claims the stored string.
	// For a known format it is in a [FormatError].
	ErrUnknownFormat = format.ErrUnknownFormat

	// ErrUnsupported says that the stored string is well known and cannot be
	// computed here: Argon2 with keyid= or data=, bcrypt $2x$. No password
	// opens such a row.
	ErrUnsupported = format.ErrUnsupported

	// ErrOutOfBounds says that a parameter of the stored string is outside
	// [Bounds], or its memory more than the slots have in all. Nothing was
	// derived.
	ErrOutOfBounds = format.ErrOutOfBounds

	// ErrUnknownPepper says that the row needs a pepper that is not configured.
	// It is an alarm: a key was removed too early.
	ErrUnknownPepper = errors.New(
		"hash: stored hash needs a pepper that is not configured",
	)

	// ErrFIPS says that GODEBUG=fips140=only refused what the row needs, see
	// Config.LegacyInFIPS.
	ErrFIPS = errors.New("hash: not allowed while FIPS 140 mode is enforced")
)

// What [Hasher.Hash] says of a password that it refuses.
var (
	ErrEmptyPassword = errors.New("hash: password is empty")
	ErrNotUTF8       = errors.New("hash: password is not valid UTF-8")
	ErrNUL           = errors.New("hash: password holds a NUL")

	// ErrPasswordTooLong is for more than [MaxPasswordBytes], more than 4096
	// bytes once normalised, or more than 72 bytes for bcrypt.
	ErrPasswordTooLong = errors.New("hash: password is too long")
)

// errPanic is what a recovered panic of a derivation becomes. The panic value
// is dropped, because it could quote its input.
var errPanic = errors.New("hash: derivation failed")

// FormatError says what is wrong with a stored string, and holds nothing of it.
// Find it with errors.As and *FormatError. It unwraps to its Err. Its fields
// are
//
//	Scheme string  the scheme that claimed the string, or the format's name
//	Field  string  the parameter or part, such as "m" or "salt"
//	Preset string  with ErrUnknownFormat, what reads the format, such as
//	               "legacy.Django()"; empty where nothing does
//	Err    error   ErrMalformed, ErrUnsupported, ErrOutOfBounds,
//	               ErrUnknownPepper or ErrUnknownFormat
type FormatError = format.Error
