package resethttp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

func (p *pages) showReset(w http.ResponseWriter, r *http.Request) {
	at, _ := p.place.linkAddressOf(r)
	if at.rewritten {
		p.svc.LinkRewritten(p.client(r))
	}

	_, done := r.URL.Query()["done"]
	switch {
	case at.named:
		p.openLink(w, r, at)
	case done:
		p.write(w, r, http.StatusOK, p.page(r, pageDone))
	case p.place.query:
		p.showHeld(w, r)
	default:
		p.write(w, r, http.StatusOK, p.page(r, pageReset))
	}
}

// confirm takes the form of the reset page. Of the form it reads the token, the
// password and its repetition. Who the account belongs to is in the token
// alone. The form of a page whose token is in the cookie names that token,
// since another link may have been opened meanwhile in another tab.
func (p *pages) confirm(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err == nil && (len(form["password"]) != 1 ||
		len(form["token"]) > 1 || len(form["repeat"]) > 1) {
		err = errUnreadable
	}
	if err != nil {
		p.unreadable(w, r, err, p.place.resetURL())
		return
	}

	in := reset.ConfirmInput{
		Token: linkToken(form.Get("token")), Password: form.Get("password"),
		Client: p.client(r), Locale: visitorLanguages(r),
		UserAgent: r.UserAgent(),
	}
	page := p.page(r, pageReset)
	page.Link = in.Token

	if name, held := strings.CutPrefix(form.Get("token"), heldPrefix); held && p.place.query {
		var others bool
		if in.Token, others = p.namedLink(r, name); others {
			p.problem(w, r, problem{status: http.StatusConflict, name: "other-link"})
			return
		}
		if in.Token != "" {
			page.LinkHeld, page.Link = true, heldPrefix+name
		}
	}

	if mistyped(form) {
		page.Errors = []FieldError{{Field: "repeat", Text: page.T("password.repeat")}}
		p.write(w, r, http.StatusUnprocessableEntity, page)
		return
	}

	err = p.svc.Confirm(r.Context(), in)
	refused, isRefused := errors.AsType[*policy.Error](err)
	switch {
	case err == nil:
		p.dropLink(w, r, in.Token)
		p.seeOther(w, p.place.resetURL()+"?done")
	case errors.Is(err, reset.ErrRejected):
		p.reject(w, r, in.Token)
	case isRefused:
		for _, problem := range refused.Problems {
			page.Errors = append(page.Errors, FieldError{
				Field: "password", Text: passwordText(page.texts, problem),
			})
		}
		p.write(w, r, http.StatusUnprocessableEntity, page)
	case errors.Is(err, reset.ErrUnknownOutcome):
		p.problem(w, r, problem{
			status: http.StatusServiceUnavailable,
			name:   "unknown", wait: busyWait,
		})
	default:
		p.failed(w, r, err, "busy.reset")
	}
}

// mistyped reports whether the form has the second password field and it holds
// something else than the first. The page shows that field when there is no
// script to make the first one readable.
func mistyped(form url.Values) bool {
	repeat, ok := form["repeat"]
	return ok && repeat[0] != form.Get("password")
}

// reject writes the one answer to every link that does not work, whatever the
// reason.
func (p *pages) reject(w http.ResponseWriter, r *http.Request, raw string) {
	p.dropLink(w, r, raw)
	p.write(w, r, http.StatusBadRequest, p.page(r, pageRejected))
}
