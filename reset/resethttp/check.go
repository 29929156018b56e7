package resethttp

import (
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
	// Username is the whole address. Only the pages of this package get it, for
	// the field by which password managers know the account.
	Username string `json:"username,omitempty"`
}

// A checker answers what a link can do, for the API and for the script of the
// pages. The link stays as it is.
type checker struct {
	svc       *reset.Service
	client    func(*http.Request) netip.Addr
	minLength int
	username  bool // The answer has the whole address.
}

// serve takes a POST whose origin was checked.
func (c checker) serve(w http.ResponseWriter, r *http.Request) {
	var link string
	if err := readJSON(w, r, map[string]*string{"token": &link}); err != nil {
		writeProblem(w, bodyProblem(err))
		return
	}

	client := c.client(r)
	found, err := c.svc.Check(r.Context(), reset.CheckInput{
		Token: readLink(c.svc, client, link), Client: client,
	})
	if errors.Is(err, reset.ErrRejected) {
		writeProblem(w, problemRejected)
		return
	}
	if err != nil {
		writeFailure(w, err)
		return
	}

	answer := checkedLink{
		Account:   found.MaskedEmail,
		Label:     found.Label,
		Expires:   found.ExpiresAt.UTC(),
		MinLength: c.minLength,
		Purpose:   found.Purpose,
	}
	if c.username {
		answer.Username = found.Email
	}
	writeJSON(w, http.StatusOK, answer)
}

// answerCheck answers the script of the reset page.
func (p *pages) answerCheck(w http.ResponseWriter, r *http.Request) {
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
	p.check.serve(w, r)
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
