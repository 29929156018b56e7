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
// are required. [New] copies it, so later changes have no effect.
type Config struct {
	// Site is the absolute base URL of the application, such as
	// "https://app.example". A copy of the application under another Site
	// refuses this one's links.
	Site string
	// From is the sender, "Name <addr>" or a bare address.
	From   string
	Keys   token.Keys
	Store  Store
	Mailer mail.Mailer
	// Sessions is [EndSessionsInStore], [EndSessionsWith] or [KeepSessions].
	Sessions Sessions

	Pages     Pages
	Mail      Mail
	Lifetimes Lifetimes
	Queue     Queue
	// Limits throttle the flow. The zero value means the defaults.
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
	// Dispute is the path of the page for [Service.Dispute]. Empty means Reset
	// and "/dispute". Its links have the token behind '#' under every
	// LinkStyle.
	Dispute string
	// Purposes are uses of links of the application's own. See [Purpose].
	Purposes map[token.Purpose]Purpose
	// Login is where mails and pages point for signing in. It is a path under
	// Config.Site, perhaps with a query, or an absolute http or https URL.
	// Empty means that they point nowhere.
	Login string
	// ReturnTo are up to 1,000 places that a visitor may be led to in the end.
	// A key has 1 to 32 of a to z, 0 to 9 and '-'. A place is a path under
	// Config.Site, perhaps with a query, or an absolute https URL, of at most
	// 2,048 bytes. Links and forms hold keys alone, so nobody can lead a
	// visitor elsewhere.
	ReturnTo map[string]string
	// LinkStyle is [LinkFragment] by default.
	LinkStyle LinkStyle
	// InsecureHTTP allows a Config.Site of plain http on a host other than this
	// machine. Links and passwords can then be read on the way.
	InsecureHTTP bool
}

// LinkStyle is where a link carries its token.
type LinkStyle int

const (
	// LinkFragment puts the token behind '#'. Browsers send that part to no
	// server log, proxy, Referer header or mail scanner. A script on the page
	// moves it into the form.
	LinkFragment LinkStyle = iota
	// LinkQuery puts the token into the query. That needs no script, survives
	// mail gateways that drop fragments, and is written to access logs.
	LinkQuery
)

// Mail says what stands in the mails and which are sent. The zero value works.
type Mail struct {
	// Product is the application's name in mails. Empty means Site's host.
	Product string
	// ReplyTo, of the form of Config.From, is optional.
	ReplyTo string
	// Support is a bare address for users who did not ask. Without it the
	// notice of a change names Site, unless NoContact leaves that out too (NIST
	// SP 800-63B-4 section 4.6 asks for contact information). They exclude each
	// other.
	Support   string
	NoContact bool
	// Renderer writes the mails. Nil means mail.NewTemplates without overrides
	// or a brand. It is given times in UTC.
	Renderer mail.Renderer
	// HintNoAccount mails "no account here" to typed addresses that have none,
	// and so to anybody a stranger likes, within the limits.
	// HintSignsInElsewhere mails accounts without a password that they have
	// none. Neither changes the answer.
	HintNoAccount, HintSignsInElsewhere bool
	// SkipNotice leaves out the mail that tells of a changed password (NIST SP
	// 800-63B-4 section 4.6 requires one).
	SkipNotice bool
}

// Lifetimes say how long links are good, a minute at least. Zero means the
// default of a field.
type Lifetimes struct {
	// Reset is for reset links, one hour by default (OWASP WSTG-ATHN-09: rarely
	// more).
	Reset time.Duration
	// MaxReset is the longest that a caller may ask for, and that Check and
	// Confirm accept. The default is Reset, and the most 24 hours (NIST SP
	// 800-63B-4 section 4.2.1.2).
	MaxReset time.Duration
	// Invite is for invitations, and the longest they may ask for. It is 72
	// hours by default and at most 7 days.
	Invite time.Duration
	// Dispute is for [Service.Dispute], 7 days by default, which is the most.
	Dispute time.Duration
}

// Queue says where mail waits. The zero value is a bounded pool in this
// process.
type Queue struct {
	// Dispatch hands a job to a queue of the application's own, whose worker
	// calls [Service.Process]. It is called in the path of requests, with their
	// context.
	//
	// Whoever can read that queue sees what visitors typed. Whoever can repeat
	// a job repeats its mail, until it is too old. Whoever can delete jobs can
	// suppress mail, notices included. Give a new key, as one that only
	// verifies, or a new version to the processes that work on jobs first.
	Dispatch func(ctx context.Context, job Job) error
	// Synchronous does all work inside Request and Confirm, for platforms that
	// stop a process between requests. The time of an answer then tells whether
	// the address has an account, and waits for the mail server. It excludes
	// Dispatch.
	Synchronous bool
	// Size is how many requests may wait for their first attempt, and how many
	// more between two attempts. Other mail may use what requests leave free
	// and a quarter more. Workers is how many are worked on at once. Zero means
	// 1,000 and 8.
	//
	// Networks, as in [Limits], are served in turn. In a full queue a request
	// from a network that has fewer takes the place of the newest one of the
	// network that has most, which makes an event. Where too many wait for
	// another attempt, the oldest of the network that has most is given up.
	Size, Workers int
	// Window is for how long after the request a mail is worth sending and is
	// retried, from a minute to 7 days. Zero means 15 minutes. In this process
	// a failed look-up for a request is retried four times, within a minute or
	// two.
	Window time.Duration
}

