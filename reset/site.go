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

// A Site is one more site, tenant or brand, for [Service.For]. Name, URL and
// From are required, and with a Store also Sessions. It takes nothing from
// Config.Pages and Config.Mail.
type Site struct {
	// Name is what jobs, events and metrics call the site: 1 to 64 ASCII
	// letters, digits, dots, hyphens and underscores. It must stay while jobs
	// wait.
	Name string
	// URL and From are as in Config, and URL is no other site's. Scripts and
	// cookies reach other sites that differ in the path alone.
	URL  string
	From string
	// Mailer sends the site's mail. Nil means Config.Mailer.
	Mailer mail.Mailer

	// Store has the site's accounts. Nil means Config.Store, for sites that
	// share a table and so the limits of its accounts.
	Store Store
	// Sessions is required with a Store. Else the zero value means
	// Config.Sessions.
	Sessions Sessions
	// Hooks are the site's own. Nil means Config.Hooks, which a Site with a
	// Store cannot have, since its ids are those of other accounts. A nil
	// Blocked means that of Config.Hooks in any case.
	Hooks *Hooks

	Pages Pages
	// Mail is as Config.Mail. For a brand use Templates.WithBrand, which shares
	// what was parsed.
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
// field of site is missing or weak. Never make a Site of a Host header or any
// other part of a request.
//
// A name and a URL can be used once, so call it when the program starts. After
// [Service.Shutdown] it returns [ErrClosed].
//
// Sites share workers, queue, hasher, policy, keys, clock, lifetimes, sink and
// limits, so size Limits.Global for all. A Store that hangs keeps a worker for
// 10 seconds, and a Mailer for a minute, so a site with a slow one should be a
// Service of its own. A thousand sites take 3 MiB, or 13 MiB where each has a
// brand.
//
// A link or a [Job] of one site is refused by all others, also where they share
// a Store. [Service.Process] of any does the jobs of all, so each process that
// works on jobs must call For for every site.
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

	err := fmt.Errorf("%w: %q", ErrUnknownSite, job.SiteName)
	s.refuseJob(ctx, job, reasonUnknownSite, err)
	return err
}
