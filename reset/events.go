package reset

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

// An Outcome is one way in which a step of the flow ended. [Outcomes] returns
// all of them, so it is fit for the label of a metric. Event.Reason says why,
// or which limit or part it was.
type Outcome string

// Outcomes of a request for a link, on the visitor's side.
const (
	// A request was accepted and queued, whatever the address.
	OutcomeRequested Outcome = "requested"
	// A limit was reached, by a request or by a use of a link.
	OutcomeThrottled Outcome = "throttled"
	// Config.Hooks.Blocked refused the client.
	OutcomeBlocked Outcome = "blocked"
	// The queue was full, also after requested. The visitor got the usual
	// answer.
	OutcomeDropped Outcome = "dropped"
	// Config.Queue.Dispatch returned an error.
	OutcomeDispatchFailed Outcome = "dispatch-failed"
	// A limiter failed, and its fallback decided.
	OutcomeLimiterFailed Outcome = "limiter-failed"
	// Count events of requests could not be recorded in time.
	OutcomeEventsLost Outcome = "events-lost"
)

// Outcomes of a queued mail, on the worker's side.
const (
	// No link was sent.
	OutcomeSkipped Outcome = "skipped"
	// A link was handed to the mailer.
	OutcomeMailed Outcome = "mailed"
	// An invitation was handed to the mailer.
	OutcomeInvited Outcome = "invited"
	// An opt-in mail without a link was handed to the mailer.
	OutcomeHinted Outcome = "hinted"
	// An attempt failed and will be repeated.
	OutcomeMailDelayed Outcome = "mail-delayed"
	// A mail was given up.
	OutcomeMailFailed Outcome = "mail-failed"
	// Process was given a job it may not do.
	OutcomeJobRefused Outcome = "job-refused"
)

// Outcomes of using a link.
const (
	// Check refused a link.
	OutcomeCheckRejected Outcome = "check-rejected"
	// An internal error of Check.
	OutcomeCheckFailed Outcome = "check-failed"
	// Confirm, Dispute or Redeem refused a link.
	OutcomeRejected Outcome = "rejected"
	// The policy refused the password. The link stays good.
	OutcomePasswordRefused Outcome = "password-refused"
	// Config.Hooks.BeforeConfirm refused the proof. The link stays good.
	OutcomeProofRefused Outcome = "proof-refused"
	// The new hash is stored.
	OutcomeConfirmed Outcome = "confirmed"
	// The link was good when verified, and no longer when written.
	OutcomeLostRace Outcome = "lost-race"
	// An internal error of Confirm. The link stays good unless Reason is
	// "unknown", when the write may yet come into force.
	OutcomeConfirmFailed Outcome = "confirm-failed"
	// The password is changed, or may be, and old sessions may be alive.
	OutcomeSessionsFailed Outcome = "sessions-failed"
	// The password is changed, and a hook of OnConfirmed failed.
	OutcomeHookFailed Outcome = "hook-failed"
	// The notice of the change was handed to the mailer.
	OutcomeNoticeMailed Outcome = "notice-mailed"
	// The password is changed, or may be, and the notice was given up.
	OutcomeNoticeFailed Outcome = "notice-failed"
	// Count links came back changed. See [Service.LinkRewritten].
	OutcomeLinkRewritten Outcome = "link-rewritten"
	// Link made a link without sending it.
	OutcomeLinkMade Outcome = "link-made"
)

// Outcomes of further links.
const (
	// An owner disputed a change, and the account is locked.
	OutcomeDisputed Outcome = "disputed"
	// An owner disputed a change, and the account may not be locked.
	OutcomeDisputeFailed Outcome = "dispute-failed"
	// A link of the application's own was used.
	OutcomeRedeemed Outcome = "redeemed"
	// Using one failed.
	OutcomeRedeemFailed Outcome = "redeem-failed"
)

