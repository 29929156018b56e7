package reset

import (
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// ErrRejected is what every refused link matches, whatever the reason. The link
// may be forged, expired, used, of another purpose or site, or of an account
// that is gone or disabled. The text of the error is safe to show. ErrRejected
// is the same value as [token.ErrRejected]. Operators find the reason in the
// event, or with errors.AsType[*token.RejectedError].
var ErrRejected = token.ErrRejected

var (
	// ErrUserNotFound is what Store.FindByID returns, or wraps, when there is
	// no such account.
	ErrUserNotFound = errors.New("reset: user not found")
	// ErrStale is what Store.ReplaceHash returns, or wraps, when the row no
	// longer matches what was verified.
	ErrStale = errors.New("reset: the account has changed since it was read")
	// ErrInvalidAddress is the answer to text that cannot be one plain mail
	// address. It says nothing about accounts.
	ErrInvalidAddress = errors.New("reset: not a mail address")
	// ErrClosed is the answer to requests after Shutdown has begun.
	ErrClosed = errors.New("reset: the service is shut down")
	// ErrQueueFull is the answer to [Service.SendReset], [Service.Invite] and
	// [Service.NotifyChanged] when no more mail can be queued.
	// [Service.Request] never returns it.
	ErrQueueFull = errors.New("reset: the mail queue is full")
	// ErrJobRefused is what [Service.Process] returns, wrapped, for a job that
	// it did not make or that was changed since. No repetition makes it better.
	ErrJobRefused = errors.New("reset: the job is refused")
	// ErrUnknownSite is what [Service.Process] returns, wrapped, for a job of a
	// [Site] that this process has not called [Service.For] for. A repetition
	// may find a process that has.
	ErrUnknownSite = errors.New("reset: the job's site is not known here")
	// ErrUserDisabled is the answer to making a link for a disabled account.
	ErrUserDisabled = errors.New("reset: the account is disabled")
	// ErrNotEligible is the answer to making a link for an account that
	// Config.Hooks.Eligible does not let use this flow.
	ErrNotEligible = errors.New("reset: the account may not use this flow")
	// ErrNoPassword is the answer to making a reset link for an account without
	// a password. Invite it instead.
	ErrNoPassword = errors.New("reset: the account has no password")
	// ErrBadAddress is the answer to mailing an account whose stored address no
	// mail can be sent to.
	ErrBadAddress = errors.New(
		"reset: no mail can be sent to the account's address",
	)
	// ErrUnknownOutcome is what Confirm's error matches when nobody can tell
	// whether the new password was stored. The write may yet come into force. A
	// visitor should try to sign in with the new password, and if that fails
	// open the link again.
	ErrUnknownOutcome = errors.New(
		"reset: it is not known whether the new password is stored; try to " +
			"sign in with it",
	)
	// ErrStillValid is what [Service.Redeem] returns, wrapped, when the link is
	// good after it was used. What was asked for is done.
	ErrStillValid = errors.New(
		"reset: the link is still good after it was used, because nothing " +
			"that it is bound to has changed",
	)
	// ErrProofRefused is what Hooks.BeforeConfirm returns, or wraps, when it
	// refuses a second proof, and what Confirm returns then. The link stays
	// good. Its text is safe to show.
	ErrProofRefused = errors.New("reset: the second proof is refused")
	// ErrHasPassword is the answer to inviting an account that has a password
	// already.
	ErrHasPassword = errors.New("reset: the account already has a password")
)

// A ThrottledError says that a client, its network, an account or the whole
// site has had its share of attempts. [Service.Request] does not return it for
// accounts. A throttled one gets the usual answer, or the throttle would tell
// which addresses were tried.
type ThrottledError struct {
	// RetryAfter is how long to wait before an attempt can succeed. It is at
	// least a second.
	RetryAfter time.Duration
}

func (e *ThrottledError) Error() string {
	return "reset: too many attempts, try again later"
}

// A ShutdownError says that Shutdown's context ended before everything was
// sent.
type ShutdownError struct {
	// Unfinished is the number of queued mails that were given up.
	Unfinished int
	// Err is the context's error.
	Err error
}

func (e *ShutdownError) Error() string {
	return fmt.Sprintf(
		"reset: shutdown gave up %d queued mails: %v", e.Unfinished, e.Err,
	)
}

// Unwrap returns the context's error.
func (e *ShutdownError) Unwrap() error { return e.Err }
