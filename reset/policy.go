package reset

import "context"

// A Policy judges a new password. It returns nil, or an error that is or wraps
// a *policy.Error of the reset/policy package, which Confirm returns as it is.
// Any other error means that it cannot decide. Words are what the password
// should not consist of. They are the product, the site's host, and the
// account's address, whole and up to the '@'. A Policy must be safe for
// concurrent use.
type Policy interface {
	Check(ctx context.Context, password string, words []string) error
}
