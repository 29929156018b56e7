package resethttp

import (
	"errors"
	"net/http"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

func (p *pages) showForgot(w http.ResponseWriter, r *http.Request) {
	name := pageForgot
	if _, ok := r.URL.Query()["sent"]; ok {
		name = pageSent
	}
	page := p.page(r, name)
	p.returning(&page, p.routes.knownKey(r.URL.Query()["return"]))
	p.write(w, r, http.StatusOK, page)
}

// request takes the form of the forgot page. Whatever the address, the answer
// is the same, because the Service has not looked it up. Text that cannot be an
// address is sent back with a hint, which says nothing about accounts.
func (p *pages) request(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err != nil {
		p.unreadable(w, r, err, p.routes.forgotURL())
		return
	}

	if !passesGuard(p.guard, r, form) {
		p.problem(w, r, problem{
			status: http.StatusForbidden,
			name:   "guard-refused",
			back:   p.routes.forgotURL(),
		})
		return
	}

	in := reset.RequestInput{
		Client:    p.client(r),
		Locale:    visitorLanguages(r),
		UserAgent: r.UserAgent(),
		ReturnTo:  p.routes.knownKey(form["return"]),
	}

	// A second address beside the first one is how links were had sent to
	// strangers elsewhere (CVE-2023-7028).
	if addrs := form["email"]; len(addrs) == 1 {
		in.Email = addrs[0]
	}
	err = reset.ErrInvalidAddress
	if in.Email != "" {
		err = p.svc.Request(r.Context(), in)
	}

	switch {
	case err == nil:
		p.seeOther(w, withReturn(p.routes.forgotURL()+"?sent", in.ReturnTo))
	case errors.Is(err, reset.ErrInvalidAddress):
		page := p.page(r, pageForgot)
		page.RefusedEmail = in.Email
		p.returning(&page, in.ReturnTo)
		page.Errors = []FieldError{{
			Field: "email",
			Text:  page.T("page.email.invalid"),
		}}
		p.write(w, r, http.StatusUnprocessableEntity, page)
	default:
		p.failed(w, r, err, "page.busy.forgot")
	}
}

// visitorLanguages returns the list of what the visitor reads, for pages and
// mails. Several header lines are one list (RFC 9110 section 5.3).
func visitorLanguages(r *http.Request) string {
	return strings.Join(r.Header.Values("Accept-Language"), ",")
}

// seeOther sends the browser on with a GET, so that reloading the next page
// repeats nothing. The target is a path of our own. Of the request it has a
// token and the key of a configured place at most.
func (p *pages) seeOther(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}
