package reset

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
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
	// "/reset-password" and "/forgot-password". Login, to which mails and pages
	// may point, is optional.
	Reset, Forgot, Login string
	// LinkStyle is where a link carries its token. The zero value is
	// [LinkFragment].
	LinkStyle LinkStyle
	// InsecureHTTP allows a Config.Site of plain http on a host other than this
	// machine. Links and passwords can then be read on the way.
	InsecureHTTP bool
}

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
	// OnConfirmed are called in turn, once, after a new password is stored and
	// the sessions are ended. They are the place to clear a lock-out counter.
	// An error or a panic becomes an event, and the reset is a success all the
	// same.
	OnConfirmed []func(ctx context.Context, done Confirmation) error
}

// Confirmation tells a hook which account has a new password.
type Confirmation struct {
	UserID  string
	TokenID string
	Purpose token.Purpose
	Client  netip.Addr
}

const (
	defaultQueue   = 1000
	defaultWorkers = 8
	defaultWindow  = 15 * time.Minute
	defaultLife    = time.Hour
	defaultInvite  = 72 * time.Hour
	maxQueue       = 1_000_000
	maxWorkers     = 1000
	minLifetime    = time.Minute // less than a mail takes.
)

// complete fills in defaults and refuses what is missing or weak.
func (c *Config) complete() error {
	if err := c.completeSite(); err != nil {
		return err
	}

	if _, _, err := mail.ParseMailbox(c.From); err != nil {
		return errors.New("reset: Config.From is not a mail address")
	}
	if c.Mail.ReplyTo != "" {
		if _, _, err := mail.ParseMailbox(c.Mail.ReplyTo); err != nil {
			return errors.New("reset: Config.Mail.ReplyTo is not a mail address")
		}
	}
	if c.Mail.Support != "" && mail.ValidateAddress(c.Mail.Support) != nil {
		return errors.New("reset: Config.Mail.Support is not a plain mail address")
	}

	if c.Store == nil {
		return errors.New("reset: Config.Store is nil")
	}
	if c.Mailer == nil {
		return errors.New("reset: Config.Mailer is nil")
	}
	if !c.Sessions.decided {
		return errors.New("reset: Config.Sessions is not decided: use EndSessionsInStore, EndSessionsWith a function, or KeepSessions")
	}

	c.Hooks.OnConfirmed = slices.Clone(c.Hooks.OnConfirmed)
	if slices.ContainsFunc(
		c.Hooks.OnConfirmed,
		func(hook func(context.Context, Confirmation) error) bool {
			return hook == nil
		},
	) {
		return errors.New("reset: Config.Hooks.OnConfirmed holds a nil function")
	}
	if c.Queue.Synchronous && c.Queue.Dispatch != nil {
		return errors.New("reset: Config.Queue.Synchronous and Config.Queue.Dispatch exclude each other")
	}

	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the one place where the clock is taken
	}
	if err := c.completeNumbers(); err != nil {
		return err
	}

	return c.completeParts()
}

func (c *Config) completeNumbers() error {
	for _, n := range []struct {
		field         string
		value         *int
		fallback, top int
	}{
		{"Queue.Size", &c.Queue.Size, defaultQueue, maxQueue},
		{"Queue.Workers", &c.Queue.Workers, defaultWorkers, maxWorkers},
	} {
		if *n.value == 0 {
			*n.value = n.fallback
		}
		if *n.value < 0 || *n.value > n.top {
			return fmt.Errorf(
				"reset: Config.%s is not between 1 and %d", n.field, n.top,
			)
		}
	}

	if c.Lifetimes.Reset == 0 {
		c.Lifetimes.Reset = defaultLife
	}
	for _, d := range []struct {
		field         string
		value         *time.Duration
		fallback, top time.Duration
	}{
		{"Lifetimes.Reset", &c.Lifetimes.Reset, defaultLife, 24 * time.Hour},
		{"Lifetimes.MaxReset", &c.Lifetimes.MaxReset, c.Lifetimes.Reset, 24 * time.Hour},
		{"Lifetimes.Invite", &c.Lifetimes.Invite, defaultInvite, 7 * 24 * time.Hour},
		{"Queue.Window", &c.Queue.Window, defaultWindow, 7 * 24 * time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
		if *d.value < minLifetime || *d.value > d.top {
			return fmt.Errorf(
				"reset: Config.%s is not between %v and %v",
				d.field, minLifetime, d.top,
			)
		}
	}

	if c.Lifetimes.MaxReset < c.Lifetimes.Reset {
		return errors.New("reset: Config.Lifetimes.MaxReset is shorter than Config.Lifetimes.Reset")
	}

	return nil
}

func (c *Config) completeParts() error {
	var err error
	if c.Hasher == nil {
		if c.Hasher, err = hash.New(hash.Config{}); err != nil {
			return fmt.Errorf("reset: default hasher: %w", err)
		}
	}

	if c.Policy == nil {
		if c.Policy, err = policy.New(policy.Config{}); err != nil {
			return fmt.Errorf("reset: default policy: %w", err)
		}
	}

	if c.Mail.Renderer == nil {
		if c.Mail.Renderer, err = mail.NewTemplates(mail.TemplatesConfig{}); err != nil {
			return fmt.Errorf("reset: default mail templates: %w", err)
		}
	}
	if c.Events == nil {
		c.Events = SlogSink(nil)
	}

	return c.tryRenderer()
}

// tryRenderer writes each mail once with sample data, so that a broken template
// or product name stops the start and not the first reset.
func (c *Config) tryRenderer() error {
	now := c.Now()
	for kind, wanted := range map[mail.Kind]bool{
		mail.KindReset:            true,
		mail.KindInvite:           true,
		mail.KindPasswordChanged:  !c.Mail.SkipNotice,
		mail.KindNoAccount:        c.Mail.HintNoAccount,
		mail.KindSignsInElsewhere: c.Mail.HintSignsInElsewhere,
	} {
		if !wanted {
			continue
		}

		data := c.facts(kind)
		data.At = now
		if kind == mail.KindReset || kind == mail.KindInvite {
			data.Link, data.ExpiresAt, data.Lifetime =
				c.Site+c.Pages.Reset+"#token=sample",
				now.Add(c.Lifetimes.Reset),
				c.Lifetimes.Reset
		}

		if _, err := c.Mail.Renderer.Render(data); err != nil {
			return fmt.Errorf(
				"reset: Config.Mail.Renderer or Config.Mail.Product: sample of the mail %q: %w",
				kind, err,
			)
		}
	}
	return nil
}

// facts returns what every mail of one kind says.
func (c *Config) facts(kind mail.Kind) mail.Data {
	data := mail.Data{
		Kind:      kind,
		Product:   c.Mail.Product,
		Site:      c.Site,
		Support:   c.Mail.Support,
		ForgotURL: c.Site + c.Pages.Forgot,
	}
	if c.Pages.Login != "" {
		data.LoginURL = c.Site + c.Pages.Login
	}
	return data
}
