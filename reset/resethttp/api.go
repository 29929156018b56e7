package resethttp

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

// APIConfig configures the JSON API. The zero value works.
type APIConfig struct {
	// Prefix stands before every path of the API. Empty means "/api". A mux
	// must not strip it.
	Prefix string
	// Forgot and Reset are the paths behind the prefix to which an address and
	// a new password are sent. Empty means "/forgot-password" and
	// "/reset-password". They have nothing to do with the paths of the pages.
	Forgot, Reset string
	// Site is the base URL under which the API is reached, where that is not
	// the Service's Site, to which the links lead. Empty means that one.
	Site string
	// Origins are further origins whose pages may call the API, such as
	// "https://front.example". Each is written as browsers write it. There are
	// no patterns. Pages of Site itself need not be named. Empty means none.
	Origins []string
	// Headers are what pages of Origins may send beside Content-Type, for
	// GuardRequest perhaps.
	Headers []string
	// Client says who sends a request, as in [Config].
	Client func(*http.Request) netip.Addr
	// GuardRequest is asked about every request for a link, as in [Config]. Its
	// fields are those of the body. The body may have no other members than the
	// documented ones, so what a CAPTCHA gives out goes into a header.
	GuardRequest func(*http.Request) error
	// Logger receives what an operator should know, such as a proxy that Client
	// does not know. Nil means slog.Default().
	Logger *slog.Logger
}

// NewAPI returns the JSON API for applications that draw pages of their own.
// With the default paths it has
//
//	POST /api/forgot-password         {"email"}              202 {}
//	POST /api/reset-password          {"token", "password"}  204
//	POST /api/reset-password/check    {"token"}              200
//	GET  /api/reset-password/settings                        200
//	GET  /api/openapi.json                                   200
//
// "token" is the whole link, or the token in it. Everything that is not a
// success is a problem (RFC 9457) with a [Code]. The texts of problems are
// English and for developers. The last path answers the OpenAPI document, with
// every answer there is.
//
// The error names the field of APIConfig that is at fault. The handler is safe
// for concurrent use.
func NewAPI(svc *reset.Service, cfg APIConfig) (http.Handler, error) {
	if svc == nil {
		return nil, errors.New("resethttp: the Service is nil")
	}
	paths, err := cfg.paths()
	if err != nil {
		return nil, err
	}

	of := svc.Settings()
	where, err := newRoutes(of)
	if err != nil {
		return nil, err
	}
	if cfg.Site != "" {
		here := of
		here.Site = cfg.Site
		if where, err = newRoutes(here); err != nil {
			return nil, errors.New("resethttp: APIConfig.Site is not a base URL")
		}
	}

	cross, err := newCORS(cfg, where.origin)
	if err != nil {
		return nil, err
	}
	origin, err := newOrigin(where, cfg.Origins...)
	if err != nil {
		return nil, err
	}

	a := &api{
		svc:    svc,
		origin: origin,
		cors:   cross,
		client: clientOf(cfg.Client, cmp.Or(cfg.Logger, slog.Default())),
		guard:  cfg.GuardRequest,
	}
	a.endpoints = a.newEndpoints(where, paths, of)
	return a, nil
}

// api is the handler that NewAPI returns.
type api struct {
	svc *reset.Service
	// endpoints are the paths, also below the path of the site.
	endpoints map[string]endpoint
	origin    *http.CrossOriginProtection
	cors      cors
	client    func(*http.Request) netip.Addr
	guard     func(*http.Request) error
}

// apiPolicy is the content security policy of answers that are no pages.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), apiPolicy)
	allowed := a.cors.allows(w.Header(), r)

	at, ok := a.endpoints[r.URL.EscapedPath()]
	if !ok {
		writeProblem(w, problemNotFound)
		return
	}
	if allowed && isPreflight(r) {
		a.cors.preflight(w, at.method)
		return
	}

	if !at.takes(r.Method) {
		w.Header().Set("Allow", at.allow())
		writeProblem(w, problemMethod)
		return
	}
	if err := a.origin.Check(r); err != nil {
		writeProblem(w, problemCrossOrigin)
		return
	}
	at.serve(w, r)
}

func (a *api) request(w http.ResponseWriter, r *http.Request) {
	var email string
	if err := readJSON(w, r, map[string]*string{"email": &email}); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}
	if !passesGuard(a.guard, r, url.Values{"email": {email}}) {
		writeProblem(w, problemGuarded)
		return
	}

	err := a.svc.Request(r.Context(), reset.RequestInput{
		Email:     email,
		Client:    a.client(r),
		Locale:    visitorLanguages(r),
		UserAgent: r.UserAgent(),
	})
	switch {
	case err == nil:
		writeJSON(w, http.StatusAccepted, struct{}{})
	case errors.Is(err, reset.ErrInvalidAddress):
		writeProblem(w, problemInvalidAddress)
	default:
		writeFailure(w, err)
	}
}

func (a *api) confirm(w http.ResponseWriter, r *http.Request) {
	var link, password string
	if err := readJSON(w, r, map[string]*string{
		"token": &link, "password": &password,
	}); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}

	client := a.client(r)
	err := a.svc.Confirm(r.Context(), reset.ConfirmInput{
		Token:     readLink(a.svc, client, link),
		Password:  password,
		Client:    client,
		Locale:    visitorLanguages(r),
		UserAgent: r.UserAgent(),
	})
	refused, isRefused := errors.AsType[*policy.Error](err)

	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, reset.ErrRejected):
		writeProblem(w, problemRejected)
	case isRefused:
		writeProblem(w, passwordProblem(refused))
	default:
		writeFailure(w, err)
	}
}
