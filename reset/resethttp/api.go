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
	// BaseURL is where the API is, such as "https://api.example/v1". Empty
	// means the Service's Site, to which the links lead in either case.
	BaseURL string
	// Prefix stands before every path. Empty means "/api". A mux must not strip
	// it.
	Prefix string
	// Forgot and Reset are paths behind Prefix. Empty means "/forgot-password"
	// and "/reset-password".
	Forgot, Reset string
	// Origins are those whose pages may call the API beside that of BaseURL,
	// such as "https://front.example", as browsers write them and without
	// patterns. Pages of all others can neither send nor read anything. No
	// credentials are allowed, and none are needed. Plain http is for this
	// machine, or a BaseURL on plain http.
	Origins []string
	// RequestHeaders are what pages of Origins may send beside Content-Type.
	RequestHeaders []string
	// Client is as in [Config].
	Client func(*http.Request) netip.Addr
	// GuardRequest is as in [Config], with the field "email" alone. The answer
	// of a CAPTCHA goes into one of RequestHeaders.
	GuardRequest func(*http.Request) error
	// Logger receives a proxy that Client does not know. Nil means
	// slog.Default().
	Logger *slog.Logger
}

// NewAPI returns the JSON API for front ends of your own, in the browser or on
// a phone. With the default paths, it has
//
//	POST /api/forgot-password         {"email"}              202
//	POST /api/reset-password          {"token", "password"}  204
//	POST /api/reset-password/check    {"token"}              200
//	POST /api/reset-password/dispute  {"token"}              204
//	POST /api/reset-password/dispute/check  {"token"}        200
//	GET  /api/reset-password/settings                        200
//	GET  /api/openapi.json                                   200
//
// The OpenAPI 3.1 document has every member, status and header. Failures are
// problems (RFC 9457), in English for developers. Switch on their "code", which
// the package documentation explains.
//
// The first answers alike with and without an account, so say that a mail is on
// its way if there is one. It also takes "returnTo", a key of Pages.ReturnTo.
//
// The link leads to Pages.Reset. Take the token out of the address bar at once.
// "token" may be the whole link, rewritten or not. The check tells the masked
// address, when the link expires, which "proof" the second path wants too, and
// where to go on. It spends nothing. Where it answers 429, show the form
// without the address.
//
// The paths of disputes are there with Hooks.OnDisputed. Send the link, which
// leads to Pages.Dispute, when somebody presses a button, and never before.
//
// Mount the handler for all methods, since it answers preflights. It is safe
// for concurrent use. The error names the field of APIConfig that is at fault.
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
	if cfg.BaseURL != "" {
		here := of
		here.Site = cfg.BaseURL
		if where, err = newRoutes(here); err != nil {
			return nil, errors.New("resethttp: APIConfig.BaseURL is not a base URL")
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
	var email, returnTo string
	if err := readJSON(w, r, map[string]*string{
		"email": &email, "returnTo": &returnTo,
	}, "returnTo"); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}
	if !passesGuard(a.guard, r, url.Values{"email": {email}}) {
		writeProblem(w, problemGuarded)
		return
	}

	err := a.svc.Request(r.Context(), reset.RequestInput{
		Email:     email,
		ReturnTo:  returnTo,
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
	var link, password, proof string
	if err := readJSON(w, r, map[string]*string{
		"token": &link, "password": &password, "proof": &proof,
	}, "proof"); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}

	client := a.client(r)
	err := a.svc.Confirm(r.Context(), reset.ConfirmInput{
		Token:     readLink(a.svc, client, link),
		Password:  password,
		Proof:     proof,
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
	case errors.Is(err, reset.ErrProofRefused):
		writeProblem(w, problemProof)
	case isRefused:
		writeProblem(w, passwordProblem(refused))
	default:
		writeFailure(w, err)
	}
}

// dispute locks the account whose owner says that a changed password was
// somebody else's doing.
func (a *api) dispute(w http.ResponseWriter, r *http.Request) {
	var link string
	if err := readJSON(w, r, map[string]*string{"token": &link}); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}

	client := a.client(r)
	err := a.svc.Dispute(r.Context(), reset.CheckInput{
		Token: readLink(a.svc, client, link), Client: client,
	})
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, reset.ErrRejected):
		writeProblem(w, problemRejected)
	default:
		writeFailure(w, err)
	}
}
