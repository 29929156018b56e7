package reset

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

// An Outcome is one way in which a step of the flow ended, fit for the label of
// a metric.
type Outcome string

// Outcomes of a request for a link.
const (
	// A request was accepted, whatever the address.
	OutcomeRequested Outcome = "requested"
	// A limit was reached.
	OutcomeThrottled Outcome = "throttled"
	// Hooks.Blocked refused the client.
	OutcomeBlocked Outcome = "blocked"
	// The queue was full, also after requested.
	OutcomeDropped Outcome = "dropped"
	// Queue.Dispatch returned an error.
	OutcomeDispatchFailed Outcome = "dispatch-failed"
	// A limiter failed.
	OutcomeLimiterFailed Outcome = "limiter-failed"
	// Count events of requests could not be recorded in time.
	OutcomeEventsLost Outcome = "events-lost"
)

// Outcomes of a queued mail.
const (
	// No link was sent.
	OutcomeSkipped Outcome = "skipped"
	// The mailer took a link.
	OutcomeMailed Outcome = "mailed"
	// The mailer took an invitation.
	OutcomeInvited Outcome = "invited"
	// The mailer took an opt-in mail without a link.
	OutcomeHinted Outcome = "hinted"
	// An attempt failed and will be repeated.
	OutcomeMailDelayed Outcome = "mail-delayed"
	// A mail was given up.
	OutcomeMailFailed Outcome = "mail-failed"
	// Process refused a job.
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
	// Hooks.BeforeConfirm refused the proof. The link stays good.
	OutcomeProofRefused Outcome = "proof-refused"
	// The new hash is stored.
	OutcomeConfirmed Outcome = "confirmed"
	// The account changed between the look-up and the write.
	OutcomeLostRace Outcome = "lost-race"
	// An internal error of Confirm. Reason is "unknown" for
	// [ErrUnknownOutcome].
	OutcomeConfirmFailed Outcome = "confirm-failed"
	// The password is changed, or may be, and old sessions may live.
	OutcomeSessionsFailed Outcome = "sessions-failed"
	// A hook of OnConfirmed failed.
	OutcomeHookFailed Outcome = "hook-failed"
	// The mailer took the notice of a change.
	OutcomeNoticeMailed Outcome = "notice-mailed"
	// The notice of a change was given up.
	OutcomeNoticeFailed Outcome = "notice-failed"
	// See [Service.LinkRewritten].
	OutcomeLinkRewritten Outcome = "link-rewritten"
	// Link made a link.
	OutcomeLinkMade Outcome = "link-made"
)

// Outcomes of further links.
const (
	// Dispute locked an account.
	OutcomeDisputed Outcome = "disputed"
	// Dispute may have locked nothing.
	OutcomeDisputeFailed Outcome = "dispute-failed"
	// Redeem used a link.
	OutcomeRedeemed Outcome = "redeemed"
	// An internal error of Redeem.
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
	// SiteName is the Site.Name whose store has UserID, or empty.
	SiteName string
	Client   netip.Addr
	UserID   string
	// RequestID joins the events of one request.
	RequestID string
	// TokenID joins a link with its use.
	TokenID string
	Purpose token.Purpose
	Reason  Reason
	// Count is for OutcomeEventsLost and OutcomeLinkRewritten.
	Count int
	// Err is the internal error, or what the policy said of a password, or nil.
	Err error
}

// A Reason says why a step ended as its [Outcome] says.
//
// Why an account gets no link or mail. The first three are also used at
// confirmation.
//
//   - "disabled", and "not-eligible" by Hooks.Eligible.
//   - "unknown-user": the account is gone.
//   - "unknown-address": no account has the address, or the id.
//   - "address-mismatch": the store found a look-alike.
//   - "bad-address": see [ErrNoAddress].
//   - "bad-user": it has no id, another id, or more than five recovery
//     addresses.
//   - "no-password": there is none to reset.
//   - "has-password": there is one by now.
//   - "too-many-accounts": one address has more than five.
//   - "too-late": the job waited until the mail was of no use.
//   - "throttled": by Limits.Account.
//
// Why [Service.Process] refused a job.
//
//   - "bad-mac": it is forged, changed, or of a key that the ring does not
//     have.
//   - "bad-date": it has no date, or one in the future.
//   - "bad-kind": this version does not know its kind.
//   - "unknown-site": see [ErrUnknownSite].
//
// Which limit was reached, or failed.
//
//   - "global", "client", "network", "account", "confirm-client",
//     "confirm-user", "proof" and "check": the field of [Limits].
//   - "share": Global was, and this network had most of it.
//
// Why a mail was given up or is delayed, or a confirmation failed.
//
//   - "refused": the mailer will never deliver it.
//   - "render": the mail or its link could not be made.
//   - "gave-up": it was attempted until it was of no use.
//   - "unknown": the store, or the mailer twice, cannot tell whether it was
//     done.
//   - "shutdown": the process ended first.
//   - "queue": it was full.
//   - "panic": the mailer panicked.
//   - "busy": the hasher's queue was full.
//   - "store", "hash", "policy" and "hook": that part failed.
//   - "still-valid": see [ErrStillValid].
//
// Why a link was refused, as in [token.Reason].
//
//   - "malformed", "unknown-key", "wrong-purpose", "signature", "expired",
//     "not-yet-valid", "too-long-lived" and "stale".
//
// Why a password was refused: the first [policy.Code].
//
//   - "too-short", "too-long", "invalid-utf8", "control-characters", "common",
//     "context" and "breached".
//   - "policy": a code of the application's own.
//
// Which mail without a link was sent: "no-account" or "signs-in-elsewhere".
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
