package resethttp

import (
	"bytes"
	"cmp"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// pages is the handler that New returns.
type pages struct {
	svc       *reset.Service
	routes    routes
	templates *look
	policy    string // content security policy
	widened   string // that of the page that asks for a link
	origin    *http.CrossOriginProtection
	client    func(*http.Request) netip.Addr
	guard     func(*http.Request) error
	checks    map[string]checker // by the paths that the script asks
	logger    *slog.Logger
	now       func() time.Time
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), p.policy)
	w.Header().Add("Vary", "Accept-Language")
	if p.routes.query {
		w.Header().Add("Vary", "Cookie")
	}

	to, found := p.route(r)
	check, isCheck := p.checks[r.URL.EscapedPath()]
	if !found && isCheck {
		p.answerCheck(w, r, check)
		return
	}

	if !found {
		p.problem(w, r, problem{
			status: http.StatusNotFound,
			name:   "not-found",
			back:   p.routes.forgotURL(),
		})
		return
	}
	w.Header().Set("Content-Security-Policy", to.policy)

	switch r.Method {
	case http.MethodGet, http.MethodHead:
		to.show(w, r)

	case http.MethodPost:
		if err := p.origin.Check(r); err != nil {
			p.problem(w, r, problem{
				status: http.StatusForbidden,
				name:   "cross-origin",
				back:   to.back,
			})
			return
		}
		to.act(w, r)

	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		p.problem(w, r, problem{
			status: http.StatusMethodNotAllowed,
			name:   "method",
			back:   to.back,
		})
	}
}

// A destination is what a request is for.
type destination struct {
	show, act http.HandlerFunc // for GET and HEAD, and for POST
	back      string           // where to go on after a problem
	policy    string           // content security policy
}

// route finds the page of a request. It returns false where there is none.
func (p *pages) route(r *http.Request) (destination, bool) {
	if p.routes.isForgot(r) {
		return destination{
			show:   p.showForgot,
			act:    p.request,
			back:   p.routes.forgotURL(),
			policy: p.widened,
		}, true
	}

	at, isLink := p.routes.linkAddressOf(r)
	if !isLink {
		return destination{}, false
	}
	to := destination{
		show: func(w http.ResponseWriter, r *http.Request) {
			p.showLink(w, r, at)
		},
		act:    p.confirm,
		back:   p.routes.resetURL(),
		policy: p.policy,
	}
	if at.dispute {
		to.act, to.back = p.dispute, p.routes.disputeURL()
	}
	return to, true
}

// page starts a page for this visitor.
func (p *pages) page(r *http.Request, name string) Page {
	return p.templates.page(name, visitorLanguages(r))
}

// pageSize is room for every built-in page.
const pageSize = 16 << 10

func (p *pages) write(
	w http.ResponseWriter, r *http.Request, status int, page Page,
) {
	var body bytes.Buffer
	body.Grow(pageSize)
	if err := p.templates.draw(&body, page); err != nil {
		p.logger.ErrorContext(
			r.Context(), "resethttp: draw a page",
			"page", page.Name, "error", err,
		)
		http.Error(
			w,
			http.StatusText(http.StatusInternalServerError),
			http.StatusInternalServerError,
		)
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", page.Locale)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	// An error here means that the visitor is gone.
	_, _ = body.WriteTo(w)
}

// A problem is an answer without a form.
type problem struct {
	status int
	name   string // of the texts page.name.title and page.name.lead
	lead   string // key of another sentence than page.name.lead
	back   string // where to go on
	wait   time.Duration
}

func (p *pages) problem(w http.ResponseWriter, r *http.Request, of problem) {
	page := p.page(r, pageProblem)
	page.HeadingKey = "page." + of.name + ".title"
	page.LeadKey = cmp.Or(of.lead, "page."+of.name+".lead")
	page.BackURL = of.back

	if of.wait > 0 {
		page.Wait = page.language.wait(of.wait)
		w.Header().Set("Retry-After", retryAfter(of.wait))
	}
	p.write(w, r, of.status, page)
}

// busyWait is what a visitor is told to wait when something of ours does not
// answer.
const busyWait = time.Minute

// retryAfter returns the number of seconds of a Retry-After header (RFC 9110
// section 10.2.3), at least 1.
func retryAfter(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}

// failed answers for what a visitor cannot put right. That is too many
// attempts, or something of ours that does not work. The cause is in the
// Service's events.
func (p *pages) failed(
	w http.ResponseWriter, r *http.Request, err error, lead string,
) {
	if throttled, ok := errors.AsType[*reset.ThrottledError](err); ok {
		p.problem(w, r, problem{
			status: http.StatusTooManyRequests,
			name:   "throttled",
			back:   p.routes.forgotURL(),
			wait:   max(throttled.RetryAfter, time.Second),
		})
		return
	}

	p.problem(w, r, problem{
		status: http.StatusServiceUnavailable,
		name:   "busy",
		lead:   lead,
		back:   p.routes.forgotURL(),
		wait:   busyWait,
	})
}

// unreadable answers for a body that readForm refuses.
func (p *pages) unreadable(
	w http.ResponseWriter, r *http.Request, err error, back string,
) {
	of := problem{status: http.StatusBadRequest, name: "unreadable", back: back}

	switch {
	case errors.Is(err, errTooLarge):
		of.status, of.name = http.StatusRequestEntityTooLarge, "too-large"
	case errors.Is(err, errUnsupported):
		of.status = http.StatusUnsupportedMediaType
	}

	p.problem(w, r, of)
}
