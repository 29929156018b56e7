package resethttp

import (
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
)

// Config configures the pages. The zero value works. Paths, the style of links
// and the place to sign in are in the Service's [reset.Pages].
type Config struct {
	// Client says who sends a request, for limits and events. Nil means the
	// other end of the connection, so that behind a proxy everybody shares one
	// limit. Use [ClientBehind] there. The zero Addr means unknown.
	Client func(*http.Request) netip.Addr

	// GuardRequest is asked about every request for a link before anything is
	// charged or sent, for a CAPTCHA or a firewall. An error answers 403, and
	// is neither shown nor recorded. r.PostFormValue has the fields, and the
	// body is empty. The context is the request's, without a time limit. Nil
	// refuses nothing. The limits work in either case.
	GuardRequest func(r *http.Request) error

	// Sources are what pages may load from other origins. Empty means nothing.
	Sources ContentSources

	// Brand is the look in a few values, which the mails may have too. New
	// refuses unreadable colours, and a Logo that Sources.Image does not allow.
	Brand mail.Brand

	// Locale is the language for visitors whose own is not there, one of de,
	// en, es, fr, pt-BR and those of Files. Empty means "en".
	Locale string

	// Files replaces built-in files and adds languages. Only New reads it.
	//
	//	locales/pl.json    the texts of one language, all of them or a few
	//	pages/frame.html   what stands around the card
	//	pages/reset.html   one page; likewise the others
	//	assets/style.css   all of the style
	//	assets/script.js   all of the script
	//
	// Texts may be in one file with those of the mails, see [mail.LoadTexts]. A
	// page is a template that sees a [Page]. It replaces the blocks it defines:
	// "main", all that is in the card, and of the frame "head", at the end of
	// the document's head, "brand" above the card and "foot" below it.
	//
	// A reset.html must send {{.Link}} as "token" and the second proof as
	// "proof", a forgot.html or rejected.html {{.ReturnTo}} as "return", as the
	// block "email-field" does.
	//
	// New refuses files without effect, and what the content security policy
	// blocks, such as inline styles, handlers and foreign images. It does not
	// see what actions put into tags.
	Files fs.FS

	// Templates, for several sites, are what [NewTemplates] made of Files and
	// Locale, which must be empty then.
	Templates *Templates

	// Logger receives what goes wrong in drawing a page, which answers 500, and
	// a proxy that Client does not know. Nil means slog.Default().
	Logger *slog.Logger

	// Now is the clock, for the age of a cookie. Nil means time.Now.
	Now func() time.Time
}

// New returns the handler of the pages. It serves their paths alone, with or
// without the path of the Service's Site before them, and is safe for
// concurrent use. The error names the field of Config, or the file, that is at
// fault.
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
	look, err := cfg.look(settings, where)
	if err != nil {
		return nil, err
	}

	policy := contentPolicy(
		string(look.style), look.script, cfg.Sources.Image,
	)
	client := clientOf(cfg.Client, cfg.logger())
	return &pages{
		svc:       svc,
		routes:    where,
		templates: look,
		policy:    policy,
		widened:   cfg.Sources.widen(policy),
		origin:    origin,
		client:    client,
		guard:     cfg.GuardRequest,
		checks: checksOf(checker{
			svc: svc, client: client, routes: where, of: settings,
			check: svc.Check, pages: true,
		}),
		logger: cfg.logger(),
		now:    cfg.clock(),
	}, nil
}

// look makes what the pages are drawn with. The error lists all faults of
// Brand, Locale and Files that can be told at once.
func (c Config) look(settings reset.Settings, where routes) (*look, error) {
	t, tags, err := c.templates()
	brand, rules, brandErr := newBrand(c.Brand, settings.Product)
	faults := []error{
		brandErr, validateLogo(brand.Logo, where.origin, c.Sources.Image),
	}
	faults = append(faults, t.files.faults(c.Sources, where.origin)...)
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}

	l := &look{t, template.CSS(t.style + rules), Page{
		Product:          settings.Product,
		Brand:            brand,
		LoginURL:         where.target(settings.Login),
		ForgotURL:        where.forgotURL(),
		ResetURL:         where.resetURL(),
		DisputeURL:       where.disputeURL(),
		MinLength:        settings.MinLength,
		TakesIdentifiers: settings.TakesIdentifiers,
		ProofField:       settings.AsksProof,
		Sender:           settings.Sender,
		EndsSessions:     settings.EndsSessions,
		SendsNotice:      settings.SendsNotice,
		lifetime:         settings.Lifetime,
	}}
	return l, l.try(tags)
}

// templates returns those of c, and the languages that are still to be drawn.
func (c Config) templates() (t *Templates, tags []string, err error) {
	if c.Templates == nil {
		t, err = newTemplates(c.Files, c.Locale)
		return t, t.languages.tags, err
	}

	t = c.Templates
	switch {
	case t.pages == nil:
		err = errors.New("resethttp: Config.Templates is empty, want what" +
			" NewTemplates returns")
	case c.Files != nil || c.Locale != "":
		err = errors.New("resethttp: Config.Files or Config.Locale is set" +
			" beside Config.Templates, which have their own")
	}
	return t, []string{t.languages.fallback}, err
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
