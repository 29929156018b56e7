package reset

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

// An Outcome is one way in which a step of the flow ended. The set is closed,
// and [Outcomes] returns all of it, so an Outcome is fit for the label of a
// metric. The texts are stable. They may be stored and searched for. A later
// version may add some.
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
	// OutcomeCheckFailed is an internal error of Check. Reason says which part
	// failed.
	OutcomeCheckFailed Outcome = "check-failed"
	// OutcomeRejected says that Confirm refused a link. Reason says why.
	OutcomeRejected Outcome = "rejected"
	// OutcomePasswordRefused says that the policy refused the password. The
	// link stays good.
	OutcomePasswordRefused Outcome = "password-refused"
	// OutcomeProofRefused says that Config.Hooks.BeforeConfirm refused the
	// second proof. The link stays good.
	OutcomeProofRefused Outcome = "proof-refused"
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

// Outcomes of further links.
const (
	// OutcomeDisputed says that the owner of an account disputed a change, and
	// the account is locked.
	OutcomeDisputed Outcome = "disputed"
	// OutcomeDisputeFailed says that the owner of an account disputed a change,
	// and the account may not be locked. Reason says what failed.
	OutcomeDisputeFailed Outcome = "dispute-failed"
	// OutcomeRedeemed says that a link of the application's own was used.
	OutcomeRedeemed Outcome = "redeemed"
	// OutcomeRedeemFailed says that using a link of the application's own
	// failed. Reason says what failed.
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

// An Event is one outcome. It never holds a token, a link, an address, a
// password, a hash or a key, and texts that come from errors of the
// application's own store and mailer have those removed which the Service knows
// of.
type Event struct {
	Outcome Outcome
	Time    time.Time
	// Site is the name of the [Site]. It is empty for the Service that [New]
	// made and for OutcomeEventsLost. UserID is an account of this site's
	// store.
	Site string
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
	// Reason is one of [Reasons], or empty.
	Reason Reason
	// Count is how many events OutcomeEventsLost stands for, and how many links
	// OutcomeLinkRewritten, else 0.
	Count int
	// Err is the internal error behind the outcome, what the policy said of a
	// password, or nil.
	Err error
}

// A Reason says why a step ended as its [Outcome] says. The set is closed, and
// [Reasons] returns all of it, so a Reason is fit for the label of a metric.
// The texts are stable. They may be stored and searched for. A later version
// may add some.
//
// Why an account gets no link, or no mail. The first three are also used at
// confirmation.
//
//   - "disabled": the account is disabled.
//   - "not-eligible": Config.Hooks.Eligible does not let it use this flow.
//   - "unknown-user": it is gone.
//   - "unknown-address": no account has the address.
//   - "address-mismatch": the store returned an account with another address,
//     a look-alike perhaps.
//   - "bad-address": no mail can be sent to the stored address.
//   - "bad-user": the store returned an account without an id, or with another,
//     or one with more than five recovery addresses.
//   - "no-password": the account has no password to forget.
//   - "has-password": the mail is an invitation, and the account has a password
//     by now.
//   - "too-many-accounts": one address has more accounts than are mailed.
//   - "too-late": the job waited longer than the mail would be of use.
//   - "throttled": the account has had its share of mail, whatever was typed.
//
// Why [Service.Process] refused a job.
//
//   - "bad-mac": it is forged, changed, or made with a key that the ring no
//     longer has. The event says nothing that the job says.
//   - "bad-date": it has no date, or one in the future beyond what clocks may
//     disagree.
//   - "bad-kind": this version does not know its kind.
//   - "unknown-site": this process has not called [Service.For] for its site.
//     The job can be done elsewhere, or later.
//
// Which limit was reached, or failed. They are the fields of [Limits].
//
//   - "global", "client", "network", "account", "confirm-client",
//     "confirm-user", "proof" and "check".
//   - "share": the site is at its bound, and this network was granted more than
//     its share.
//
// Why a mail was given up or is delayed, or a confirmation failed.
//
//   - "refused": the mailer said that the mail can never be delivered.
//   - "render": the mail or its link could not be made.
//   - "gave-up": it was attempted until it would have been of no use.
//   - "unknown": nobody can tell whether it was done. The mailer could not tell
//     twice, or the store could not.
//   - "shutdown": the process ended first.
//   - "queue": the mail could not be queued, or found no room to wait for its
//     next attempt.
//   - "panic": the mailer panicked. Err says where.
//   - "busy": the hasher's queue was full.
//   - "store", "hash" and "policy": that part failed. Err says how.
//   - "hook": a function of the application's own failed. Err says how, and
//     which one.
//   - "still-valid": a link of the application's own was used and is still
//     good, so it could be used again.
//
// Why a link was refused, as package token says it. See [token.Reason].
//
//   - "malformed", "unknown-key", "wrong-purpose", "signature", "expired",
//     "not-yet-valid", "too-long-lived" and "stale".
//
// Why a password was refused, as package policy says it. It is the first
// problem's code. Err lists them all.
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
