package reset

import (
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// ErrRejected is what every refused link matches: forged, expired, used, of
// another purpose or site, or of an account that is gone or disabled. It is
// [token.ErrRejected]. Its text is safe to show. Operators find the reason in
// the event, or with errors.AsType[*token.RejectedError].
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
	// ErrQueueFull says that no mail can be queued. [Service.Request] hides it.
	ErrQueueFull = errors.New("reset: the mail queue is full")
	// ErrJobRefused says that [Service.Process] did not make the job, or that
	// it was changed since. To repeat it is useless.
	ErrJobRefused = errors.New("reset: the job is refused")
	// ErrUnknownSite says that this process has not called [Service.For] for
	// the [Site] of a job. A repetition may find one that has.
	ErrUnknownSite = errors.New("reset: the job's site is not known here")
	// ErrUserDisabled says that the account is disabled.
	ErrUserDisabled = errors.New("reset: the account is disabled")
	// ErrNotEligible says that Hooks.Eligible refused the account.
	ErrNotEligible = errors.New("reset: the account may not use this flow")
	// ErrNoPassword says that there is no password to reset. Invite the
	// account.
	ErrNoPassword = errors.New("reset: the account has no password")
	// ErrBadAddress says that no mail can be sent to the stored address.
	ErrBadAddress = errors.New(
		"reset: no mail can be sent to the account's address",
	)
	// ErrUnknownOutcome says that nobody can tell whether Confirm stored the
	// new password. The write may yet come into force. A visitor should try to
	// sign in with it, and if that fails open the link again.
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
	// Confirm returns then. The link stays good. Its text is safe to show.
	ErrProofRefused = errors.New("reset: the second proof is refused")
	// ErrHasPassword says that there is a password, so no invitation.
	ErrHasPassword = errors.New("reset: the account already has a password")
)

// A ThrottledError says that a client, its network, an account or the whole
// site has had its share of attempts. [Service.Request] does not return it for
// accounts.
type ThrottledError struct {
	// RetryAfter is how long to wait, a second at least.
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
