package reset

import (
	"context"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// An Outcome is one way in which a step of the flow ended. The texts are stable: they may be stored and
// searched for.
type Outcome string

// Outcomes of a request for a link, on the visitor's side.
const (
	OutcomeRequested      Outcome = "requested"       // accepted and queued, whatever the address
	OutcomeThrottled      Outcome = "throttled"       // Reason says which limit; also for confirmations
	OutcomeBlocked        Outcome = "blocked"         // the client is on the block list; also for confirmations
	OutcomeDropped        Outcome = "dropped"         // the queue was full, also after requested; the visitor got the usual answer
	OutcomeDispatchFailed Outcome = "dispatch-failed" // Config.Dispatch returned an error
	OutcomeLimiterFailed  Outcome = "limiter-failed"  // Reason says which limit; the fallback decided
	OutcomeEventsLost     Outcome = "events-lost"     // Count says how many events of requests could not be recorded in time
)

// Outcomes of a queued mail, on the worker's side.
const (
	OutcomeSkipped     Outcome = "skipped"      // no link was sent; Reason says why
	OutcomeMailed      Outcome = "mailed"       // a link was handed to the mailer
	OutcomeInvited     Outcome = "invited"      // an invitation was handed to the mailer
	OutcomeHinted      Outcome = "hinted"       // an opt-in mail without a link was handed to the mailer; Reason says which
	OutcomeMailDelayed Outcome = "mail-delayed" // a try failed and will be repeated
	OutcomeMailFailed  Outcome = "mail-failed"  // given up
	OutcomeJobRefused  Outcome = "job-refused"  // Process was given a job it may not do; Reason says why
)

// Outcomes of using a link.
const (
	OutcomeCheckRejected   Outcome = "check-rejected"   // Check refused a link; Reason says why
	OutcomeRejected        Outcome = "rejected"         // Confirm refused a link; Reason says why
	OutcomePasswordRefused Outcome = "password-refused" // by the policy; the link stays good
	OutcomeConfirmed       Outcome = "confirmed"        // the new hash is stored
	OutcomeLostRace        Outcome = "lost-race"        // the link was good when verified, and no longer when written
	OutcomeConfirmFailed   Outcome = "confirm-failed"   // an internal error; the link stays good unless Reason is "unknown", when the write may yet come into force
	OutcomeSessionsFailed  Outcome = "sessions-failed"  // the password is changed, or may be, and old sessions may be alive
	OutcomeHookFailed      Outcome = "hook-failed"      // the password is changed, a hook of Config.OnConfirmed failed
	OutcomeNoticeMailed    Outcome = "notice-mailed"    // the notice of the change was handed to the mailer
	OutcomeNoticeFailed    Outcome = "notice-failed"    // the password is changed, or may be, and the notice was given up
	OutcomeLinkMade        Outcome = "link-made"        // Link made one without sending it
)

// Reasons of [OutcomeSkipped]. Rejections carry the text of a [token.Reason], or one of ReasonDisabled,
// ReasonNoPassword and ReasonHasPassword.
const (
	ReasonUnknownAddress  = "unknown-address"
	ReasonAddressMismatch = "address-mismatch"  // the store returned an account with another address, a look-alike perhaps
	ReasonBadAddress      = "bad-address"       // the stored address is not one that mail can be sent to
	ReasonBadUser         = "bad-user"          // the store returned an account without an id, or with another id
	ReasonDisabled        = "disabled"          // also at confirmation
	ReasonNoPassword      = "no-password"       // also at confirmation
	ReasonHasPassword     = "has-password"      // an invitation, and the account has a password by now
	ReasonTooMany         = "too-many-accounts" // more accounts on one address than are mailed
	ReasonTooLate         = "too-late"          // the job waited longer than the mail would be of use
	ReasonThrottled       = "throttled"         // the account has had its share of mail, whatever was typed
)

// Reasons of [OutcomeJobRefused].
const (
	ReasonBadMAC  = "bad-mac"  // forged, changed, or made with a key that the ring no longer has; the event says nothing that the job says
	ReasonBadDate = "bad-date" // from the future, beyond what clocks may disagree, or without a date
	ReasonBadKind = "bad-kind" // of a kind that this version does not know
)

// Reasons of [OutcomeThrottled] and [OutcomeLimiterFailed].
const (
	LimitGlobal        = "global"
	LimitClient        = "client"
	LimitNetwork       = "network"
	LimitShare         = "share" // the site is at its bound, and this network was granted more than its share
	LimitAccount       = "account"
	LimitConfirmClient = "confirm-client"
	LimitConfirmUser   = "confirm-user"
)

// Reasons of [OutcomeMailFailed], [OutcomeNoticeFailed] and [OutcomeConfirmFailed].
const (
	ReasonRefused  = "refused"  // the mailer said that it can never be delivered
	ReasonRender   = "render"   // the mail or its link could not be made
	ReasonGaveUp   = "gave-up"  // tried until the mail would have been of no use
	ReasonUnknown  = "unknown"  // nobody can tell whether it was done: the mailer twice, or the store
	ReasonShutdown = "shutdown" // the process ended first
	ReasonQueue    = "queue"    // the mail could not be queued, or found no room to wait for its next attempt
	ReasonPanic    = "panic"    // Err is a *PanicError
	ReasonBusy     = "busy"     // the hasher's queue was full
	ReasonStore    = "store"
	ReasonHash     = "hash"
	ReasonPolicy   = "policy"
)

// An Event is one outcome. It never holds a token, a link, an address, a password, a hash or a key, and texts
// that come from errors of the application's own store and mailer have those removed which the Service knows
// of.
type Event struct {
	Outcome Outcome
	Time    time.Time
	// Client is who asked or confirmed, as the application gave it. The zero Addr means unknown.
	Client netip.Addr
	// UserID is empty when no account is known.
	UserID string
	// RequestID joins what became of one request: requested, then skipped or mailed, once per account.
	RequestID string
	// TokenID joins a link with its use: mailed, then confirmed or rejected. See [token.Token.ID].
	TokenID string
	Purpose token.Purpose
	// Reason is one of the constants above, the text of a [token.Reason], for
	// OutcomePasswordRefused the codes of package policy with commas between them,
	// for OutcomeHinted the kind of the mail, or empty.
	Reason string
	// Count is how many events OutcomeEventsLost stands for, else 0.
	Count int
	// Err is the internal error behind the outcome, or nil.
	Err error
}

// A Sink records events, concurrently. Record is called on the goroutine that made the event, except for what
// [Service.Request] records: a background goroutine passes that on, so that a slow sink cannot slow, or vary,
// the answer. The context is not the visitor's; it ends after five seconds. A panic in Record is recovered and
// lost.
type Sink interface {
	Record(ctx context.Context, ev Event)
}

// A SinkFunc is a function that is a [Sink].
type SinkFunc func(ctx context.Context, ev Event)

// Record calls f.
func (f SinkFunc) Record(ctx context.Context, ev Event) { f(ctx, ev) }

// Sinks is a [Sink] that records to each of its members in turn.
type Sinks []Sink

// Record records to each member.
func (s Sinks) Record(ctx context.Context, ev Event) {
	for _, sink := range s {
		sink.Record(ctx, ev)
	}
}
