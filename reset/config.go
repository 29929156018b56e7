package reset

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// Config configures a [Service]. Site, From, Keys, Store, Mailer and Sessions
// are required. [New] copies it.
type Config struct {
	// Site is the absolute base URL of the application, such as
	// "https://app.example". Another Site refuses its links.
	Site string
	// From is the sender, "Name <addr>" or a bare address.
	From     string
	Keys     token.Keys
	Store    Store
	Mailer   mail.Mailer
	Sessions Sessions

	Pages     Pages
	Mail      Mail
	Lifetimes Lifetimes
	Queue     Queue
	Limits    Limits
	Hooks     Hooks

	// Hasher makes the new hash. Nil means hash.New(hash.Config{}). Share the
	// login's, so that its slots bound both, and no sign-in upgrades a new
	// hash, which would kill the link that disputes it.
	Hasher *hash.Hasher
	// Policy judges new passwords. Nil means policy.New(policy.Config{}).
	Policy Policy
	// Events receives one event per outcome. Nil means [SlogSink](nil).
	Events Sink
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Pages says where the pages are and how links lead to them.
type Pages struct {
	// Reset and Forgot are paths under Config.Site. Empty means
	// "/reset-password" and "/forgot-password".
	Reset, Forgot string
	// Dispute is the path of the page for [Service.Dispute]. Empty means Reset
	// and "/dispute". Its links have the token behind '#' in any case.
	Dispute  string
	Purposes map[token.Purpose]Purpose
	// Login is where mails and pages point for signing in: a path under
	// Config.Site, perhaps with a query, or an absolute http or https URL.
	// Empty means nowhere.
	Login string
	// ReturnTo are up to 1,000 places that a visitor may be led to in the end.
	// A key has 1 to 32 of a to z, 0 to 9 and '-', and is all that links and
	// forms hold. A place is as Login, but never http, and at most 2,048 bytes.
	ReturnTo  map[string]string
	LinkStyle LinkStyle
	// InsecureHTTP allows a Config.Site of plain http on another host than this
	// machine. Links and passwords can then be read on the way.
	InsecureHTTP bool
}

// LinkStyle is where a link carries its token.
type LinkStyle int

const (
	// LinkFragment puts the token behind '#', which browsers keep to
	// themselves. A script on the page moves it into the form.
	LinkFragment LinkStyle = iota
	// LinkQuery puts the token into the query. That needs no script, survives
	// mail gateways that drop fragments, and is written to access logs.
	LinkQuery
)

// Mail says what stands in the mails and which are sent.
type Mail struct {
	// Product is the application's name in mails. Empty means Site's host.
	Product string
	// ReplyTo is of the form of Config.From, or empty.
	ReplyTo string
	// Support is a bare address for users who did not ask (NIST SP 800-63B-4
	// section 4.6 asks for contact information). Without it the notice of a
	// change names Site, unless NoContact is set. They exclude each other.
	Support   string
	NoContact bool
	// Renderer writes the mails. Nil means mail.NewTemplates without overrides.
	Renderer mail.Renderer
	// HintNoAccount mails "no account here" to typed addresses that have none,
	// and so to anybody a stranger likes. HintSignsInElsewhere mails accounts
	// without a password that they have none.
	HintNoAccount, HintSignsInElsewhere bool
	// SkipNotice leaves out the mail that tells of a changed password (NIST SP
	// 800-63B-4 section 4.6 requires one).
	SkipNotice bool
}

// Lifetimes say how long links are good, a minute at least. Zero means the
// default.
type Lifetimes struct {
	// Reset is for reset links, by default one hour (OWASP WSTG-ATHN-09: rarely
	// more).
	Reset time.Duration
	// MaxReset is the longest that a caller may ask for, and that Check and
	// Confirm accept: by default Reset, at most 24 hours (NIST SP 800-63B-4
	// section 4.2.1.2).
	MaxReset time.Duration
	// Invite is for invitations, and the longest that a caller may ask for: by
	// default 72 hours, at most 7 days.
	Invite time.Duration
	// Dispute is for [Service.Dispute], by default and at most 7 days.
	Dispute time.Duration
}

// Queue says where mail waits. The zero value is a bounded pool in this
// process, whose jobs are lost when it is killed.
type Queue struct {
	// Dispatch hands a job to a queue of the application's own, whose worker
	// calls [Service.Process]. It is called in the path of requests, with their
	// context.
	//
	// Keep that queue private. Readers see what visitors typed. Writers can
	// suppress a mail, or repeat it until it is too old, but not mail an
	// address of their choice. Give a new key or version to the processes that
	// work on jobs first.
	Dispatch func(ctx context.Context, job Job) error
	// Synchronous does all work inside Request and Confirm, for platforms that
	// stop a process between requests. An answer then waits for the mail
	// server, and its time tells whether the address has an account. It
	// excludes Dispatch.
	Synchronous bool
	// Size is how many requests may wait for their first attempt, and how many
	// more between two attempts. Other mail may use what they leave free and a
	// quarter more. Workers is how many are worked on at once. Zero means 1,000
	// and 8.
	//
	// Networks, as in [Limits], are served in turn. Where there is no room, the
	// one that has most loses its newest request, or its oldest between two
	// attempts.
	Size, Workers int
	// Window is for how long after the request a mail is worth sending and is
	// retried, from a minute to 7 days. Zero means 15 minutes. What no visitor
	// asked for has a day at least, and a failed look-up in this process a
	// minute or two.
	Window time.Duration
}

// Hooks are functions of the application's own. Each may be nil. They may be
// called concurrently, and must heed their contexts. A hook fails by an error,
// a panic, or no answer within 10 seconds, and so does the method that called
// it, unless said otherwise. Workers call a failed one again. A hook of which
// 1,000 calls hang fails at once, for each site by itself.
type Hooks struct {
	// FindByIdentifier looks up accounts by what is no address, such as a user
	// name. With it, Request accepts any text of at most 254 bytes without
	// control characters. Mail still goes to the stored address.
	FindByIdentifier func(
		ctx context.Context, identifier string,
	) ([]User, error)
	// Blocked tells whether a known client may not use the flow. Request,
	// Confirm, Dispute and Redeem then give the usual answer and do nothing.
	// They call it without a timeout or recovery from panics, so it must answer
	// from memory.
	Blocked func(client netip.Addr) bool
	// Eligible tells whether an account may use this flow. One that signs in
	// with its company may not, for example. It is sent nothing, and its links
	// are refused, except for disputes and Pages.Purposes.
	Eligible func(ctx context.Context, user User) (bool, error)
	// BeforeConfirm asks for a second proof (NIST SP 800-63B-4 section
	// 4.2.2.2). Confirm calls it for a good link, before the password is judged
	// or hashed. It returns nil to go on, also where no proof is needed, or an
	// error, which matches [ErrProofRefused] for a wrong proof. Either counts
	// against Limits.Proof. After it nothing is written and the link stays
	// good.
	//
	// It must not use up a one-time code, since the password may yet be
	// refused. The transaction of Store.ReplaceHash must. That is not given the
	// proof, so mark all codes that are good at that moment as used, as
	// examples/webapp does. OnConfirmed is too late.
	BeforeConfirm func(ctx context.Context, pending Pending) error
	// ProofKind tells pages which proof BeforeConfirm is going to want, such as
	// "totp", or "" for none. It decides nothing, and requires BeforeConfirm.
	ProofKind func(ctx context.Context, pending Pending) (kind string, err error)
	// OnConfirmed are called in turn, once, after a new password is stored and
	// the sessions are ended, for example to mark Confirmation.Email as
	// verified. A failure only makes the event OutcomeHookFailed. The visitor
	// waits for them.
	OnConfirmed []func(ctx context.Context, done Confirmation) error
	// OnDisputed locks an account, for instance by disabling it. With it,
	// notices of a change have a link for [Service.Dispute]. It must end the
	// sessions where Dispute.SessionsEnded is false, and may be called again
	// for the same change.
	OnDisputed func(ctx context.Context, what Dispute) error
}

// A Policy judges a new password, which should not consist of words: the
// product, the site's host, and the account's addresses, whole and up to the
// '@'. Check returns nil, or an error that is or wraps a *policy.Error. Any
// other error means that it cannot decide. It must be safe for concurrent use.
type Policy interface {
	Check(ctx context.Context, password string, words []string) error
}

// Sessions says who ends the sessions of an account when its password has been
// reset. [New] refuses the zero value. A sign-in that verified the old password
// just before must not begin a session just after: begin one on condition that
// the hash is still the same, or count changes as examples/webapp does.
type Sessions struct {
	decided bool
	inStore bool
	end     func(ctx context.Context, userID string) error
}

func (s Sessions) validate(store Store) error {
	if !s.decided {
		return errors.New(
			"reset: Config.Sessions is not decided: use EndSessionsInStore, " +
				"EndSessionsWith a function, or KeepSessions",
		)
	}

	ender, tells := store.(interface{ EndsSessions() bool })
	if s.inStore && tells && !ender.EndsSessions() {
		return errors.New(
			"reset: Config.Sessions is EndSessionsInStore, but Config.Store " +
				"ends none: with sqlstore, set InTx of its Config",
		)
	}
	return nil
}

// EndSessionsInStore says that Store.ReplaceHash ends the account's sessions in
// the transaction that writes the hash. It is the best choice. With package
// sqlstore that is what Config.InTx is for. New refuses a Store whose method
// EndsSessions() bool, if it has one, returns false.
func EndSessionsInStore() Sessions {
	return Sessions{decided: true, inStore: true}
}

// EndSessionsWith says that end ends the account's sessions, with its refresh
// and remember-me tokens. Confirm calls it after the hash is written, with a
// context that the visitor cannot cancel, up to three times within 10 seconds.
// If it never succeeds, or the process dies before, old sessions live.
func EndSessionsWith(
	end func(ctx context.Context, userID string) error,
) Sessions {
	return Sessions{decided: end != nil, end: end}
}

// KeepSessions says that the application has no sessions, or checks each
// request against the stored hash or stamp.
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
