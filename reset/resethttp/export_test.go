package resethttp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Unwrapped is the text in which the reader looks for tokens.
func Unwrapped(text string) string { return squeeze(unwrap(text)).text }

// LinkName is what a form calls a token that a cookie holds.
func LinkName(raw string) string { return linkName(raw) }

// ReadResetBody is the reader of the API's bodies, for its fuzz test.
func ReadResetBody(body string) (raw, password string, err error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	err = readJSON(httptest.NewRecorder(), r, map[string]*string{
		"token": &raw, "password": &password,
	})
	return raw, password, err
}

// Codes are all codes of the API.
var Codes = []string{
	problemRejected.Code, problemPassword.Code, problemProof.Code,
	problemInvalidAddress.Code, problemThrottled.Code, problemGuarded.Code,
	problemUnavailable.Code, problemUnknown.Code, problemMalformed.Code,
	problemTooLarge.Code, problemUnsupported.Code, problemMethod.Code,
	problemCrossOrigin.Code, problemNotFound.Code,
}

// Digest is how the content security policy names a text.
func Digest(text string) string { return digest(text) }

// Template returns the drawing of one page without the handler around it.
func Template(handler http.Handler, name string) func(io.Writer) error {
	p := handler.(*pages)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return func(w io.Writer) error {
		return p.templates.draw(w, p.page(r, name))
	}
}