// Outcomes returns every Outcome, sorted.
func Outcomes() []Outcome {
	all := []Outcome{
		OutcomeRequested, OutcomeThrottled, OutcomeBlocked, OutcomeDropped,
		OutcomeDispatchFailed, OutcomeLimiterFailed, OutcomeEventsLost,
		OutcomeSkipped, OutcomeMailed, OutcomeInvited, OutcomeHinted,
		OutcomeMailDelayed, OutcomeMailFailed, OutcomeJobRefused,
		OutcomeCheckRejected, OutcomeRejected, OutcomePasswordRefused,
		OutcomeConfirmed, OutcomeLostRace, OutcomeConfirmFailed,
		OutcomeSessionsFailed, OutcomeHookFailed, OutcomeNoticeMailed,
		OutcomeNoticeFailed, OutcomeLinkMade, OutcomeLinkRewritten,
		OutcomeCheckFailed, OutcomeProofRefused,
		OutcomeDisputed, OutcomeDisputeFailed,
		OutcomeRedeemed, OutcomeRedeemFailed,
	}

	slices.Sort(all)
	return all
}

// An Event is one outcome. It holds no secret and no address.
type Event struct {
	Outcome Outcome
	Time    time.Time
	// Site is the name of the [Site] whose store has UserID. It is empty for
	// the Service that [New] made and for OutcomeEventsLost.
	Site string
	// Client is who asked or confirmed.
	Client netip.Addr
	// UserID is empty when no account is known.
	UserID string
	// RequestID joins the events of one request: requested, then skipped or
	// mailed, once per account.
	RequestID string
	// TokenID joins a link with its use: mailed, then confirmed or rejected.
	TokenID string
	Purpose token.Purpose
	// Reason is one of [Reasons], or empty.
	Reason Reason
	// Count is for OutcomeEventsLost and OutcomeLinkRewritten.
	Count int
	// Err is the internal error behind the outcome, what the policy said of a
	// password, or nil.
	Err error
}

// A Reason says why a step ended as its [Outcome] says. [Reasons] returns all
// of them, so it is fit for the label of a metric.
//
// Why an account gets no link or mail. The first three are also used at
// confirmation.
//
//   - "disabled", and "not-eligible" by Config.Hooks.Eligible.
//   - "unknown-user": the account is gone.
//   - "unknown-address": no account has the address.
//   - "address-mismatch": the store's account has another one, a look-alike
//     perhaps.
//   - "bad-address": no mail can be sent to the stored address.
//   - "bad-user": the store's account has no id, another id, or more than five
//     recovery addresses.
//   - "no-password": there is none to forget.
//   - "has-password": there is one by now, so no invitation.
//   - "too-many-accounts": one address has more accounts than are mailed.
//   - "too-late": the job waited until the mail was of no use.
//   - "throttled": the account has had its share of mail.
//
// Why [Service.Process] refused a job.
//
//   - "bad-mac": it is forged, changed, or made with a key that the ring no
//     longer has. The event says nothing that the job says.
//   - "bad-date": it has no date, or one in the future.
//   - "bad-kind": this version does not know its kind.
//   - "unknown-site": see [ErrUnknownSite].
//
// Which limit was reached, or failed.
//
//   - "global", "client", "network", "account", "confirm-client",
//     "confirm-user", "proof" and "check": the field of [Limits].
//   - "share": the site is at its bound, and this network had its share.
//
// Why a mail was given up or is delayed, or a confirmation failed.
//
//   - "refused": the mailer said that the mail can never be delivered.
//   - "render": the mail or its link could not be made.
//   - "gave-up": it was attempted until it would have been of no use.
//   - "unknown": the mailer twice, or the store, could not tell whether it was
//     done.
//   - "shutdown": the process ended first.
//   - "queue": there was no room in the queue, or to wait for the next attempt.
//   - "panic": the mailer panicked. Err says where.
//   - "busy": the hasher's queue was full.
//   - "store", "hash", "policy" and "hook": that part failed. Err says how.
//   - "still-valid": see [ErrStillValid].
//
// Why a link was refused. See [token.Reason].
//
//   - "malformed", "unknown-key", "wrong-purpose", "signature", "expired",
//     "not-yet-valid", "too-long-lived" and "stale".
//
// Why a password was refused: the first code of package policy, of those in
// Err.
//
//   - "too-short", "too-long", "invalid-utf8", "control-characters", "common",
//     "context" and "breached".
//   - "policy": a code of the application's own.
//
// Which mail without a link was sent.
//
//   - "no-account" and "signs-in-elsewhere".
type Reason string

