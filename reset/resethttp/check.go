package resethttp

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// A checkedLink tells a front end what the link that was opened can do.
type checkedLink struct {
	Account   string        `json:"account"` // Masked.
	Label     string        `json:"label"`
	Expires   time.Time     `json:"expires"`
	MinLength int           `json:"minLength"`
	Purpose   token.Purpose `json:"purpose"`
	Proof     string        `json:"proof"` // A kind, or empty.
	// ReturnTo is the key of the place that the link returns to, and Continue
	// the URL to go on to in the end, which is that place or the login page.
	ReturnTo string `json:"returnTo"`
	Continue string `json:"continue"`
}

// A drawnLink is what the script of the reset page is told.
type drawnLink struct {
	checkedLink

	// Username is the whole address, for the field by which password managers
	// know the account.
	Username string `json:"username"`
	// ExpiresIn is in seconds, since the visitor's clock may be wrong.
	ExpiresIn int `json:"expiresIn"`
	// ProofLabel and ProofMissing are the texts of the field for a proof.
	ProofLabel   string `json:"proofLabel"`
	ProofMissing string `json:"proofMissing"`
}

// A checker answers what a link can do, for the API and for the script of the
// pages. The link stays as it is.
type checker struct {
	svc    *reset.Service
	client func(*http.Request) netip.Addr
	routes routes
	of     reset.Settings
	check  func(context.Context, reset.CheckInput) (reset.CheckResult, error)

	dispute bool // Links are those that dispute a change.
	pages   bool // A link of the other page is told apart.
}

// forDisputes returns the checker of links that dispute a change.
func (c checker) forDisputes() checker {
	c.check, c.dispute = c.svc.CheckDispute, true
	return c
}

// checksOf returns the checkers of both pages by the paths that the script
// asks, with the path of the site and without.
func checksOf(c checker) map[string]checker {
	found := make(map[string]checker)
	for _, base := range []string{"", c.routes.base} {
		found[base+c.routes.reset+"/check"] = c
		if c.routes.dispute != "" {
			found[base+c.routes.dispute+"/check"] = c.forDisputes()
		}
	}
	return found
}

// serve takes a POST whose origin was checked.
func (c checker) serve(w http.ResponseWriter, r *http.Request) {
	if _, answer, ok := c.look(w, r); ok {
		writeJSON(w, http.StatusOK, answer)
	}
}

// A checkedDispute tells a front end whose change can be disputed.
type checkedDispute struct {
	Account string    `json:"account"` // Masked.
	Label   string    `json:"label"`
	Expires time.Time `json:"expires"`
}

// A drawnDispute is what the script of the page that disputes is told.
type drawnDispute struct {
	checkedDispute

	ExpiresIn int `json:"expiresIn"` // In seconds, as in drawnLink.
}

// serveDispute is serve for a link that disputes a change.
func (c checker) serveDispute(w http.ResponseWriter, r *http.Request) {
	if found, _, ok := c.look(w, r); ok {
		writeJSON(w, http.StatusOK, disputeOf(found))
	}
}

func disputeOf(found reset.CheckResult) checkedDispute {
	return checkedDispute{
		Account: found.MaskedEmail,
		Label:   found.Label,
		Expires: found.ExpiresAt.UTC(),
	}
}

// look checks the link in a body. If it is not good, look answers.
func (c checker) look(
	w http.ResponseWriter, r *http.Request,
) (found reset.CheckResult, answer checkedLink, ok bool) {
	var link string
	if err := readJSON(w, r, map[string]*string{"token": &link}); err != nil {
		writeProblem(w, bodyProblem(err))
		return found, answer, false
	}

	client := c.client(r)
	raw := readLink(c.svc, client, link)
	found, err := c.check(r.Context(), reset.CheckInput{
		Token: raw, Client: client,
	})
	switch {
	case err == nil:
		return found, c.answer(found, c.routes.returnKey(link)), true
	case errors.Is(err, reset.ErrRejected):
		of := problemRejected
		if c.pages && c.routes.isDispute(raw, c.dispute) != c.dispute {
			of.Page = c.routes.pastedURL(!c.dispute)
		}
		writeProblem(w, of)
	default:
		writeFailure(w, err)
	}
	return found, answer, false
}

func (c checker) answer(found reset.CheckResult, key string) checkedLink {
	place, known := c.of.ReturnTo[key]
	if !known {
		place = c.of.Login
	}

	return checkedLink{
		Account:   found.MaskedEmail,
		Label:     found.Label,
		Expires:   found.ExpiresAt.UTC(),
		MinLength: c.of.MinLength,
		Purpose:   found.Purpose,
		Proof:     found.ProofKind,
		ReturnTo:  key,
		Continue:  absolute(c.of, place),
	}
}

// answerCheck answers the script of a page.
func (p *pages) answerCheck(
	w http.ResponseWriter, r *http.Request, check checker,
) {
	w.Header().Set("Content-Security-Policy", apiPolicy)

	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, problemMethod)
		return
	}
	if err := p.origin.Check(r); err != nil {
		writeProblem(w, problemCrossOrigin)
		return
	}

	found, answer, ok := check.look(w, r)
	if !ok {
		return
	}
	page := p.page(r, pageReset)
	p.show(&page, found)
	if check.dispute {
		writeJSON(w, http.StatusOK, drawnDispute{
			checkedDispute: disputeOf(found),
			ExpiresIn:      page.ExpiresIn,
		})
		return
	}
	writeJSON(w, http.StatusOK, drawnLink{
		checkedLink:  answer,
		Username:     page.Username,
		ExpiresIn:    page.ExpiresIn,
		ProofLabel:   page.ProofText("label"),
		ProofMissing: page.ProofText("missing"),
	})
}

// writeFailure answers for what the sender cannot put right. That is too many
// attempts, or something of ours that does not work.
func writeFailure(w http.ResponseWriter, err error) {
	of, wait := problemUnavailable, busyWait
	if throttled, ok := errors.AsType[*reset.ThrottledError](err); ok {
		of, wait = problemThrottled, throttled.RetryAfter
	} else if errors.Is(err, reset.ErrUnknownOutcome) {
		of = problemUnknown
	}

	of.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	w.Header().Set("Retry-After", retryAfter(wait))
	writeProblem(w, of)
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	// There are no floats and no times of far years, so this cannot fail.
	body, _ := json.Marshal(answer)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
