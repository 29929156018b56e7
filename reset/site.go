package reset

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/mail"
)

// A Site is one more site, tenant or brand that [Service.For] makes a Service
// for. Name, URL and From are required, and with a Store of its own Sessions
// and perhaps Hooks.
//
// Pages and Mail are the site's own as a whole. Nothing of Config.Pages and
// Config.Mail shows through, so that no site has the sign-in page, the support
// address or the look of another. To have the same, give the same value.
type Site struct {
	// Name is what jobs and events call the site. It is 1 to 64 letters of
	// ASCII, digits, dots, hyphens and underscores, and must stay what it is
	// while jobs wait in a queue. It may become a metric's label.
	Name string
	// URL is the base URL of the site, as Config.Site is, and no other site's.
	// It is part of the keys of links. Sites that differ in the path alone
	// refuse each other's links, but browsers hold them for one origin, so
	// scripts and cookies of one reach the other.
	URL string
	// From is the sender, of the form of Config.From.
	From string
	// Mailer sends the site's mail. Nil means Config.Mailer.
	Mailer mail.Mailer

	// Store has the site's accounts. Nil means Config.Store. Leave it nil where
	// sites share a table, because Limits.Account, ConfirmUser and Check count
	// the accounts of Config.Store for all those sites together, and those of a
	// Store given here for this site alone.
	Store Store
	// Sessions says who ends the sessions of the accounts. With a Store given
	// here it is required. Else the zero value means Config.Sessions.
	Sessions Sessions
	// Hooks are the site's own. Nil means Config.Hooks. With a Store given here
	// and any of Config.Hooks but Blocked set, it must not be nil, since the
	// same id is another account here. It may point to the zero Hooks, for
	// none. If its Blocked is nil, Config.Hooks.Blocked holds.
	Hooks *Hooks

	// Pages is as Config.Pages is. The zero value means the documented paths
	// and no page for signing in.
	Pages Pages
	// Mail is as Config.Mail is. A Renderer that is nil means mail.NewTemplates
	// without overrides, once for all sites. One with a brand of its own takes
	// about 320 KiB.
	Mail Mail
}

// shared is what a Service and those that For made of it have in common.
type shared struct {
	first  *Service // the one that New made.
	seal   jobSeal
	pool   *pool // nil when synchronous or dispatched elsewhere.
	closed atomic.Bool
	// templates returns mail.NewTemplates without overrides.
	templates func() (mail.Renderer, error)

	mu    sync.RWMutex        // guards what follows.
	sites map[string]*Service // by name.
	urls  map[string]bool
}

// newShared starts the registry with the first site. plain says that its
// renderer is the one without overrides.
func newShared(first *Service, seal jobSeal, plain bool) *shared {
	templates := func() (mail.Renderer, error) {
		return mail.NewTemplates(mail.TemplatesConfig{})
	}
	if plain {
		templates = func() (mail.Renderer, error) {
			return first.cfg.Mail.Renderer, nil
		}
	}

	return &shared{
		first: first, seal: seal, templates: sync.OnceValues(templates),
		sites: map[string]*Service{"": first},
		urls:  map[string]bool{first.cfg.Site: true},
	}
}

// For returns the same service for another site, tenant or brand, or says which
// field of site is missing or weak. Called on what For has returned, it does
// what it does on the Service that [New] made.
//
// Both have the workers, the queue, the hasher, the policy, the keys, the
// clock, the lifetimes and the sink in common, and a site starts no goroutine.
// A thousand sites take 3 MiB. [Service.Shutdown] of the Service that New made
// ends them all, and For then returns [ErrClosed].
//
// A link of one site is refused by all others, also where they share a Store,
// because the keys of links are derived from the URL. A site looks accounts up
// in its own Store alone, and mails with its own sender, brand and addresses. A
// [Job] says which site it is of, inside its MAC, and [Service.Process] of any
// of them does it for that one. So each process that works on jobs must call
// For for every site.
//
// [Limits] of clients, of networks and of everybody count all sites together.
// Size Limits.Global for the sum of them. A network that floods one site uses
// up what belongs to that network everywhere, and nothing of other networks.
// The same holds for the queue. Workers are taken in turn by networks, not by
// sites, so a Store or a Mailer that hangs keeps a worker until its timeout,
// which is 10 seconds for a Store and a minute for a Mailer. What may be that
// slow should be a Service of its own.
//
// Which site a request is for is the application's to say, from its own
// configuration. It may route by the hosts that it has configured, but must not
// make a Site of a Host header, or of any other part of a request.
//
// A name and a URL can be used once in the life of the Service, and For refuses
// them the second time, also with the same values. So call it for each site
// when the program starts, or under a lock of the application's own. It is safe
// for concurrent use.
func (s *Service) For(site Site) (*Service, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}

	cfg, err := s.first.configFor(site)
	if err != nil {
		return nil, err
	}
	if err := guard("Site.Mail.Renderer", cfg.validate); err != nil {
		return nil, siteError(err)
	}

	made, err := newService(site.Name, cfg)
	if err != nil {
		return nil, siteError(err)
	}
	made.shared = s.shared
	made.events = &recorder{journal: s.events.journal, site: site.Name}
	made.limits = s.first.limits
	made.limits.events = made.events
	if site.Store == nil {
		made.digest = s.first.digest // the same accounts.
	}

	if err := s.register(made); err != nil {
		return nil, err
	}
	return made, nil
}

