package resethttp

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

func (p *pages) showLink(
	w http.ResponseWriter, r *http.Request, at linkAddress,
) {
	if at.rewritten {
		p.svc.LinkRewritten(p.client(r))
	}

	switch {
	case at.named:
		p.openLink(w, r, at)
	case at.dispute:
		p.showDispute(w, r)
	default:
		p.showReset(w, r)
	}
}

func (p *pages) showReset(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	answer := func(name string) {
		page := p.page(r, name)
		p.returning(&page, p.routes.knownKey(query["return"]))
		p.write(w, r, http.StatusOK, page)
	}
	switch {
	case query.Has("done"):
		answer(pageDone)
	case query.Has("rejected"):
		answer(pageRejected)
	case p.routes.query && !query.Has("pasted"):
		p.showHeld(w, r)
	default:
		answer(pageReset)
	}
}

// confirm takes the form of the reset page. Of the form it reads the token, the
// password, its repetition and a second proof. Who the account belongs to is in
// the token alone.
func (p *pages) confirm(w http.ResponseWriter, r *http.Request) {
	form, err := readForm(w, r)
	if err == nil && (len(form["password"]) != 1 ||
		len(form["token"]) > 1 || len(form["repeat"]) > 1 ||
		len(form["proof"]) > 1) {
		err = errUnreadable
	}
	if err != nil {
		p.unreadable(w, r, err, p.routes.resetURL())
		return
	}

	client, sent := p.client(r), form.Get("token")
	in := reset.ConfirmInput{
		Token:     readLink(p.svc, client, sent),
		Password:  form.Get("password"),
		Proof:     form.Get("proof"),
		Client:    client,
		Locale:    visitorLanguages(r),
		UserAgent: r.UserAgent(),
	}
	if p.opensElsewhere(w, r, linkAddress{raw: in.Token}) {
		return
	}

	page := p.page(r, pageReset)
	p.returning(&page, p.routes.returnKey(sent))
	page.Link = withReturn(in.Token, page.ReturnTo)

	if name, held := heldName(sent); held && p.routes.query {
		var others bool
		if in.Token, others = p.namedLink(r, name); others {
			p.problem(w, r, problem{
				status: http.StatusConflict,
				name:   "other-link",
				back:   p.routes.forgotURL(),
			})
			return
		}
		if in.Token != "" {
			page.LinkHeld = true
			page.Link = withReturn(heldPrefix+name, page.ReturnTo)
		}
	}

	if mistyped(form) {
		page.Errors = []FieldError{{
			Field: "repeat",
			Text:  page.T("page.password.repeat"),
		}}
		p.describe(r, &page, in.Token)
		p.write(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	p.confirmed(w, r, page, in, p.svc.Confirm(r.Context(), in))
}

// confirmed answers for what became of a confirmation.
func (p *pages) confirmed(
	w http.ResponseWriter, r *http.Request, page Page,
	in reset.ConfirmInput, err error,
) {
	raw := in.Token
	refused, isRefused := errors.AsType[*policy.Error](err)
	throttled, isThrottled := errors.AsType[*reset.ThrottledError](err)

	switch {
	case err == nil:
		p.dropLink(w, r, raw)
		p.seeOther(w, withReturn(p.routes.resetURL()+"?done", page.ReturnTo))

	case errors.Is(err, reset.ErrRejected):
		p.reject(w, r, raw, page.ReturnTo)

	case errors.Is(err, reset.ErrProofRefused):
		p.describe(r, &page, raw)
		page.NeedsProof = true
		page.Errors = []FieldError{{
			Field: "proof",
			Text:  page.ProofText(proofFault(in.Proof)),
		}}
		p.write(w, r, http.StatusUnprocessableEntity, page)

	case isRefused:
		p.describe(r, &page, raw)
		for _, problem := range refused.Problems {
			page.Errors = append(page.Errors, FieldError{
				Field: "password",
				Text:  page.language.password(problem),
			})
		}
		p.write(w, r, http.StatusUnprocessableEntity, page)

	case isThrottled && page.Link != "":
		p.describe(r, &page, raw)
		wait := max(throttled.RetryAfter, time.Second)
		page.Throttled, page.Wait = true, page.language.wait(wait)
		w.Header().Set("Retry-After", retryAfter(wait))
		p.write(w, r, http.StatusTooManyRequests, page)

	case errors.Is(err, reset.ErrUnknownOutcome):
		p.problem(w, r, problem{
			status: http.StatusServiceUnavailable,
			name:   "unknown",
			back:   p.routes.forgotURL(),
			wait:   busyWait,
		})

	default:
		p.failed(w, r, err, "page.busy.reset")
	}
}

// proofFault says which text goes with a proof that did not do.
func proofFault(proof string) string {
	if proof == "" {
		return "missing"
	}
	return "refused"
}

// describe says in a form that comes back what its link is for. Without an
// answer the form is as good.
func (p *pages) describe(r *http.Request, page *Page, raw string) {
	found, err := p.svc.Check(r.Context(), reset.CheckInput{
		Token: raw, Client: p.client(r),
	})
	if err == nil {
		p.show(page, found)
	}
}

// show says in a form what its link is for, and for how long.
func (p *pages) show(page *Page, found reset.CheckResult) {
	page.Account, page.Label = found.MaskedEmail, found.Label
	page.Username = found.Email
	page.ProofKind, page.NeedsProof = found.ProofKind, found.ProofKind != ""
	p.templates.expires(page, found.ExpiresAt.Sub(p.now()))
}

// mistyped reports whether the form has the second password field and it holds
// something else than the first. The page shows that field when there is no
// script to make the first one readable.
func mistyped(form url.Values) bool {
	repeat, ok := form["repeat"]
	return ok && repeat[0] != form.Get("password")
}

// reject writes the one answer to every link that does not work, whatever the
// reason. key is that of a place to return to.
func (p *pages) reject(
	w http.ResponseWriter, r *http.Request, raw, key string,
) {
	p.dropLink(w, r, raw)
	page := p.page(r, pageRejected)
	p.returning(&page, key)
	p.write(w, r, http.StatusBadRequest, page)
}
