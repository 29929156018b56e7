package resethttp

import (
	"errors"
	"math"
	"net/http"
	"net/netip"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

// APIConfig configures the JSON API. The zero value works.
type APIConfig struct {
	// Prefix stands before the Service's two paths, such as "/api". Empty means
	// those paths themselves, which suits a mux that routes by method. A mux
	// must not strip it.
	Prefix string

	// Client says who sends a request, as in [Config].
	Client func(*http.Request) netip.Addr
}

// NewAPI returns the JSON API for applications that draw pages of their own.
// POST {"email": …} to the Service's Pages.Forgot answers 202 with {}. POST
// {"token": …, "password": …} to its Pages.Reset answers 204. The token is the
// bare text from the link, not the link. Everything else is a problem
// (RFC 9457), see the package documentation. The texts of problems are English
// and for developers. Applications choose their own by type and code.
//
// The error names the field of APIConfig that is at fault. The handler is safe
// for concurrent use.
func NewAPI(svc *reset.Service, cfg APIConfig) (http.Handler, error) {
	if svc == nil {
		return nil, errors.New("resethttp: the Service is nil")
	}
	if cfg.Prefix != "" &&
		(cfg.Prefix[0] != '/' || cfg.Prefix[len(cfg.Prefix)-1] == '/') {
		return nil, errors.New("resethttp: APIConfig.Prefix does not begin" +
			" with a slash, or ends with one")
	}

	where, err := newRoutes(svc.Settings())
	if err != nil {
		return nil, err
	}
	origin, err := newOrigin(where)
	if err != nil {
		return nil, err
	}
	where.forgot, where.reset = cfg.Prefix+where.forgot, cfg.Prefix+where.reset

	return &api{
		svc:    svc,
		routes: where,
		origin: origin,
		client: clientOf(cfg.Client),
	}, nil
}

// api is the handler that NewAPI returns.
type api struct {
	svc    *reset.Service
	routes routes
	origin *http.CrossOriginProtection
	client func(*http.Request) netip.Addr
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), "default-src 'none'; frame-ancestors 'none'")

	var act func(http.ResponseWriter, *http.Request)
	switch {
	case a.routes.isForgot(r):
		act = a.request
	case a.routes.isReset(r):
		act = a.confirm
	default:
		writeProblem(w, problemNotFound)
		return
	}

	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, problemMethod)
		return
	}
	if err := a.origin.Check(r); err != nil {
		writeProblem(w, problemCrossOrigin)
		return
	}
	act(w, r)
}

func (a *api) request(w http.ResponseWriter, r *http.Request) {
	var email string
	if err := readJSON(w, r, map[string]*string{"email": &email}); err != nil {
		writeProblem(w, bodyProblem(err))
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
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("{}\n"))
	case errors.Is(err, reset.ErrInvalidAddress):
		writeProblem(w, problemInvalidAddress)
	default:
		a.failed(w, err)
	}
}

func (a *api) confirm(w http.ResponseWriter, r *http.Request) {
	in := reset.ConfirmInput{
		Client:    a.client(r),
		Locale:    visitorLanguages(r),
		UserAgent: r.UserAgent(),
	}
	if err := readJSON(w, r, map[string]*string{
		"token":    &in.Token,
		"password": &in.Password,
	}); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}

	err := a.svc.Confirm(r.Context(), in)
	refused, isRefused := errors.AsType[*policy.Error](err)

	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, reset.ErrRejected):
		writeProblem(w, problemRejected)
	case isRefused:
		of := problemPassword
		for _, p := range refused.Problems {
			of.Errors = append(of.Errors, problemDetail{
				Pointer: "#/password",
				Code:    string(p.Code),
				Detail:  p.Message(),
				Min:     p.Min,
				Max:     p.Max,
			})
		}
		writeProblem(w, of)
	case errors.Is(err, reset.ErrUnknownOutcome):
		w.Header().Set("Retry-After", retryAfter(busyWait))
		writeProblem(w, problemUnknown)
	default:
		a.failed(w, err)
	}
}

func (a *api) failed(w http.ResponseWriter, err error) {
	throttled, ok := errors.AsType[*reset.ThrottledError](err)
	if !ok {
		w.Header().Set("Retry-After", retryAfter(busyWait))
		writeProblem(w, problemUnavailable)
		return
	}
	w.Header().Set("Retry-After", retryAfter(throttled.RetryAfter))
	of := problemThrottled
	of.RetryAfter = max(1, int(math.Ceil(throttled.RetryAfter.Seconds())))
	writeProblem(w, of)
}
