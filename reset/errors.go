package reset

import (
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// ErrRejected is what every refused link matches: forged, expired, used, of
// another purpose or site, or of an account that is gone or disabled. Its text
// is safe to show. The reason is a *[token.RejectedError], and in the event.
var ErrRejected = token.ErrRejected

var (
	// ErrUserNotFound is for Store.FindByID to return, or wrap.
	ErrUserNotFound = errors.New("reset: user not found")
	// ErrStale is for Store.ReplaceHash to return, or wrap.
	ErrStale = errors.New("reset: the account has changed since it was read")
	// ErrInvalidAddress says that a text is not one plain mail address.
	ErrInvalidAddress = errors.New("reset: not a mail address")
	// ErrClosed says that Shutdown has begun. Links still work.
	ErrClosed = errors.New("reset: the service is shut down")
	// ErrQueueFull is for a full mail queue. [Service.Request] hides it.
	ErrQueueFull = errors.New("reset: the mail queue is full")
	// ErrJobRefused says that [Service.Process] cannot take a job for its own.
	ErrJobRefused = errors.New("reset: the job is refused")
	// ErrUnknownSite says that this process has not called [Service.For] for
	// the site of a job. Another may have.
	ErrUnknownSite = errors.New("reset: the job's site is not known here")
	// ErrUserDisabled is for a disabled account.
	ErrUserDisabled = errors.New("reset: the account is disabled")
	// ErrNotEligible says that Hooks.Eligible refused the account.
	ErrNotEligible = errors.New("reset: the account may not use this flow")
	// ErrNoPassword says that there is nothing to reset.
	ErrNoPassword = errors.New("reset: the account has no password")
	// ErrNoAddress says that no mail can be sent to the stored address.
	ErrNoAddress = errors.New(
		"reset: no mail can be sent to the account's address",
	)
	// ErrUnknownOutcome says that the new password may be stored, or may yet
	// be. If it does not sign in, the visitor can open the link again.
	ErrUnknownOutcome = errors.New(
		"reset: it is not known whether the new password is stored; try to " +
			"sign in with it",
	)
	// ErrStillValid says that a link is good after [Service.Redeem] used it.
	// What was asked for is done.
	ErrStillValid = errors.New(
		"reset: the link is still good after it was used, because nothing " +
			"that it is bound to has changed",
	)
	// ErrProofRefused is for Hooks.BeforeConfirm to return, or wrap, and what
	// Confirm returns then. Its text is safe to show.
	ErrProofRefused = errors.New("reset: the second proof is refused")
	// ErrHasPassword says that there is nothing to invite for.
	ErrHasPassword = errors.New("reset: the account already has a password")
)

// A ThrottledError says that a limit is used up. For Limits.Account, Request
// returns nil instead.
type ThrottledError struct {
	// RetryAfter is how long to wait, a second at least.
	RetryAfter time.Duration
}

func (e *ThrottledError) Error() string {
	return "reset: too many attempts, try again later"
}

// A ShutdownError says that Shutdown's context ended before all was sent.
type ShutdownError struct {
	// Unfinished is how many mails were given up.
	Unfinished int
	Err        error
}

func (e *ShutdownError) Error() string {
	return fmt.Sprintf(
		"reset: shutdown gave up %d queued mails: %v", e.Unfinished, e.Err,
	)
}

// Unwrap returns Err.
func (e *ShutdownError) Unwrap() error { return e.Err }
