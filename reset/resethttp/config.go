package resethttp

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// Config configures the pages. The zero value works. Where they are, how links
// lead to them and where to sign in is in the Service's own Config.Pages.
type Config struct {
	// Product is the name above the card and in the title. Empty means the
	// Service's.
	Product string

	// Client says who sends a request, for limits and events. Nil means the
	// other end of the connection. Behind a proxy that is the proxy, and
	// everybody shares one limit, so set it there. X-Forwarded-For and its like
	// are never read otherwise, because anybody can send them. The zero Addr
	// means unknown.
	Client func(*http.Request) netip.Addr

	// Locale is the language for those whose own is not there. Empty means
	// "en".
	Locale string

	// Files replaces built-in files by their names and adds languages. Nil
	// replaces nothing. It is read only by New, which parses and runs
	// everything once.
	//
	//	locales/pl.json    the texts of one language, all of them or a few
	//	pages/frame.html   what stands around the card
	//	pages/reset.html   one page; likewise the others
	//	assets/style.css   all of the style
	//	assets/script.js   all of the script
	//
	// The folder, and the files of texts in it, may be those of the mails too.
	// [mail.LoadTexts] says which keys belong to whom, and where a text that a
	// file does not have comes from.
	Files fs.FS

	// Logger receives what goes wrong in drawing a page. What goes wrong in the
	// Service is in its events. Nil means slog.Default().
	Logger *slog.Logger

	// Now is the clock, for the age of a cookie. Nil means time.Now.
	Now func() time.Time
}

// New returns the handler of the pages. They are the form that asks for a link
// on the Service's Pages.Forgot, the form that sets a new password on its
// Pages.Reset, and what comes after each on the same two paths. Where the
// Service's Hooks.OnDisputed is set, the page that disputes a change is on its
// Pages.Dispute. All may be mounted under their path alone, or under the path
// of the Service's Site as well.
//
// The error names the field of Config, or the file, that is at fault. The
// handler is safe for concurrent use.
func New(svc *reset.Service, cfg Config) (http.Handler, error) {
	if svc == nil {
		return nil, errors.New("resethttp: the Service is nil")
	}

	settings := svc.Settings()
	where, err := newRoutes(settings)
	if err != nil {
		return nil, err
	}
	origin, err := newOrigin(where)
	if err != nil {
		return nil, err
	}
	t, err := newTemplates(files{cfg.Files}, cfg.Locale)
	if err != nil {
		return nil, err
	}

	return &pages{
		svc:       svc,
		routes:    where,
		templates: t,
		policy:    contentPolicy(t.style, t.script),
		origin:    origin,
		client:    clientOf(cfg.Client),
		query:     settings.LinkStyle == reset.LinkQuery,
		logger:    cfg.logger(),
		now:       cfg.clock(),

		common: Page{
			Product:     cmp.Or(cfg.Product, settings.Product),
			LoginURL:    where.loginURL(settings.Login),
			ForgotURL:   where.forgotURL(),
			ResetURL:    where.resetURL(),
			MinLength:   settings.MinLength,
			Identifiers: settings.Identifiers,
			lifetime:    settings.Lifetime,
		},
	}, nil
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}

func (c Config) clock() func() time.Time {
	if c.Now == nil {
		return time.Now //nolint:forbidigo // the one place where the clock is taken
	}
	return c.Now
}

// newOrigin returns a check that trusts the site's own origin in so many words,
// so that a proxy which rewrites Host does not make the site's own forms look
// foreign.
func newOrigin(where routes) (*http.CrossOriginProtection, error) {
	origin := http.NewCrossOriginProtection()
	if err := origin.AddTrustedOrigin(where.origin); err != nil {
		return nil, errors.New("resethttp: the Service's Site has no origin")
	}
	return origin, nil
}

func clientOf(
	configured func(*http.Request) netip.Addr,
) func(*http.Request) netip.Addr {
	if configured != nil {
		return configured
	}
	return func(r *http.Request) netip.Addr {
		remote, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return netip.Addr{}
		}
		return remote.Addr().Unmap().WithZone("")
	}
}
