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
	query := r.URL.Query()
	switch {
	case query.Has("done"):
		p.write(w, r, http.StatusOK, p.page(r, pageLocked))
	case query.Has("rejected"):
		p.rejectDispute(w, r, http.StatusOK)
	default:
		p.write(w, r, http.StatusOK, p.page(r, pageDispute))
	}
}

// rejectDispute writes the one answer to every link that disputes nothing.
func (p *pages) rejectDispute(
	w http.ResponseWriter, r *http.Request, status int,
) {
	p.problem(w, r, problem{
		status: status,
		name:   "dispute-rejected",
		back:   p.routes.forgotURL(),
	})
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

	client := p.client(r)
	at := linkAddress{
		raw: readLink(p.svc, client, form.Get("token")), dispute: true,
		returnTo: p.routes.returnKey(form.Get("token")),
	}
	if p.opensElsewhere(w, r, at) {
		return
	}

	err = p.svc.Dispute(r.Context(), reset.CheckInput{
		Token: at.raw, Client: client,
	})
	switch {
	case err == nil:
		p.seeOther(w, p.routes.disputeURL()+"?done")
	case errors.Is(err, reset.ErrRejected):
		p.rejectDispute(w, r, http.StatusBadRequest)
	default:
		p.failed(w, r, err, "page.busy.dispute")
	}
}
