package token

import (
	"errors"
	"fmt"
	"io"
)

// ErrRejected is matched, with [errors.Is], by every rejection of
// [Signer.Verify]. Its text is constant and safe to show to anybody: it is the
// same for a forged, an expired and a used link.
var ErrRejected = errors.New("token: rejected")

// ErrUnknownUser is what the load function of [Signer.Verify] returns, or
// wraps, when there is no user with that id (or none who may use the token).
// It becomes a rejection with [ReasonUnknownUser]. Any other error of the load
// function is a failure, not a rejection.
var ErrUnknownUser = errors.New("token: unknown user")

// Reason says to an operator why a token was rejected. It must not reach the
// visitor: telling "expired" from "forged" helps whoever probes.
type Reason string

// The reasons, in the order in which [Signer.Verify] comes to them.
const (
	ReasonMalformed    Reason = "malformed"      // not the shape of a token: over-long, cut short, another alphabet, or claims that Issue would not write
	ReasonUnknownKey   Reason = "unknown-key"    // the header is not, byte for byte, one that a key of the ring writes: retired or foreign key, other algorithm, extra member
	ReasonWrongPurpose Reason = "wrong-purpose"  // the header is one of ours, but for another purpose of this Signer
	ReasonSignature    Reason = "signature"      // the MAC does not fit: altered, forged, or made for another site
	ReasonExpired      Reason = "expired"        // exp has come
	ReasonNotYetValid  Reason = "not-yet-valid"  // iat lies in the future by more than the leeway
	ReasonTooLongLived Reason = "too-long-lived" // well signed, but for longer than this Signer allows
	ReasonUnknownUser  Reason = "unknown-user"   // the load function found no user with exactly that id
	ReasonStale        Reason = "stale"          // the password, address or stamp is no longer the one the token was made for: used, or overtaken
)

// String returns the reason as a lower-case word for logs and metrics.
func (r Reason) String() string { return string(r) }

// RejectedError carries the reason of a rejection to an operator. Reach it with
// [errors.As] or errors.AsType[*RejectedError]; a type assertion is not
// promised to work. UserID and TokenID are empty unless the MAC was good, so
// that nobody can write text of his own into a log. Its text, under every
// print verb, is that of [ErrRejected].
type RejectedError struct {
	Reason  Reason
	UserID  string
	TokenID string
}

func (e *RejectedError) Error() string { return ErrRejected.Error() }

// Unwrap makes the error match [ErrRejected].
func (e *RejectedError) Unwrap() error { return ErrRejected }

// Format prints the constant text, whatever the verb.
func (e *RejectedError) Format(f fmt.State, _ rune) { printText(f, ErrRejected.Error()) }

// refusal is a rejection from before the MAC was good: it has a reason and
// nothing else. Being a constant, it costs no allocation, so that a flood of
// junk makes no garbage, and being unexported, it cannot be altered by a
// caller: each one who asks gets a RejectedError of his own.
type refusal Reason

func (r refusal) Error() string { return ErrRejected.Error() }

func (r refusal) Unwrap() error { return ErrRejected }

func (r refusal) Format(f fmt.State, _ rune) { printText(f, ErrRejected.Error()) }

func (r refusal) As(target any) bool {
	rejected, ok := target.(**RejectedError)
	if ok {
		*rejected = &RejectedError{Reason: Reason(r)}
	}
	return ok
}

// printText is the body of every Format method here. A fmt.State never fails
// to write.
func printText(f fmt.State, text string) { _, _ = io.WriteString(f, text) }
