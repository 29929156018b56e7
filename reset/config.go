package reset

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// Config configures a [Service]. Site, From, Keys, Store, Mailer and Sessions
// are required. The rest has defaults. [New] copies it, so later changes have
// no effect.
type Config struct {
	// Site is the absolute base URL of the application, such as
	// "https://app.example". It is the only source of links, never a request's
	// Host header. It is also part of the keys, so a copy of the application
	// under another Site refuses this one's links.
	Site string
	// From is the sender, "Name <addr>" or a bare address.
	From   string
	Keys   token.Keys
	Store  Store
	Mailer mail.Mailer
	// Sessions says who ends the account's sessions. It is
	// [EndSessionsInStore], [EndSessionsWith] or [KeepSessions].
	Sessions Sessions

	Pages     Pages
	Mail      Mail
	Lifetimes Lifetimes
	Queue     Queue
	// Limits throttle the flow. The zero value means the defaults documented at
	// [Limits].
	Limits Limits
	Hooks  Hooks

	// Hasher makes the new hash. Nil means hash.New(hash.Config{}). Share the
	// login's, so that one limiter bounds both.
	Hasher *hash.Hasher
	// Policy judges new passwords. Nil means policy.New(policy.Config{}).
	Policy Policy
	// Events receives one event per outcome. Nil means [SlogSink] over
	// slog.Default().
	Events Sink
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Pages says where the pages are and how links lead to them. The zero value
// works.
type Pages struct {
	// Reset and Forgot are paths under Config.Site. Empty means
	// "/reset-password" and "/forgot-password".
	Reset, Forgot string
	// Dispute is the path of the page that a notice's link "this was not me"
	// leads to, where Config.Hooks.OnDisputed is set. Empty means Reset and
	// "/dispute". Its links have the token behind '#' under every LinkStyle.
	Dispute string
	// Purposes are uses of links of the application's own, and the pages they
	// lead to. See [Purpose].
	Purposes map[token.Purpose]Purpose
	// Login is where mails and pages point for signing in. It is a path under
	// Config.Site such as "/login", perhaps with a query, or an absolute http
	// or https URL. Empty means that they point nowhere.
	Login string
	// ReturnTo are the places that a visitor may be led to when the password is
	// changed, such as the shop or the form that was left. A key has 1 to 32 of
	// a to z, 0 to 9 and '-'. A place is a path under Config.Site, perhaps with
	// a query, or an absolute https URL, of at most 2,048 bytes. There are at
	// most 1,000. Links and forms hold keys, never a URL, so that nobody can
	// lead a visitor to a place of their own. See RequestInput.ReturnTo.
	ReturnTo map[string]string
	// LinkStyle is where a link carries its token. The zero value is
	// [LinkFragment].
	LinkStyle LinkStyle
	// InsecureHTTP allows a Config.Site of plain http on a host other than this
	// machine. Links and passwords can then be read on the way.
	InsecureHTTP bool
}

// LinkStyle is where a link carries its token.
type LinkStyle int

const (
	// LinkFragment puts the token behind '#'. Browsers keep that part to
	// themselves, so it reaches no server log, proxy, Referer header or mail
	// scanner. A script on the page moves it into the form.
	LinkFragment LinkStyle = iota
	// LinkQuery puts the token into the query, which works without scripts and
	// where mail gateways drop the fragment, and is written to access logs.
	LinkQuery
)

// Mail says what stands in the mails and which are sent. The zero value works.
type Mail struct {
	// Product is the application's name in mails. Empty means Site's host.
	Product string
	// ReplyTo, of the form of Config.From, and Support, a bare address that a
	// user who did not ask can turn to, are optional.
	ReplyTo, Support string
	// Renderer writes the mails. Nil means mail.NewTemplates without overrides.
	Renderer mail.Renderer
	// HintNoAccount mails "no account here" to typed addresses that have none,
	// which lets strangers send that one mail to anybody, within the limits.
	// HintSignsInElsewhere mails accounts without a password that they have
	// none to forget. Neither makes a difference to the answer. Both are off by
	// default.
	HintNoAccount, HintSignsInElsewhere bool
	// SkipNotice leaves out the mail that tells of a changed password (NIST SP
	// 800-63B-4 section 4.6 requires one).
	SkipNotice bool
}

// Lifetimes say how long links are good. The zero value means the defaults.
type Lifetimes struct {
	// Reset is how long a reset link is good. Zero means one hour (OWASP
	// WSTG-ATHN-09: rarely more).
	Reset time.Duration
	// MaxReset is the longest that RequestInput.Lifetime and
	// LinkOptions.Lifetime may ask for, and that Check and Confirm accept. Zero
	// means Reset. It is at most 24 hours (NIST SP 800-63B-4 section 4.2.1.2).
	MaxReset time.Duration
	// Invite is the lifetime of invitations, and the longest one. Zero means 72
	// hours. It is at most 7 days.
	Invite time.Duration
	// Dispute is how long the owner of an account can say that a changed
	// password was somebody else's doing. Zero means 7 days, which is the most.
	Dispute time.Duration
}

// Queue says where mail waits until it is sent. The zero value is a bounded
// pool in this process.
type Queue struct {
	// Dispatch hands a job to a queue of the application's own, whose worker
	// calls [Service.Process]. Nil means the pool in this process, which is
	// lost when the process is killed. It is called in the path of requests,
	// with their context.
	//
	// The queue need not be trusted with everything. Jobs carry a MAC, so that
	// whoever can write to it cannot have anything mailed that this Service was
	// not asked for. See [Service.Process]. Whoever can read it sees what
	// visitors typed. Whoever can run a job again can have the same mail sent
	// again, until it is too old. Whoever can delete jobs can keep mail from
	// being sent, the notice of a changed password included. When keys are
	// rotated or versions updated, let the processes that work on jobs have the
	// new key, as one that only verifies, or the new version, first. They
	// refuse what they do not know.
	Dispatch func(ctx context.Context, job Job) error
	// Synchronous does all work inside Request and Confirm, for platforms that
	// stop a process between requests. It gives up what the queue is for. The
	// time of an answer then tells whether the address has an account, and a
	// slow mail server is waited for.
	Synchronous bool
	// Size is how many requests may wait in this process for the first attempt
	// to mail them, and how many more between two attempts. Mails after a
	// confirmation and invitations do not count against that. They may use what
	// requests leave free and a quarter more. Workers is how many are worked on
	// at once. Zero means 1,000 and 8.
	//
	// Places are counted by the client's network, /24 (IPv4) or /48 (IPv6).
	// Clients that are not known are one network together. In a full queue a
	// request from a network that has fewer takes the place of the newest one
	// of the network that has most, which makes an event, and all networks with
	// work are served in turn. Where too many wait for another attempt, the
	// oldest of the network that has most is given up.
	Size, Workers int
	// Window is for how long after the request a mail is worth sending. It is
	// retried no longer. Zero means 15 minutes. In this process, a look-up for
	// a request that fails is retried four times within a minute or two, and
	// then given up.
	Window time.Duration
}

// Hooks are functions of the application's own. Each may be nil.
type Hooks struct {
	// FindByIdentifier looks up accounts by something other than an address,
	// such as a user name. If set, Request accepts any text of at most 254
	// bytes without control characters, and passes on what is not a mail
	// address. Mail still goes to the stored address alone. It is called by a
	// worker, never in the path of a request.
	FindByIdentifier func(
		ctx context.Context, identifier string,
	) ([]User, error)
	// Blocked tells whether a client may not use the flow at all. It is asked
	// in the path of each request, so it must answer from memory. A blocked
	// client gets the usual answers, and nothing happens. Nil means nobody is.
	Blocked func(client netip.Addr) bool
	// Eligible tells whether an account may use this flow at all. One that
	// signs in with its company may not, for example, by its domain or by
	// policy. One that may not is sent nothing, and its links are refused like
	// any other that is not good. [Service.Link], [Service.SendReset] and
	// [Service.Invite] answer [ErrNotEligible]. Links that dispute a notice and
	// those of Pages.Purposes are not its matter. It is asked by a worker, and
	// for signed links, never in the path of a request. An error, a panic, and
	// an answer later than 10 seconds decide nothing. A worker asks again
	// later, and confirmations are internal errors.
	Eligible func(ctx context.Context, user User) (bool, error)
	// BeforeConfirm asks for a second proof before an account with one gets a
	// new password (NIST SP 800-63B-4 section 4.2.2.2). Confirm calls it when
	// the link is good, before the password is judged or hashed. Nil lets the
	// confirmation go on, also for an account that needs no proof. An error
	// that matches [ErrProofRefused] refuses it, and counts against
	// Limits.Proof. Any other error, a panic, and an answer later than 10
	// seconds are internal errors of Confirm. In none of these cases is
	// anything written, and the link stays good.
	//
	// It may be called again for one link, for example after a refused
	// password. A code that is good once only should be marked as used in
	// OnConfirmed, or the visitor has to wait for the next one. It is called
	// for signed links of accounts that exist, so that its time tells a
	// stranger nothing.
	BeforeConfirm func(ctx context.Context, pending Pending) error
	// NeedsProof tells pages what BeforeConfirm is going to want, such as
	// "totp", or "" for nothing. Check calls it for a good link, and returns
	// its text in CheckResult.Proof. It decides nothing. An error, a panic, and
	// an answer later than 10 seconds are internal errors of Check.
	NeedsProof func(ctx context.Context, pending Pending) (kind string, err error)
	// OnConfirmed are called in turn, once, after a new password is stored and
	// the sessions are ended. They are the place to clear a lock-out counter,
	// or to mark Confirmation.Email as verified.
	// An error or a panic becomes an event, and the reset is a success all the
	// same.
	OnConfirmed []func(ctx context.Context, done Confirmation) error
	// OnDisputed locks an account whose owner says that the password was
	// changed by somebody else, by disabling it for instance. If it is set, the
	// notice of a change has a link for that. It must end the account's
	// sessions where Dispute.SessionsEnded is false, and it may be called again
	// for the same change. An error, a panic or ten seconds without an answer
	// become an event, and the visitor is told to try again. It must heed its
	// context. See [Service.Dispute].
	OnDisputed func(ctx context.Context, what Dispute) error
}

// A Policy judges a new password. It returns nil, or an error that is or wraps
// a *policy.Error of the reset/policy package, which Confirm returns as it is.
// Any other error means that it cannot decide. Words are what the password
// should not consist of. They are the product, the site's host, and the
// account's addresses, whole and up to the '@'. A Policy must be safe for
// concurrent use.
type Policy interface {
	Check(ctx context.Context, password string, words []string) error
}

// Sessions says who ends the sessions of an account when its password has been
// reset. Whoever knew the old password may still be signed in. A reset that
// leaves them signed in has not helped. The zero value is no decision, and
// [New] refuses it.
type Sessions struct {
	decided bool
	inStore bool
	end     func(ctx context.Context, userID string) error
}

// EndSessionsInStore says that Store.ReplaceHash ends the account's sessions in
// the same transaction as it writes the hash. This is the best of the three,
// because no crash can leave a new password with old sessions.
func EndSessionsInStore() Sessions {
	return Sessions{decided: true, inStore: true}
}

// EndSessionsWith says that end ends the account's sessions, with its refresh
// and remember-me tokens. It is called after the hash is written, before
// Confirm returns, with a context that the visitor cannot cancel, and up to
// three times until it succeeds. If it never does, or the process dies in
// between, the password is changed while old sessions live. See
// [OutcomeSessionsFailed].
func EndSessionsWith(
	end func(ctx context.Context, userID string) error,
) Sessions {
	return Sessions{decided: end != nil, end: end}
}

// KeepSessions says that the application has no sessions, or checks
// each request against the stored hash or stamp.
func KeepSessions() Sessions { return Sessions{decided: true} }

// facts returns what every mail of one kind says.
func (c *Config) facts(kind mail.Kind) mail.Data {
	data := mail.Data{
		Kind:      kind,
		Product:   c.Mail.Product,
		Site:      c.Site,
		Support:   c.Mail.Support,
		ForgotURL: c.Site + c.Pages.Forgot,
	}
	data.LoginURL = c.Pages.Login
	if strings.HasPrefix(data.LoginURL, "/") {
		data.LoginURL = c.Site + data.LoginURL
	}
	return data
}
