package resethttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/lostkey-go/lostkey/reset/policy"
)

// problemBase begins the type of every problem. The rest names the heading of
// its explanation in the package documentation, with an underscore for each
// hyphen, as go/doc/comment writes it.
const problemBase = "https://pkg.go.dev/" +
	"github.com/lostkey-go/lostkey/reset/resethttp#hdr-Problem_"

// A problemDocument is an answer of the API that is not a success (RFC 9457
// section 3.1). It never holds what was sent.
type problemDocument struct {
	Type   string          `json:"type"`
	Code   string          `json:"code"`
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail,omitempty"`
	Errors []problemDetail `json:"errors,omitempty"`
	// RetryAfter is the number of seconds that the header of this name says,
	// for scripts that cannot read the header.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Page is where the script of the pages goes on with the link, if that is
	// for another page.
	Page string `json:"page,omitempty"`
}

type problemDetail struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Min     int    `json:"min,omitempty"`
	Max     int    `json:"max,omitempty"`
}

// What the API answers, by codes that stay as they are. The documentation of
// the package says what each of them means.
var (
	problemRejected = newProblem("link-rejected", http.StatusBadRequest,
		"The link does not work",
		"It may be incomplete or too old, or it may have been used already,"+
			" just now perhaps. Ask for a new one.")
	problemPassword = newProblem(
		"password-refused", http.StatusUnprocessableEntity,
		"The password was refused",
		"The link is still good. Send another password.")
	problemProof = newProblem(
		"proof-refused", http.StatusUnprocessableEntity,
		"A second proof is needed",
		"None was sent, or it was refused. The link is still good.",
	).at("#/proof", "Send the proof that the account needs.")
	problemInvalidAddress = newProblem(
		"invalid-address", http.StatusUnprocessableEntity,
		"Not an email address",
		"The text cannot be one plain email address.",
	).at("#/email", "Enter one email address.")
	problemThrottled = newProblem("throttled", http.StatusTooManyRequests,
		"Too many attempts", "")
	problemGuarded = newProblem("guard-refused", http.StatusForbidden,
		"The application refuses the request",
		"Nothing was sent. Solve the task that the page shows, if it shows one.")
	problemUnavailable = newProblem("unavailable", http.StatusServiceUnavailable,
		"Try again later", "Nothing was changed. A link stays good.")
	problemUnknown = newProblem("unknown-outcome", http.StatusServiceUnavailable,
		"It is not known whether the password was changed",
		"Try to sign in with the new password. If that fails, use the link"+
			" again. If the link is refused then, it did its work.")
	problemMalformed = newProblem("malformed", http.StatusBadRequest,
		"The body is not what is expected",
		"Send one JSON object with exactly the documented members, each once,"+
			" each a string.")
	problemTooLarge = newProblem("too-large", http.StatusRequestEntityTooLarge,
		"The body is too large", "")
	problemUnsupported = newProblem(
		"unsupported-type", http.StatusUnsupportedMediaType,
		"The body must be application/json", "")
	problemMethod = newProblem("method", http.StatusMethodNotAllowed,
		"The address has another method", "")
	problemCrossOrigin = newProblem("cross-origin", http.StatusForbidden,
		"The request comes from another site", "")
	problemNotFound = newProblem("not-found", http.StatusNotFound,
		"There is nothing at this address", "")
)

func newProblem(code string, status int, title, detail string) problemDocument {
	return problemDocument{
		Type: problemBase + strings.ReplaceAll(code, "-", "_"),
		Code: code, Status: status, Title: title, Detail: detail,
	}
}

// at returns the problem of one member of the body.
func (d problemDocument) at(pointer, detail string) problemDocument {
	d.Errors = []problemDetail{{Pointer: pointer, Code: d.Code, Detail: detail}}
	return d
}

// bodyProblem returns what is wrong with a body that readJSON refuses.
func bodyProblem(err error) problemDocument {
	switch {
	case errors.Is(err, errTooLarge):
		return problemTooLarge
	case errors.Is(err, errUnsupported):
		return problemUnsupported
	}
	return problemMalformed
}

// passwordProblem says what is wrong with a password.
func passwordProblem(refused *policy.Error) problemDocument {
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
	return of
}

func writeProblem(w http.ResponseWriter, of problemDocument) {
	// These are strings and numbers only, so this cannot fail.
	body, _ := json.Marshal(of)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(of.Status)
	_, _ = w.Write(append(body, '\n'))
}
