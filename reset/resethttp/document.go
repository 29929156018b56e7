package resethttp

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// openAPI is the OpenAPI 3.1 document of an API with the default paths.
//
//go:embed openapi.json
var openAPI string

// The server and the paths in openAPI, to be replaced by those of a handler.
const (
	documentSite     = "https://app.example"
	documentForgot   = "/api/forgot-password"
	documentReset    = "/api/reset-password"
	documentCheck    = "/api/reset-password/check"
	documentDispute  = "/api/reset-password/dispute"
	documentDisputes = "/api/reset-password/dispute/check"
	documentSettings = "/api/reset-password/settings"
	documentOpenAPI  = "/api/openapi.json"
)

// An apiDocument is an OpenAPI document as text.
type apiDocument string

// document returns that of an API with these paths below the site.
func document(site string, paths apiPaths) apiDocument {
	return apiDocument(strings.NewReplacer(
		quoted(documentSite), quoted(site),
		quoted(documentForgot), quoted(paths.Forgot),
		quoted(documentReset), quoted(paths.Reset),
		quoted(documentCheck), quoted(paths.Check),
		quoted(documentDispute), quoted(paths.Dispute),
		quoted(documentDisputes), quoted(paths.CheckDispute),
		quoted(documentSettings), quoted(paths.Settings),
		quoted(documentOpenAPI), quoted(paths.OpenAPI),
	).Replace(openAPI))
}

func (d apiDocument) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, string(d))
}

func quoted(text string) string {
	body, _ := json.Marshal(text) // A string always has a JSON form.
	return string(body)
}

// settings is what a front end needs to know before anybody types.
type settings struct {
	Product     string   `json:"product"`
	Login       string   `json:"login"`
	Identifiers bool     `json:"identifiers"`
	MinLength   int      `json:"minLength"`
	Lifetime    int      `json:"lifetime"` // In seconds.
	Paths       apiPaths `json:"paths"`    // From the root of the host.
}

func newSettings(of reset.Settings, paths apiPaths) settings {
	return settings{
		Product:     of.Product,
		Login:       absolute(of, of.Login),
		Identifiers: of.TakesIdentifiers,
		MinLength:   of.MinLength,
		Lifetime:    int(of.Lifetime.Seconds()),
		Paths:       paths,
	}
}

func (s settings) serve(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s)
}
