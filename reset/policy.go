package reset

import "context"

// A Policy judges a new password. It returns nil, a *policy.Error of the reset/policy package (or another error type that the
// application's pages know), which Confirm returns unchanged, or any other error when it cannot decide. Words are what the
// password should not consist of: the product, the site's host and the account's address. It must be safe for concurrent use.
type Policy interface {
	Check(ctx context.Context, password string, words []string) error
}
