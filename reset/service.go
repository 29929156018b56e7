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
	calls     hookCalls
}

// New makes a Service, or says which field of cfg is missing or weak. It starts
// goroutines for events and mail, which [Service.Shutdown] ends.
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

// Format prints the type's name.
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

// Shutdown takes no more requests, makes one more attempt at what waits for
// another, and returns when all mail and all events are out. When ctx ends
// before, it gives up what remains, with an event for each mail, and returns a
// *[ShutdownError]. It may be called again, but not for a [Site].
//
// Checks and confirmations still work, but their notices are not sent, so shut
// the web server down first. An engine behind Config.Queue.Dispatch is not
// touched.
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
	// DisputePath is empty without Hooks.OnDisputed.
	DisputePath string
	Login       string
	// ReturnTo is Pages.ReturnTo. A link carries a key as the parameter
	// "return" behind its token.
	ReturnTo  map[string]string
	LinkStyle LinkStyle
	Lifetime  time.Duration
	// MinLength is in code points, or 0 where the policy has no method
	// MinLength() int.
	MinLength int
	// TakesIdentifiers says that Hooks.FindByIdentifier is set, and AsksProof
	// that Hooks.BeforeConfirm is.
	TakesIdentifiers, AsksProof bool
	// Sender is the address of Config.From.
	Sender string
	// EndsSessions is false for KeepSessions, and SendsNotice for
	// Mail.SkipNotice.
	EndsSessions, SendsNotice bool
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
		Site:             s.cfg.Site,
		Product:          s.cfg.Mail.Product,
		Support:          s.cfg.Mail.Support,
		ResetPath:        s.cfg.Pages.Reset,
		ForgotPath:       s.cfg.Pages.Forgot,
		DisputePath:      disputePath,
		Login:            s.cfg.Pages.Login,
		ReturnTo:         maps.Clone(s.cfg.Pages.ReturnTo),
		LinkStyle:        s.cfg.Pages.LinkStyle,
		Lifetime:         s.cfg.Lifetimes.Reset,
		MinLength:        minLength,
		TakesIdentifiers: s.cfg.Hooks.FindByIdentifier != nil,
		AsksProof:        s.cfg.Hooks.BeforeConfirm != nil,
		Sender:           sender,
		EndsSessions:     s.cfg.Sessions.inStore || s.cfg.Sessions.end != nil,
		SendsNotice:      !s.cfg.Mail.SkipNotice,
	}
}

func (s *Service) blocked(client netip.Addr) bool {
	return s.cfg.Hooks.Blocked != nil && client.IsValid() &&
		s.cfg.Hooks.Blocked(client)
}