// Hooks are functions of the application's own. Each may be nil. They may be
// called concurrently, and must heed their contexts. A hook fails by an error,
// a panic, or no answer within 10 seconds. After that its goroutine goes on,
// but nothing waits for it. A failure is an internal error of the method that
// called it, unless said otherwise.
type Hooks struct {
	// FindByIdentifier looks up accounts by something other than an address,
	// such as a user name. With it, Request accepts any text of at most 254
	// bytes without control characters. Mail still goes to the stored address
	// alone. A worker calls it for what is no address, and again after a
	// failure.
	FindByIdentifier func(
		ctx context.Context, identifier string,
	) ([]User, error)
	// Blocked tells whether a known client may not use the flow. Request,
	// Confirm, Dispute and Redeem call it on the visitor's goroutine, without a
	// timeout or recovery from panics, so it must answer from memory. A blocked
	// client gets the usual answers, and nothing happens. Check is not blocked.
	Blocked func(client netip.Addr) bool
	// Eligible tells whether an account may use this flow. One that signs in
	// with its company may not, for example. It is sent nothing, and its links
	// are refused like any other. Callers of [Service.Link] and the like get
	// [ErrNotEligible]. It is asked by workers, who repeat it after a failure,
	// and for signed links, but not those of disputes and Pages.Purposes.
	Eligible func(ctx context.Context, user User) (bool, error)
	// BeforeConfirm asks for a second proof before an account with one gets a
	// new password (NIST SP 800-63B-4 section 4.2.2.2). Confirm calls it for a
	// good link, before the password is judged or hashed. It returns nil to go
	// on, also where no proof is needed, or an error that matches
	// [ErrProofRefused], which counts against Limits.Proof. After an error
	// nothing is written and the link stays good. Its time tells nothing to who
	// has no signed link.
	//
	// It may be called again for one link, for example after a refused
	// password. So mark a code that is good once as used in OnConfirmed, or the
	// visitor has to wait for the next one.
	BeforeConfirm func(ctx context.Context, pending Pending) error
	// NeedsProof tells pages what BeforeConfirm is going to want, such as
	// "totp", or "" for nothing, as CheckResult.Proof. It decides nothing, and
	// requires BeforeConfirm.
	NeedsProof func(ctx context.Context, pending Pending) (kind string, err error)
	// OnConfirmed are called in turn, once, after a new password is stored and
	// the sessions are ended, for example to clear a lock-out counter or to
	// mark Confirmation.Email as verified. A failure only makes the event
	// OutcomeHookFailed. The visitor waits, so queue what takes long.
	OnConfirmed []func(ctx context.Context, done Confirmation) error
	// OnDisputed locks an account, for instance by disabling it. If it is set,
	// notices of a change have a link for that. It must end the sessions where
	// Dispute.SessionsEnded is false, and may be called again for the same
	// change. See [Service.Dispute].
	OnDisputed func(ctx context.Context, what Dispute) error
}

// A Policy judges a new password. It returns nil, or an error that is or wraps
// a *policy.Error of the reset/policy package. Any other error means that it
// cannot decide. The password should not consist of words: the product, the
// site's host, and the account's addresses, whole and up to the '@'. It must be
// safe for concurrent use.
type Policy interface {
	Check(ctx context.Context, password string, words []string) error
}

// Sessions says who ends the sessions of an account when its password has been
// reset, since whoever knew the old one may be signed in. [New] refuses the
// zero value.
type Sessions struct {
	decided bool
	inStore bool
	end     func(ctx context.Context, userID string) error
}

// EndSessionsInStore says that Store.ReplaceHash ends the account's sessions in
// the transaction that writes the hash. It is the best choice. No crash can
// leave a new password with old sessions.
func EndSessionsInStore() Sessions {
	return Sessions{decided: true, inStore: true}
}

// EndSessionsWith says that end ends the account's sessions, with its refresh
// and remember-me tokens. It is called after the hash is written, before
// Confirm returns, with a context that the visitor cannot cancel, up to three
// times within 10 seconds until it succeeds, and waited for no longer. If it
// never succeeds, or the process dies before, old sessions live. See
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
		NoContact: c.Mail.NoContact,
		ForgotURL: c.Site + c.Pages.Forgot,
	}
	data.LoginURL = c.Pages.Login
	if strings.HasPrefix(data.LoginURL, "/") {
		data.LoginURL = c.Site + data.LoginURL
	}
	return data
}
