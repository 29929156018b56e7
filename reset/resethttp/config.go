package resethttp

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

// Config configures the pages. The zero value works. Where they are, how links
// lead to them and where to sign in is in the Service's own Config.Pages.
type Config struct {
	// Client says who sends a request, for limits and events. Nil means the
	// other end of the connection. Behind a proxy that is the proxy, and
	// everybody shares one limit, so set it there. X-Forwarded-For and its like
	// are never read otherwise, because anybody can send them. The zero Addr
	// means unknown.
	Client func(*http.Request) netip.Addr

	// GuardRequest is asked about every request for a link before anything is
	// charged or sent, for the answer of a CAPTCHA or the verdict of a
	// firewall. An error refuses the request with status 403. It is neither
	// shown nor recorded. r.PostFormValue gives the fields of the form, and the
	// body is empty. The context is that of the request, so a guard that asks
	// another service should set a time limit. Nil refuses nothing.
	GuardRequest func(r *http.Request) error

	// Sources are origins that the page which asks for a link may load from,
	// for a CAPTCHA in a pages/forgot.html of your own, and where images of all
	// pages may come from.
	Sources ContentSources

	// Brand is the look in a few values, which the mails may have too. The zero
	// value is the module's own. A Logo on another origin than the Service's
	// Site needs that origin in Sources.Image.
	Brand mail.Brand

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
	// A file of pages replaces the blocks that it defines and keeps the others.
	// In frame.html these are "head", at the end of the head of the document,
	// "brand" above the card and "foot" below it. A page has "main", all that
	// is in the card.
	//
	// New refuses files that would have no effect, and what the content
	// security policy would keep a browser from using. These are style
	// attributes and elements, further scripts and style sheets, attributes
	// such as onclick, "javascript:" and images of other origins. It reads tags
	// as they stand in the file, without what an action puts into them.
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
	if err := cfg.Sources.validate(where.origin); err != nil {
		return nil, err
	}
	t, err := cfg.templates(settings, where)
	if err != nil {
		return nil, err
	}

	policy := contentPolicy(t.style, t.script, cfg.Sources.Image)
	client := clientOf(cfg.Client, cfg.logger())
	return &pages{
		svc:       svc,
		routes:    where,
		templates: t,
		policy:    policy,
		widened:   cfg.Sources.widen(policy),
		origin:    origin,
		client:    client,
		guard:     cfg.GuardRequest,
		check: checker{
			svc: svc, client: client,
			minLength: settings.MinLength, username: true,
		},
		logger: cfg.logger(),
		now:    cfg.clock(),
	}, nil
}

// templates makes what the pages are drawn with. The error lists all faults of
// Brand, Locale and Files that can be told at once.
func (c Config) templates(
	settings reset.Settings, where routes,
) (*templates, error) {
	brand, rules, brandErr := newBrand(c.Brand, settings.Product)
	logoErr := validateLogo(brand.Logo, where.origin, c.Sources.Image)

	t, err := newTemplates(files{c.Files}, c.Locale, Page{
		Product:      settings.Product,
		Brand:        brand,
		LoginURL:     where.loginURL(settings.Login),
		ForgotURL:    where.forgotURL(),
		ResetURL:     where.resetURL(),
		MinLength:    settings.MinLength,
		Identifiers:  settings.Identifiers,
		Sender:       settings.Sender,
		EndsSessions: settings.EndsSessions,
		Notice:       settings.Notice,
		lifetime:     settings.Lifetime,
	})
	faults := files{c.Files}.faults(c.Sources, where.origin)
	err = errors.Join(brandErr, logoErr, errors.Join(faults...), err)
	if err != nil {
		return nil, err
	}

	t.style += rules
	return t, t.try()
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
// foreign. It trusts the further origins as well.
func newOrigin(
	where routes, further ...string,
) (*http.CrossOriginProtection, error) {
	origin := http.NewCrossOriginProtection()
	for _, trusted := range append([]string{where.origin}, further...) {
		if err := origin.AddTrustedOrigin(trusted); err != nil {
			return nil, errors.New("resethttp: the Service's Site has no origin")
		}
	}
	return origin, nil
}
