package resethttp

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
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
		Type:   "link-rejected",
		Status: http.StatusBadRequest,
		Title:  "The link does not work",
		Detail: "It may be incomplete or too old, or it may have been used" +
			" already, just now perhaps. Ask for a new one.",
	}
	problemPassword = problemDocument{
		Type:   "password-refused",
		Status: http.StatusUnprocessableEntity,
		Title:  "The password was refused",
		Detail: "The link is still good. Send another password.",
	}
	problemInvalidAddress = problemDocument{
		Type:   "invalid-address",
		Status: http.StatusUnprocessableEntity,
		Title:  "Not an email address",
		Detail: "The text cannot be one plain email address.",
		Errors: []problemDetail{{
			Pointer: "#/email",
			Code:    "invalid-address",
			Detail:  "Enter one email address.",
		}},
	}
	problemThrottled = problemDocument{
		Type:   "throttled",
		Status: http.StatusTooManyRequests,
		Title:  "Too many attempts",
	}
	problemUnavailable = problemDocument{
		Type:   "unavailable",
		Status: http.StatusServiceUnavailable,
		Title:  "Try again later",
		Detail: "Nothing was changed. A link stays good.",
	}
	problemUnknown = problemDocument{
		Type:   "unknown-outcome",
		Status: http.StatusServiceUnavailable,
		Title:  "It is not known whether the password was changed",
		Detail: "Try to sign in with the new password. If that fails, use the" +
			" link again. If the link is refused then, it did its work.",
	}
	problemMalformed = problemDocument{
		Type:   "malformed",
		Status: http.StatusBadRequest,
		Title:  "The body is not what is expected",
		Detail: "Send one JSON object with exactly the documented members," +
			" each once, each a string.",
	}
	problemTooLarge = problemDocument{
		Type:   "too-large",
		Status: http.StatusRequestEntityTooLarge,
		Title:  "The body is too large",
	}
	problemUnsupported = problemDocument{
		Type:   "unsupported-type",
		Status: http.StatusUnsupportedMediaType,
		Title:  "The body must be application/json",
	}
	problemMethod = problemDocument{
		Type:   "method",
		Status: http.StatusMethodNotAllowed,
		Title:  "Only POST is allowed",
	}
	problemCrossOrigin = problemDocument{
		Type:   "cross-origin",
		Status: http.StatusForbidden,
		Title:  "The request comes from another site",
	}
	problemNotFound = problemDocument{
		Type:   "not-found",
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

func writeProblem(w http.ResponseWriter, of problemDocument) {
	of.Type = problemBase + strings.ReplaceAll(of.Type, "-", "_")
	// These are strings and numbers only, so this cannot fail.
	body, _ := json.Marshal(of)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(of.Status)
	_, _ = w.Write(append(body, '\n'))
}
