package hash

import (
	"crypto/fips140"
	"errors"

	"github.com/lostkey-go/lostkey/hash/internal/format"
)

// checkUnenforced runs a stored row's check outside of fips140=only.
func checkUnenforced(rec Record, password string) (ok bool, err error) {
	fips140.WithoutEnforcement(func() { ok, err = rec.Check(password) })
	return ok, err
}

// panicError is what a panic inside a derivation becomes. The standard library
// panics rather than returning an error when fips140=only meets a refused
// primitive. Apart from that, the bounds leave nothing known to panic.
func panicError() error {
	if fips140.Enforced() {
		return ErrFIPS
	}
	return errPanic
}

// fipsError turns an error of the standard library's own check into ErrFIPS.
// With every parameter bounded, enforcement is the only reason for one.
func fipsError(err error) error {
	if err != nil && fips140.Enforced() && errors.Is(err, format.ErrKDF) {
		return ErrFIPS
	}
	return err
}

// nonFIPS refuses to make new hashes with an algorithm that FIPS 140 does not
// approve while its use is enforced.
func nonFIPS(name string) error {
	if fips140.Enforced() {
		return errors.New(
			"hash: Config.Params: " + name +
				" is not approved under fips140=only; use PBKDF2SHA256",
		)
	}
	return nil
}
