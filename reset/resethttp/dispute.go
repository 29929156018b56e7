package resethttp

import (
	"errors"
	"net/http"

	"github.com/lostkey-go/lostkey/reset"
)

// showDispute shows the page on which the owner of an account says that a
// changed password was somebody else's doing. It changes nothing, and does not
// see the token, which stands behind the '#' of the link.
func (p *pages) showDispute(w http.ResponseWriter, r *http.Request) {
	if _, ok := r.URL.Query()["done"]; ok {
		p.write(w, r, http.StatusOK, p.page(r, pageLocked))
		return
	}

	page := p.page(r, pageDispute)
	page.DisputeURL = p.routes.disputeURL()
	p.write(w, r, http.StatusOK, page)
}

// dispute takes the form of that page, which sends the token and nothing else.
func (p *pages) dispute(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err == nil && len(form["token"]) != 1 {
		err = errUnreadable
	}
	if err != nil {
		p.unreadable(w, r, err, p.routes.disputeURL())
		return
	}

	err = p.svc.Dispute(r.Context(), reset.DisputeInput{
		Token: linkToken(form.Get("token")), Client: p.client(r),
	})
	switch {
	case err == nil:
		p.seeOther(w, p.routes.disputeURL()+"?done")
	case errors.Is(err, reset.ErrRejected):
		p.problem(w, r, problem{
			status: http.StatusBadRequest,
			name:   "dispute-rejected",
			back:   p.routes.forgotURL(),
		})
	default:
		p.failed(w, r, err, "page.busy.dispute")
	}
}
