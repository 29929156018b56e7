package reset

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

const (
	defaultQueue   = 1000
	defaultWorkers = 8
	defaultWindow  = 15 * time.Minute
	defaultLife    = time.Hour
	defaultInvite  = 72 * time.Hour
	maxDispute     = 7 * 24 * time.Hour
	maxQueue       = 1_000_000
	maxWorkers     = 1000
	minLifetime    = time.Minute // less than a mail takes.
)

// validate fills in defaults and refuses what is missing or weak.
func (c *Config) validate() error {
	if err := c.validateSite(); err != nil {
		return err
	}

	if _, _, err := mail.ParseMailbox(c.From); err != nil {
		return errors.New("reset: Config.From is not a mail address," +
			" want one like no-reply@app.example")
	}
	if c.Mail.ReplyTo != "" {
		if _, _, err := mail.ParseMailbox(c.Mail.ReplyTo); err != nil {
			return errors.New(
				"reset: Config.Mail.ReplyTo is not a mail address",
			)
		}
	}
	if c.Mail.Support != "" && mail.ValidateAddress(c.Mail.Support) != nil {
		return errors.New(
			"reset: Config.Mail.Support is not a plain mail address",
		)
	}

	if c.Mail.Support != "" && c.Mail.NoContact {
		return errors.New(
			"reset: Config.Mail has both Support and NoContact",
		)
	}

	if c.Store == nil {
		return errors.New("reset: Config.Store is nil")
	}
	if c.Mailer == nil {
		return errors.New("reset: Config.Mailer is nil")
	}
	if err := c.Sessions.validate(c.Store); err != nil {
		return err
	}
	if err := c.Pages.validateReturnTo(); err != nil {
		return err
	}
	if err := c.Hooks.validate(); err != nil {
		return err
	}
	if c.Queue.Synchronous && c.Queue.Dispatch != nil {
		return errors.New(
			"reset: Config.Queue.Synchronous and Config.Queue.Dispatch " +
				"exclude each other",
		)
	}

	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the one place where the clock is taken
	}
	if err := c.validateNumbers(); err != nil {
		return err
	}

	return c.validateParts()
}

func (c *Config) validateNumbers() error {
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
				"reset: Config.%s is %d, want 1 to %d",
				n.field, *n.value, n.top,
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
		{"Lifetimes.Dispute", &c.Lifetimes.Dispute, maxDispute, maxDispute},
		{"Lifetimes.Invite", &c.Lifetimes.Invite, defaultInvite, 7 * 24 * time.Hour},
		{"Queue.Window", &c.Queue.Window, defaultWindow, 7 * 24 * time.Hour},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
		if *d.value < minLifetime || *d.value > d.top {
			return fmt.Errorf(
				"reset: Config.%s is %v, want %v to %v",
				d.field, *d.value, minLifetime, d.top,
			)
		}
	}

	if c.Lifetimes.MaxReset < c.Lifetimes.Reset {
		return errors.New(
			"reset: Config.Lifetimes.MaxReset is shorter than " +
				"Config.Lifetimes.Reset",
		)
	}

	return nil
}

func (c *Config) validateParts() error {
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
		if c.Mail.Renderer, err = mail.NewTemplates(
			mail.TemplatesConfig{},
		); err != nil {
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
	kinds := map[mail.Kind]bool{
		mail.KindReset:            true,
		mail.KindInvite:           true,
		mail.KindPasswordChanged:  true, // for NotifyChanged, if nothing else.
		mail.KindNoAccount:        c.Mail.HintNoAccount,
		mail.KindSignsInElsewhere: c.Mail.HintSignsInElsewhere,
	}
	for purpose := range c.Pages.Purposes {
		kinds[mail.Kind(purpose)] = true
	}

	for kind, wanted := range kinds {
		if !wanted {
			continue
		}

		data := c.sample(kind)
		msg, err := c.Mail.Renderer.Render(data)
		if err == nil && !strings.Contains(msg.Text, data.DisputeLink) {
			err = errors.New("its text does not show Data.DisputeLink")
		}
		if err != nil {
			return fmt.Errorf(
				"reset: Config.Mail.Renderer or Config.Mail.Product: sample "+
					"of the mail %q: %w",
				kind, err,
			)
		}
	}
	return nil
}

func (c *Config) validateSite() error {
	site, err := token.ParseSite(c.Site)
	if err != nil {
		return fmt.Errorf("reset: Config.Site: %w", err)
	}
	if site.Scheme == "http" && !c.Pages.InsecureHTTP &&
		!isThisMachine(site.Hostname()) {
		return errors.New(
			"reset: Config.Site is plain http on another machine, which only " +
				"Config.Pages.InsecureHTTP allows",
		)
	}

	c.Site = site.String()
	if c.Mail.Product == "" {
		c.Mail.Product = site.Hostname()
	}

	for _, page := range []struct {
		field, fallback string
		path            *string
	}{
		{"Pages.Reset", "/reset-password", &c.Pages.Reset},
		{"Pages.Forgot", "/forgot-password", &c.Pages.Forgot},
	} {
		if *page.path == "" {
			*page.path = page.fallback
		}
		if !isPagePath(*page.path) {
			return fmt.Errorf(
				"reset: Config.%s is not an absolute path without query and "+
					"fragment",
				page.field,
			)
		}
	}

	if c.Pages.Login != "" && !isPageURL(c.Pages.Login) {
		return errors.New(
			"reset: Config.Pages.Login is neither a path nor an absolute http " +
				"or https URL",
		)
	}
	if c.Pages.Reset == c.Pages.Forgot {
		return errors.New(
			"reset: Config.Pages.Reset and Config.Pages.Forgot are the same",
		)
	}
	if err := c.validatePurposes(); err != nil {
		return err
	}
	if c.Pages.LinkStyle != LinkFragment && c.Pages.LinkStyle != LinkQuery {
		return errors.New(
			"reset: Config.Pages.LinkStyle is not one of the constants",
		)
	}

	return nil
}

func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		err == nil && addr.IsLoopback()
}

// isPagePath keeps a path from becoming another host ("//evil.example") or
// swallowing the token.
func isPagePath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.EscapedPath() == path
}

// isPageURL refuses what a browser would not take as a page of this site or
// of one that was named on purpose, such as "//evil.example" and "javascript:",
// and what would end the link in a mail.
func isPageURL(page string) bool {
	u, err := url.Parse(page)
	if err != nil || u.User != nil || strings.ContainsFunc(page, endsLink) {
		return false
	}

	if strings.HasPrefix(page, "/") {
		return !strings.HasPrefix(page, "//")
	}
	return u.Host != "" && (strings.HasPrefix(page, "https://") ||
		strings.HasPrefix(page, "http://"))
}

// endsLink reports whether a mail program may take r for the end of a link.
func endsLink(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("<>\"'`\\^{|}", r)
}