const (
	reasonDisabled        Reason = "disabled"
	reasonNotEligible     Reason = "not-eligible"
	reasonUnknownAddress  Reason = "unknown-address"
	reasonAddressMismatch Reason = "address-mismatch"
	reasonBadAddress      Reason = "bad-address"
	reasonBadUser         Reason = "bad-user"
	reasonNoPassword      Reason = "no-password"
	reasonHasPassword     Reason = "has-password"
	reasonTooMany         Reason = "too-many-accounts"
	reasonTooLate         Reason = "too-late"
	reasonThrottled       Reason = "throttled"

	reasonBadMAC      Reason = "bad-mac"
	reasonBadDate     Reason = "bad-date"
	reasonBadKind     Reason = "bad-kind"
	reasonUnknownSite Reason = "unknown-site"

	limitGlobal        Reason = "global"
	limitClient        Reason = "client"
	limitNetwork       Reason = "network"
	limitShare         Reason = "share"
	limitAccount       Reason = "account"
	limitConfirmClient Reason = "confirm-client"
	limitConfirmUser   Reason = "confirm-user"
	limitProof         Reason = "proof"
	limitCheck         Reason = "check"

	reasonRefused  Reason = "refused"
	reasonRender   Reason = "render"
	reasonGaveUp   Reason = "gave-up"
	reasonUnknown  Reason = "unknown"
	reasonShutdown Reason = "shutdown"
	reasonQueue    Reason = "queue"
	reasonPanic    Reason = "panic"
	reasonBusy     Reason = "busy"
	reasonStore    Reason = "store"
	reasonHash     Reason = "hash"
	reasonPolicy   Reason = "policy"

	reasonHook       Reason = "hook"
	reasonStillValid Reason = "still-valid"
)

// Reasons returns every Reason, sorted.
func Reasons() []Reason {
	all := []Reason{
		reasonDisabled, reasonNotEligible,
		reasonUnknownAddress, reasonAddressMismatch,
		reasonBadAddress, reasonBadUser, reasonNoPassword, reasonHasPassword,
		reasonTooMany, reasonTooLate, reasonThrottled,
		reasonBadMAC, reasonBadDate, reasonBadKind, reasonUnknownSite,
		limitGlobal, limitClient, limitNetwork, limitShare, limitAccount,
		limitConfirmClient, limitConfirmUser, limitProof, limitCheck,
		reasonRefused, reasonRender, reasonGaveUp, reasonUnknown,
		reasonShutdown, reasonQueue, reasonPanic, reasonBusy,
		reasonStore, reasonHash, reasonPolicy, reasonHook, reasonStillValid,
		Reason(mail.KindNoAccount), Reason(mail.KindSignsInElsewhere),
	}

	for _, reason := range []token.Reason{
		token.ReasonMalformed, token.ReasonUnknownKey,
		token.ReasonWrongPurpose, token.ReasonSignature, token.ReasonExpired,
		token.ReasonNotYetValid, token.ReasonTooLongLived,
		token.ReasonUnknownUser, token.ReasonStale,
	} {
		all = append(all, Reason(reason))
	}
	for _, code := range []policy.Code{
		policy.CodeTooShort, policy.CodeTooLong, policy.CodeInvalidUTF8,
		policy.CodeControl, policy.CodeCommon, policy.CodeContext,
		policy.CodeBreached,
	} {
		all = append(all, Reason(code))
	}

	slices.Sort(all)
	return all
}
