package resethttp

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// apiPaths are where the API is, below the path of its site.
type apiPaths struct {
	Forgot string `json:"forgot"`
	Reset  string `json:"reset"`
	Check  string `json:"check"`
	// Dispute and CheckDispute are empty where nothing can be disputed.
	Dispute      string `json:"dispute"`
	CheckDispute string `json:"checkDispute"`

	Settings string `json:"settings"`
	OpenAPI  string `json:"openapi"`
}

// paths returns where the API is. No two of its paths are the same.
func (c APIConfig) paths() (apiPaths, error) {
	for _, field := range []struct{ name, value string }{
		{"Prefix", c.Prefix}, {"Forgot", c.Forgot}, {"Reset", c.Reset},
	} {
		if field.value != "" && !isPath(field.value) {
			return apiPaths{}, fmt.Errorf("resethttp: APIConfig.%s is not a path"+
				" that begins with a slash and does not end with one", field.name)
		}
	}

	prefix := cmp.Or(c.Prefix, "/api")
	confirm := prefix + cmp.Or(c.Reset, "/reset-password")
	paths := apiPaths{
		Forgot: prefix + cmp.Or(c.Forgot, "/forgot-password"),
		Reset:  confirm,
		Check:  confirm + "/check",

		Dispute:      confirm + "/dispute",
		CheckDispute: confirm + "/dispute/check",

		Settings: confirm + "/settings",
		OpenAPI:  prefix + "/openapi.json",
	}

	switch paths.Forgot {
	case paths.Reset, paths.Check, paths.Settings, paths.OpenAPI,
		paths.Dispute, paths.CheckDispute:
		return apiPaths{}, errors.New(
			"resethttp: APIConfig.Forgot is another path of the API")
	}
	if paths.Reset == paths.OpenAPI {
		return apiPaths{}, errors.New(
			"resethttp: APIConfig.Reset is another path of the API")
	}
	return paths, nil
}

// isPath reports whether the text is a path as it stands in a request, with
// nothing that a mux would clean.
func isPath(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.HasPrefix(text, "/") && text != "/" &&
		u.EscapedPath() == text && path.Clean(text) == text
}

// below returns the paths with the path of a site before them.
func (p apiPaths) below(base string) apiPaths {
	return apiPaths{
		Forgot: base + p.Forgot,
		Reset:  base + p.Reset,
		Check:  base + p.Check,

		Dispute:      base + p.Dispute,
		CheckDispute: base + p.CheckDispute,

		Settings: base + p.Settings,
		OpenAPI:  base + p.OpenAPI,
	}
}

// An endpoint is one path of the API. It has one method.
type endpoint struct {
	method string
	serve  func(http.ResponseWriter, *http.Request)
}

// takes reports whether the endpoint has the method. HEAD comes with GET.
func (e endpoint) takes(method string) bool {
	return method == e.method ||
		method == http.MethodHead && e.method == http.MethodGet
}

func (e endpoint) allow() string {
	if e.method == http.MethodGet {
		return "GET, HEAD"
	}
	return e.method
}

// newEndpoints returns the endpoints by path. A mux may have stripped the path
// of the site, so each is there with it and without.
func (a *api) newEndpoints(
	where routes, paths apiPaths, of reset.Settings,
) map[string]endpoint {
	whole := paths.below(where.base)
	shown := whole
	if of.DisputePath == "" {
		shown.Dispute, shown.CheckDispute = "", ""
	}
	check := checker{
		svc: a.svc, client: a.client, routes: where, of: of,
		check: a.svc.Check,
	}
	about := newSettings(of, shown)
	text := document(where.origin+where.base, paths)

	found := map[string]endpoint{}
	for _, p := range []apiPaths{paths, whole} {
		found[p.Forgot] = endpoint{http.MethodPost, a.request}
		found[p.Reset] = endpoint{http.MethodPost, a.confirm}
		found[p.Check] = endpoint{http.MethodPost, check.serve}
		if of.DisputePath != "" {
			found[p.Dispute] = endpoint{http.MethodPost, a.dispute}
			found[p.CheckDispute] = endpoint{
				http.MethodPost, check.forDisputes().serveDispute,
			}
		}
		found[p.Settings] = endpoint{http.MethodGet, about.serve}
		found[p.OpenAPI] = endpoint{http.MethodGet, text.serve}
	}
	return found
}
