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

// Code names what went wrong in an answer of the API, in its member "code".
type Code string

// The codes of the API. They stay as they are. Later versions may add some.
// Treat an unknown code by the status of its answer.
const (
	// CodeLinkRejected means that the link does not work, whatever the reason.
	CodeLinkRejected Code = "link-rejected"
	// CodePasswordRefused means that the policy refuses the password. "errors"
	// lists why. The link is still good.
	CodePasswordRefused Code = "password-refused"
	// CodeInvalidAddress means that the text cannot be an address.
	CodeInvalidAddress Code = "invalid-address"
	// CodeThrottled means too many attempts. Retry-After says how long to wait.
	CodeThrottled Code = "throttled"
	// CodeGuardRefused means that APIConfig.GuardRequest refuses the request.
	CodeGuardRefused Code = "guard-refused"
	// CodeUnavailable means that something does not answer. Nothing was
	// changed.
	CodeUnavailable Code = "unavailable"
	// CodeUnknownOutcome means that the password may have been changed.
	CodeUnknownOutcome Code = "unknown-outcome"
	// CodeMalformed means a body other than the documented one.
	CodeMalformed Code = "malformed"
	// CodeTooLarge means a body above 16 KiB.
	CodeTooLarge Code = "too-large"
	// CodeUnsupportedType means a body other than application/json.
	CodeUnsupportedType Code = "unsupported-type"
	// CodeMethod means a method that the path does not have.
	CodeMethod Code = "method"
	// CodeCrossOrigin means an origin that is not allowed.
	CodeCrossOrigin Code = "cross-origin"
	// CodeNotFound means a path that the API does not have.
	CodeNotFound Code = "not-found"
)

// A problemDocument is an answer of the API that is not a success (RFC 9457
// section 3.1). It never holds what was sent.
type problemDocument struct {
	Type   string          `json:"type"` // Follows from Code.
	Code   Code            `json:"code"`
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail,omitempty"`
	Errors []problemDetail `json:"errors,omitempty"`
	// RetryAfter is the number of seconds that the header of this name says,
	// for scripts that cannot read the header.
	RetryAfter int `json:"retry_after,omitempty"`
}

type problemDetail struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Min     int    `json:"min,omitempty"`
	Max     int    `json:"max,omitempty"`
}

var (
	problemRejected = problemDocument{
		Code:   CodeLinkRejected,
		Status: http.StatusBadRequest,
		Title:  "The link does not work",
		Detail: "It may be incomplete or too old, or it may have been used" +
			" already, just now perhaps. Ask for a new one.",
	}
	problemPassword = problemDocument{
		Code:   CodePasswordRefused,
		Status: http.StatusUnprocessableEntity,
		Title:  "The password was refused",
		Detail: "The link is still good. Send another password.",
	}
	problemInvalidAddress = problemDocument{
		Code:   CodeInvalidAddress,
		Status: http.StatusUnprocessableEntity,
		Title:  "Not an email address",
		Detail: "The text cannot be one plain email address.",
		Errors: []problemDetail{{
			Pointer: "#/email",
			Code:    string(CodeInvalidAddress),
			Detail:  "Enter one email address.",
		}},
	}
	problemThrottled = problemDocument{
		Code:   CodeThrottled,
		Status: http.StatusTooManyRequests,
		Title:  "Too many attempts",
	}
	problemGuarded = problemDocument{
		Code:   CodeGuardRefused,
		Status: http.StatusForbidden,
		Title:  "The application refuses the request",
		Detail: "Nothing was sent. Solve the task that the page shows, if it shows one.",
	}
	problemUnavailable = problemDocument{
		Code:   CodeUnavailable,
		Status: http.StatusServiceUnavailable,
		Title:  "Try again later",
		Detail: "Nothing was changed. A link stays good.",
	}
	problemUnknown = problemDocument{
		Code:   CodeUnknownOutcome,
		Status: http.StatusServiceUnavailable,
		Title:  "It is not known whether the password was changed",
		Detail: "Try to sign in with the new password. If that fails, use the" +
			" link again. If the link is refused then, it did its work.",
	}
	problemMalformed = problemDocument{
		Code:   CodeMalformed,
		Status: http.StatusBadRequest,
		Title:  "The body is not what is expected",
		Detail: "Send one JSON object with exactly the documented members," +
			" each once, each a string.",
	}
	problemTooLarge = problemDocument{
		Code:   CodeTooLarge,
		Status: http.StatusRequestEntityTooLarge,
		Title:  "The body is too large",
	}
	problemUnsupported = problemDocument{
		Code:   CodeUnsupportedType,
		Status: http.StatusUnsupportedMediaType,
		Title:  "The body must be application/json",
	}
	problemMethod = problemDocument{
		Code:   CodeMethod,
		Status: http.StatusMethodNotAllowed,
		Title:  "The address has another method",
	}
	problemCrossOrigin = problemDocument{
		Code:   CodeCrossOrigin,
		Status: http.StatusForbidden,
		Title:  "The request comes from another site",
	}
	problemNotFound = problemDocument{
		Code:   CodeNotFound,
		Status: http.StatusNotFound,
		Title:  "There is nothing at this address",
	}
)

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
	of.Type = problemBase + strings.ReplaceAll(string(of.Code), "-", "_")
	// These are strings and numbers only, so this cannot fail.
	body, _ := json.Marshal(of)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(of.Status)
	_, _ = w.Write(append(body, '\n'))
}
