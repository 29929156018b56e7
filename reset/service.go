package reset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// A Service is the whole flow. Make one with [New]. It is safe for concurrent
// use. Call [Service.Shutdown] before the process ends.
type Service struct {
	cfg    Config
	host   string
	signer *token.Signer
	limits throttles
	digest digester
	seal   jobSeal
	events *recorder
	pool   *pool // nil when synchronous or dispatched elsewhere.
	closed atomic.Bool
}

// New makes a Service, or says which field of cfg is missing or weak, without
// printing a secret. Unless cfg.Queue.Synchronous is set, it starts goroutines,
// which Shutdown ends. There is one for events of requests and, without
// cfg.Queue.Dispatch, there are cfg.Queue.Workers for mail.
func New(cfg Config) (*Service, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}

	signer, err := token.New(token.Config{
		Site: cfg.Site,
		Keys: cfg.Keys,
		Purposes: map[token.Purpose]token.Lifetime{
			token.PurposeReset: {
				Default: cfg.Lifetimes.Reset,
				Max:     cfg.Lifetimes.MaxReset,
			},
			token.PurposeInvite: {
				Default: cfg.Lifetimes.Invite, Max: cfg.Lifetimes.Invite,
			},
		},
		Leeway: clockLeeway,
		Now:    cfg.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("reset: %w", err)
	}

	digest, err := newDigester(cfg.Site, cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("reset: key for limits: %w", err)
	}
	seal, err := newJobSeal(cfg.Site, cfg.Keys)
	if err != nil {
		return nil, fmt.Errorf("reset: key for jobs: %w", err)
	}
	site, err := token.ParseSite(cfg.Site)
	if err != nil {
		return nil, fmt.Errorf("reset: Config.Site: %w", err)
	}

	limits, err := newThrottles(cfg.Limits, cfg.Now)
	if err != nil {
		return nil, err
	}

	s := &Service{
		cfg: cfg, host: site.Hostname(), signer: signer,
		limits: limits, digest: digest, seal: seal,
		events: newRecorder(cfg.Events, cfg.Now, cfg.Queue.Synchronous),
	}
	s.limits.events = s.events

	if !cfg.Queue.Synchronous && cfg.Queue.Dispatch == nil {
		s.pool = newPool(poolConfig{
			queue: cfg.Queue.Size, workers: cfg.Queue.Workers,
			attempt: s.work, abandon: s.abandon, dropped: s.dropped,
		})
	}

	return s, nil
}

// Format prints the name of the type alone, under every verb, since a Service
// holds keys.
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
// server down first. When ctx ends before, Shutdown stops the workers and
// returns a *[ShutdownError] that says how much remained. Each of those mails
// makes an event. It may be called again. What an engine behind
// Config.Queue.Dispatch holds is the engine's.
func (s *Service) Shutdown(ctx context.Context) error {
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

// Settings holds what pages need to know of a [Config], with the defaults
// filled in.
type Settings struct {
	Site, Product, Support string
	ResetPath, ForgotPath  string
	// Login is a path under Site, an absolute URL or empty.
	Login string
	// ReturnTo are the places of Config.Pages.ReturnTo, by their keys. A link
	// carries the key as the parameter "return" behind its token.
	ReturnTo  map[string]string
	LinkStyle LinkStyle
	Lifetime  time.Duration
	// MinLength is the shortest password in code points, if the policy has a
	// method MinLength() int, as policy.Policy has. Else it is 0.
	MinLength int
	// Identifiers says that Config.Hooks.FindByIdentifier is set.
	Identifiers bool
}

// Settings returns what pages need to know.
func (s *Service) Settings() Settings {
	minLength := 0
	if p, ok := s.cfg.Policy.(interface{ MinLength() int }); ok {
		minLength = p.MinLength()
	}

	return Settings{
		MinLength:   minLength,
		Identifiers: s.cfg.Hooks.FindByIdentifier != nil,
		Site:        s.cfg.Site,
		Product:     s.cfg.Mail.Product,
		Support:     s.cfg.Mail.Support,
		ResetPath:   s.cfg.Pages.Reset,
		ForgotPath:  s.cfg.Pages.Forgot,
		Login:       s.cfg.Pages.Login,
		ReturnTo:    maps.Clone(s.cfg.Pages.ReturnTo),
		LinkStyle:   s.cfg.Pages.LinkStyle,
		Lifetime:    s.cfg.Lifetimes.Reset,
	}
}

func (s *Service) blocked(client netip.Addr) bool {
	return s.cfg.Hooks.Blocked != nil && client.IsValid() &&
		s.cfg.Hooks.Blocked(client)
}
