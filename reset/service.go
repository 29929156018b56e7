package reset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A Service is the whole flow, for one site. It is safe for concurrent use.
// Call [Service.Shutdown] before the process ends.
type Service struct {
	*shared
	name   string // the Site's, or "" if New made it.
	cfg    Config
	host   string
	signer *token.Signer
	limits throttles
	digest digester
	events *recorder

	rewritten rewrittenLinks
}

// New makes a Service, or says which field of cfg is missing or weak, without
// printing a secret. Unless cfg.Queue.Synchronous is set, it starts a goroutine
// for events and, without cfg.Queue.Dispatch, cfg.Queue.Workers for mail, which
// Shutdown ends.
func New(cfg Config) (*Service, error) {
	plain := cfg.Mail.Renderer == nil
	if err := cfg.validate(); err != nil {
		return nil, err
	}

	s, err := newService("", cfg)
	if err != nil {
		return nil, err
	}
	seal, err := newJobSeal(cfg.Site, cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("reset: key for jobs: %w", err)
	}
	limits, err := newThrottles(cfg.Limits, cfg.Now)
	if err != nil {
		return nil, err
	}

	s.shared = newShared(s, seal, plain)
	s.events = &recorder{journal: newJournal(
		cfg.Events, cfg.Now, cfg.Queue.Synchronous,
	)}
	s.limits = limits
	s.limits.events = s.events

	if !cfg.Queue.Synchronous && cfg.Queue.Dispatch == nil {
		s.pool = newPool(poolConfig{
			queue: cfg.Queue.Size, workers: cfg.Queue.Workers,
			attempt: work, abandon: abandon, dropped: dropped,
		})
	}

	return s, nil
}

// newService makes what belongs to one site alone. cfg is valid.
func newService(name string, cfg Config) (*Service, error) {
	signer, err := token.New(token.Config{
		Site:     cfg.Site,
		Keys:     cfg.Keys,
		Purposes: cfg.purposes(),
		Leeway:   clockLeeway,
		Now:      cfg.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}

	digest, err := newDigester(cfg.Site, cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("reset: key for limits: %w", err)
	}
	site, err := token.ParseSite(cfg.Site)
	if err != nil {
		return nil, fmt.Errorf("reset: Config.Site: %w", err)
	}

	return &Service{
		name: name, cfg: cfg, host: site.Hostname(),
		signer: signer, digest: digest,
	}, nil
}

// Format prints the name of the type alone.
func (s *Service) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "reset.Service")
}

// The timeouts of single steps. The store's also hold for Check and Confirm,
// when the caller's context has no nearer deadline.
const (
	lookupTimeout = 10 * time.Second
	writeTimeout  = 10 * time.Second
	hookTimeout   = 10 * time.Second
	sendTimeout   = time.Minute
)

// Shutdown takes no more requests, makes one more attempt at what is waiting
// for another, and returns when all mail and all events are out. Checks and
// confirmations still work, but their notices are not sent, so shut the web
// server down first. When ctx ends before, it stops the workers and returns a
// *[ShutdownError]. Each mail that remained makes an event. It may be called
// again. An engine behind Config.Queue.Dispatch is not touched.
//
// It shuts all sites down, and is an error on a Service that [Service.For]
// made.
func (s *Service) Shutdown(ctx context.Context) error {
	if s != s.first {
		return errors.New(
			"reset: Shutdown of a site: shut down the Service that New made",
		)
	}
	s.closed.Store(true)

	var unfinished int
	var err error
	if s.pool != nil {
		unfinished, err = s.pool.shutdown(ctx)
	}
	err = errors.Join(err, s.events.close(ctx))
	if err != nil {
		return &ShutdownError{Unfinished: unfinished, Err: err}
	}
	return nil
}

// Settings holds what pages need to know of a [Config], with its defaults.
type Settings struct {
	Site, Product, Support string
	ResetPath, ForgotPath  string
	// DisputePath is empty without Config.Hooks.OnDisputed.
	DisputePath string
	// Login is a path under Site, an absolute URL or empty.
	Login string
	// ReturnTo is Config.Pages.ReturnTo. A link carries a key as the parameter
	// "return" behind its token.
	ReturnTo  map[string]string
	LinkStyle LinkStyle
	Lifetime  time.Duration
	// MinLength is what the policy's method MinLength() int returns, if it has
	// one: the shortest password in code points.
	MinLength int
	// Identifiers says that Hooks.FindByIdentifier is set, and Proofs that
	// Hooks.BeforeConfirm is.
	Identifiers, Proofs bool
	// Sender is the address of Config.From.
	Sender string
	// EndsSessions says that Config.Sessions is not KeepSessions, and Notice
	// that a mail tells of a changed password.
	EndsSessions, Notice bool
}

// Settings returns what pages need to know.
func (s *Service) Settings() Settings {
	minLength := 0
	if p, ok := s.cfg.Policy.(interface{ MinLength() int }); ok {
		minLength = p.MinLength()
	}
	// New has parsed it before.
	_, sender, _ := mail.ParseMailbox(s.cfg.From)

	disputePath := ""
	if s.cfg.Hooks.OnDisputed != nil {
		disputePath = s.cfg.Pages.Dispute
	}

	return Settings{
		DisputePath: disputePath,
		MinLength:   minLength,
		Identifiers: s.cfg.Hooks.FindByIdentifier != nil,
		Proofs:      s.cfg.Hooks.BeforeConfirm != nil,
		Site:        s.cfg.Site,
		Product:     s.cfg.Mail.Product,
		Support:     s.cfg.Mail.Support,
		ResetPath:   s.cfg.Pages.Reset,
		ForgotPath:  s.cfg.Pages.Forgot,
		Login:       s.cfg.Pages.Login,
		ReturnTo:    maps.Clone(s.cfg.Pages.ReturnTo),
		LinkStyle:   s.cfg.Pages.LinkStyle,
		Lifetime:    s.cfg.Lifetimes.Reset,
		Sender:      sender,
		Notice:      !s.cfg.Mail.SkipNotice,

		EndsSessions: s.cfg.Sessions.inStore || s.cfg.Sessions.end != nil,
	}
}

func (s *Service) blocked(client netip.Addr) bool {
	return s.cfg.Hooks.Blocked != nil && client.IsValid() &&
		s.cfg.Hooks.Blocked(client)
}
