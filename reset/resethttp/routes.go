package resethttp

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// routes say where the pages are, all of it from the Service's configuration.
// Nothing of it is ever taken from a request, whose Host header is the sender's
// to choose.
type routes struct {
	origin        string // Scheme and host of the site.
	base          string // Path of the site, without a slash at the end.
	forgot, reset string // Paths of the pages below it.
	dispute       string // Empty where nothing can be disputed.
	secure        bool   // The site is on https.
	query         bool   // Links carry the token in the query.

	returnTo map[string]string // Configured places by their keys.
}

func newRoutes(settings reset.Settings) (routes, error) {
	site, err := token.ParseSite(settings.Site)
	if err != nil {
		return routes{}, fmt.Errorf("resethttp: the Service's Site: %w", err)
	}

	return routes{
		origin:  site.Scheme + "://" + site.Host,
		base:    site.EscapedPath(),
		forgot:  settings.ForgotPath,
		reset:   settings.ResetPath,
		dispute: settings.DisputePath,
		secure:  site.Scheme == "https",
		query:   settings.LinkStyle == reset.LinkQuery,

		returnTo: settings.ReturnTo,
	}, nil
}

func (r routes) forgotURL() string { return r.base + r.forgot }
func (r routes) resetURL() string  { return r.base + r.reset }

func (r routes) disputeURL() string { return r.base + r.dispute }

// pastedURL returns where the script of one page brings a link that is for the
// other, behind a '#'. With [reset.LinkQuery] the reset page must not show the
// link of a cookie instead.
func (r routes) pastedURL(dispute bool) string {
	switch {
	case dispute:
		return r.disputeURL()
	case r.query:
		return r.resetURL() + "?pasted"
	}
	return r.resetURL()
}

// target returns where a configured place is. A path is one of the site.
func (r routes) target(configured string) string {
	if strings.HasPrefix(configured, "/") {
		return r.base + configured
	}
	return configured
}

// isForgot also knows the path without the site's own, because a mux
// may have stripped it.
func (r routes) isForgot(req *http.Request) bool { return r.is(req, r.forgot) }

func (r routes) is(req *http.Request, page string) bool {
	path := req.URL.EscapedPath()
	return path == page || path == r.base+page
}
