package resethttp

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// place is where the pages are, all of it from the Service's configuration.
// Nothing of it is ever taken from a request, whose Host header is the sender's
// to choose.
type place struct {
	origin        string // Scheme and host of the site.
	base          string // Path of the site, without a slash at the end.
	forgot, reset string // Paths of the pages below it.
	secure        bool   // The site is on https.
}

func newPlace(of reset.Settings) (place, error) {
	site, err := token.ParseSite(of.Site)
	if err != nil {
		return place{}, fmt.Errorf("resethttp: the Service's Site: %w", err)
	}

	return place{
		origin: site.Scheme + "://" + site.Host,
		base:   site.EscapedPath(),
		forgot: of.ForgotPath,
		reset:  of.ResetPath,
		secure: site.Scheme == "https",
	}, nil
}

func (p place) forgotURL() string { return p.base + p.forgot }
func (p place) resetURL() string  { return p.base + p.reset }

// loginURL returns where to sign in. A path is one of the site.
func (p place) loginURL(configured string) string {
	if strings.HasPrefix(configured, "/") {
		return p.base + configured
	}
	return configured
}

// isForgot and isReset also know the path without the site's own, because a mux
// may have stripped it.
func (p place) isForgot(r *http.Request) bool { return p.is(r, p.forgot) }
func (p place) isReset(r *http.Request) bool  { return p.is(r, p.reset) }

func (p place) is(r *http.Request, page string) bool {
	path := r.URL.EscapedPath()
	return path == page || path == p.base+page
}
