package reset

import (
	"context"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// An Outcome is one way in which a step of the flow ended. The texts are
// stable. They may be stored and searched for.
type Outcome string

// Outcomes of a request for a link, on the visitor's side.
const (
	// OutcomeRequested says that a request was accepted and queued, whatever
	// the address.
	OutcomeRequested Outcome = "requested"
	// OutcomeThrottled says that a limit was reached. Reason says which limit.
	// It is also used for confirmations.
	OutcomeThrottled Outcome = "throttled"
	// OutcomeBlocked says that the client is on the block list. It is also used
	// for confirmations.
	OutcomeBlocked Outcome = "blocked"
	// OutcomeDropped says that the queue was full, also after requested. The
	// visitor got the usual answer.
	OutcomeDropped Outcome = "dropped"
	// OutcomeDispatchFailed says that Config.Queue.Dispatch returned an error.
	OutcomeDispatchFailed Outcome = "dispatch-failed"
	// OutcomeLimiterFailed says that a limiter failed. Reason says which limit.
	// The fallback decided.
	OutcomeLimiterFailed Outcome = "limiter-failed"
	// OutcomeEventsLost stands for events of requests that could not be
	// recorded in time. Count says how many.
	OutcomeEventsLost Outcome = "events-lost"
)

// Outcomes of a queued mail, on the worker's side.
const (
	// OutcomeSkipped says that no link was sent. Reason says why.
	OutcomeSkipped Outcome = "skipped"
	// OutcomeMailed says that a link was handed to the mailer.
	OutcomeMailed Outcome = "mailed"
	// OutcomeInvited says that an invitation was handed to the mailer.
	OutcomeInvited Outcome = "invited"
	// OutcomeHinted says that an opt-in mail without a link was handed to the
	// mailer. Reason says which.
	OutcomeHinted Outcome = "hinted"
	// OutcomeMailDelayed says that an attempt failed and will be repeated.
	OutcomeMailDelayed Outcome = "mail-delayed"
	// OutcomeMailFailed says that a mail was given up.
	OutcomeMailFailed Outcome = "mail-failed"
	// OutcomeJobRefused says that Process was given a job it may not do. Reason
	// says why.
	OutcomeJobRefused Outcome = "job-refused"
)

// Outcomes of using a link.
const (
	// OutcomeCheckRejected says that Check refused a link. Reason says why.
	OutcomeCheckRejected Outcome = "check-rejected"
	// OutcomeRejected says that Confirm refused a link. Reason says why.
	OutcomeRejected Outcome = "rejected"
	// OutcomePasswordRefused says that the policy refused the password. The
	// link stays good.
	OutcomePasswordRefused Outcome = "password-refused"
	// OutcomeConfirmed says that the new hash is stored.
	OutcomeConfirmed Outcome = "confirmed"
	// OutcomeLostRace says that the link was good when verified, and no longer
	// when written.
	OutcomeLostRace Outcome = "lost-race"
	// OutcomeConfirmFailed is an internal error. The link stays good unless
	// Reason is "unknown", when the write may yet come into force.
	OutcomeConfirmFailed Outcome = "confirm-failed"
	// OutcomeSessionsFailed says that the password is changed, or may be, and
	// old sessions may be alive.
	OutcomeSessionsFailed Outcome = "sessions-failed"
	// OutcomeHookFailed says that the password is changed, and a hook of
	// Config.Hooks.OnConfirmed failed.
	OutcomeHookFailed Outcome = "hook-failed"
	// OutcomeNoticeMailed says that the notice of the change was handed to the
	// mailer.
	OutcomeNoticeMailed Outcome = "notice-mailed"
	// OutcomeNoticeFailed says that the password is changed, or may be, and the
	// notice was given up.
	OutcomeNoticeFailed Outcome = "notice-failed"
	// OutcomeLinkRewritten says that links reached the server in another form
	// than they were mailed in, Count of them since the event before. A mail
	// gateway or a mail program stands between. See [Service.LinkRewritten].
	OutcomeLinkRewritten Outcome = "link-rewritten"
	// OutcomeLinkMade says that Link made a link without sending it.
	OutcomeLinkMade Outcome = "link-made"
)

// Reasons of [OutcomeSkipped]. Rejections carry the text of a [token.Reason],
// or one of ReasonDisabled, ReasonNoPassword and ReasonHasPassword.
const (
	ReasonUnknownAddress = "unknown-address"
	// ReasonAddressMismatch says that the store returned an account with
	// another address, a look-alike perhaps.
	ReasonAddressMismatch = "address-mismatch"
	// ReasonBadAddress says that the stored address is not one that mail can be
	// sent to.
	ReasonBadAddress = "bad-address"
	// ReasonBadUser says that the store returned an account without an id, or
	// with another id.
	ReasonBadUser = "bad-user"
	// ReasonDisabled is also used at confirmation.
	ReasonDisabled = "disabled"
	// ReasonNoPassword is also used at confirmation.
	ReasonNoPassword = "no-password"
	// ReasonHasPassword says that the mail is an invitation, and the account
	// has a password by now.
	ReasonHasPassword = "has-password"
	// ReasonTooMany says that one address has more accounts than are mailed.
	ReasonTooMany = "too-many-accounts"
	// ReasonTooLate says that the job waited longer than the mail would be of
	// use.
	ReasonTooLate = "too-late"
	// ReasonThrottled says that the account has had its share of mail, whatever
	// was typed.
	ReasonThrottled = "throttled"
)

// Reasons of [OutcomeJobRefused].
const (
	// ReasonBadMAC says that the job is forged, changed, or made with a key
	// that the ring no longer has. The event says nothing that the job says.
	ReasonBadMAC = "bad-mac"
	// ReasonBadDate says that the job is from the future, beyond what clocks
	// may disagree, or without a date.
	ReasonBadDate = "bad-date"
	// ReasonBadKind says that the job is of a kind that this version does not
	// know.
	ReasonBadKind = "bad-kind"
)

// Reasons of [OutcomeThrottled] and [OutcomeLimiterFailed].
const (
	LimitGlobal  = "global"
	LimitClient  = "client"
	LimitNetwork = "network"
	// LimitShare says that the site is at its bound, and this network was
	// granted more than its share.
	LimitShare         = "share"
	LimitAccount       = "account"
	LimitConfirmClient = "confirm-client"
	LimitConfirmUser   = "confirm-user"
	LimitCheck         = "check"
)

// Reasons of [OutcomeMailFailed], [OutcomeNoticeFailed] and
// [OutcomeConfirmFailed].
const (
	// ReasonRefused says that the mailer said that the mail can never be
	// delivered.
	ReasonRefused = "refused"
	// ReasonRender says that the mail or its link could not be made.
	ReasonRender = "render"
	// ReasonGaveUp says that the mail was attempted until it would have been of
	// no use.
	ReasonGaveUp = "gave-up"
	// ReasonUnknown says that nobody can tell whether it was done. The mailer
	// could not tell twice, or the store could not.
	ReasonUnknown = "unknown"
	// ReasonShutdown says that the process ended first.
	ReasonShutdown = "shutdown"
	// ReasonQueue says that the mail could not be queued, or found no room to
	// wait for its next attempt.
	ReasonQueue = "queue"
	// ReasonPanic says that Err is a *PanicError.
	ReasonPanic = "panic"
	// ReasonBusy says that the hasher's queue was full.
	ReasonBusy   = "busy"
	ReasonStore  = "store"
	ReasonHash   = "hash"
	ReasonPolicy = "policy"
)

// An Event is one outcome. It never holds a token, a link, an address, a
// password, a hash or a key, and texts that come from errors of the
// application's own store and mailer have those removed which the Service knows
// of.
type Event struct {
	Outcome Outcome
	Time    time.Time
	// Client is who asked or confirmed, as the application gave it. The zero
	// Addr means unknown.
	Client netip.Addr
	// UserID is empty when no account is known.
	UserID string
	// RequestID joins the events of one request, which are requested, then
	// skipped or mailed, once per account.
	RequestID string
	// TokenID joins a link with its use. The link is mailed, then confirmed or
	// rejected. See [token.Token.ID].
	TokenID string
	Purpose token.Purpose
	// Reason is one of the constants above, the text of a [token.Reason], for
	// OutcomePasswordRefused the codes of package policy with commas between
	// them, for OutcomeHinted the kind of the mail, or empty.
	Reason string
	// Count is how many events OutcomeEventsLost stands for, and how many links
	// OutcomeLinkRewritten, else 0.
	Count int
	// Err is the internal error behind the outcome, or nil.
	Err error
}

// A Sink records events, concurrently. Record is called on the goroutine that
// made the event, except for what [Service.Request] records. A background
// goroutine passes that on, so that a slow sink cannot slow, or vary, the
// answer. The context is not the visitor's. It ends after five seconds. A panic
// in Record is recovered and lost.
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