// configFor returns what New would be given for a site, not yet validated.
func (s *Service) configFor(site Site) (Config, error) {
	cfg := s.cfg
	if !isSiteName(site.Name) {
		return cfg, errors.New(
			"reset: Site.Name is not 1 to 64 ASCII letters, digits, '.', '-' " +
				"and '_'",
		)
	}

	cfg.Site, cfg.From = site.URL, site.From
	cfg.Pages, cfg.Mail = site.Pages, site.Mail
	if site.Mailer != nil {
		cfg.Mailer = site.Mailer
	}
	if cfg.Mail.Renderer == nil {
		var err error
		if cfg.Mail.Renderer, err = s.templates(); err != nil {
			return cfg, fmt.Errorf("reset: default mail templates: %w", err)
		}
	}

	if site.Store != nil {
		cfg.Store, cfg.Sessions = site.Store, site.Sessions
		if site.Hooks == nil && s.cfg.Hooks.knowAccounts() {
			return cfg, errors.New(
				"reset: Site.Hooks is nil, with a Site.Store whose accounts " +
					"Config.Hooks does not know: give the site's own, or " +
					"&reset.Hooks{} for none",
			)
		}
	} else if site.Sessions.decided {
		cfg.Sessions = site.Sessions
	}

	if site.Hooks != nil {
		cfg.Hooks = *site.Hooks
	}
	if cfg.Hooks.Blocked == nil {
		cfg.Hooks.Blocked = s.cfg.Hooks.Blocked
	}
	return cfg, nil
}

// knowAccounts tells whether any hook but Blocked is set.
func (h Hooks) knowAccounts() bool {
	h.Blocked = nil
	return !reflect.ValueOf(h).IsZero()
}

// siteError names the fields of a Site in an error that names those of a
// Config.
func siteError(err error) error {
	text := strings.NewReplacer(
		"Config.Site", "Site.URL", "Config.", "Site.",
	).Replace(err.Error())
	return &scrubbed{text, err}
}

func isSiteName(name string) bool {
	const others = "abcdefghijklmnopqrstuvwxyz" +
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return name != "" && len(name) <= 64 && strings.Trim(name, others) == ""
}

// register makes a site known to Process, unless another has its name or URL.
func (h *shared) register(made *Service) error {
	h.mu.Lock()
	defer h.mu.Unlock()

	if h.sites[made.name] != nil {
		return fmt.Errorf("reset: Site.Name %q is taken", made.name)
	}
	if h.urls[made.cfg.Site] {
		return fmt.Errorf(
			"reset: Site.URL of %q is that of another site", made.name,
		)
	}
	h.sites[made.name], h.urls[made.cfg.Site] = made, true
	return nil
}

// site returns the Service of a site, or nil.
func (h *shared) site(name string) *Service {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.sites[name]
}

// keepForItsSite refuses a job until a process knows its site, or the mail is
// of no more use.
func (s *Service) keepForItsSite(ctx context.Context, job Job) error {
	switch age := s.cfg.Now().Sub(job.RequestedAt); {
	case job.Throttled:
		return nil
	case age > s.window(job):
		s.tooLate(ctx, attempt{job: job})
		return nil
	}

	err := fmt.Errorf("%w: %q", ErrUnknownSite, job.Site)
	s.refuseJob(ctx, job, reasonUnknownSite, err)
	return err
}
