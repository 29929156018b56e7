package token

import (
	"errors"
	"fmt"
)

// ErrRejected is what every rejection by [Signer.Verify] matches. Its text is
// the same for forged, expired and used links, and safe to show to anybody.
var ErrRejected = errors.New("token: rejected")

// ErrUnknownUser is what the load function of [Signer.Verify] returns, wrapped
// or not, if no user with that id may use the token.
var ErrUnknownUser = errors.New("token: unknown user")

// Reason says why a token was rejected. It is for operators. Shown to visitors,
// it helps those who probe to tell forged tokens from expired ones.
type Reason string

// The reasons, in the order in which [Signer.Verify] checks for them.
const (
	// The text is no token: too long, cut short, in another alphabet, or with
	// claims that Issue does not write.
	ReasonMalformed Reason = "malformed"

	// No key of the ring writes this header: the key is retired or foreign, or
	// the header asks for something else.
	ReasonUnknownKey Reason = "unknown-key"

	// The header is one of ours, for another purpose.
	ReasonWrongPurpose Reason = "wrong-purpose"

	// The MAC is wrong: the token is altered, forged, or from another site.
	ReasonSignature Reason = "signature"

	// The time of expiry has come.
	ReasonExpired Reason = "expired"

	// The time of issue is in the future, by more than the leeway.
	ReasonNotYetValid Reason = "not-yet-valid"

	// The token is well signed, but lives longer than this Signer allows.
	ReasonTooLongLived Reason = "too-long-lived"

	// The load function found no user with exactly that id.
	ReasonUnknownUser Reason = "unknown-user"

	// The password, the address or the stamp has changed since the token was
	// issued. So it is after a token was used.
	ReasonStale Reason = "stale"
)

// String returns the reason as a word for logs and metrics.
func (r Reason) String() string { return string(r) }

// RejectedError has the reason of a rejection. Get it with errors.As or
// errors.AsType, not with a type assertion. UserID and TokenID are empty unless
// the MAC was good, so nobody can write text of their choice into a log. It
// prints the text of [ErrRejected].
type RejectedError struct {
	Reason  Reason
	UserID  string
	TokenID string
}

func (e *RejectedError) Error() string { return ErrRejected.Error() }

// Unwrap returns [ErrRejected].
func (e *RejectedError) Unwrap() error { return ErrRejected }

// Format is Error for every verb.
func (e *RejectedError) Format(f fmt.State, _ rune) { printText(f, e.Error()) }

// refusal is a rejection from before the MAC was good. It is a constant, so a
// flood of junk allocates nothing. It is not exported, so no caller can change
// it: errors.As makes a new RejectedError each time.
type refusal Reason

func (r refusal) Error() string { return ErrRejected.Error() }

func (r refusal) Unwrap() error { return ErrRejected }

func (r refusal) Format(f fmt.State, _ rune) { printText(f, r.Error()) }

func (r refusal) As(target any) bool {
	rejected, ok := target.(**RejectedError)
	if ok {
		*rejected = &RejectedError{Reason: Reason(r)}
	}
	return ok
}
