package resethttp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
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
	site, err := url.Parse(of.Site)
	if err != nil || site.Host == "" {
		return place{}, errors.New(
			"resethttp: the Service's Site is not an absolute URL",
		)
	}

	return place{
		origin: strings.ToLower(site.Scheme + "://" + hostOf(site)),
		base:   strings.TrimRight(site.EscapedPath(), "/"),
		forgot: of.ForgotPath,
		reset:  of.ResetPath,
		secure: strings.EqualFold(site.Scheme, "https"),
	}, nil
}

// hostOf returns the host of the site without the port that browsers leave out
// of an Origin header.
func hostOf(site *url.URL) string {
	switch strings.ToLower(site.Scheme) + ":" + site.Port() {
	case "https:443", "http:80":
		return strings.TrimSuffix(site.Host, ":"+site.Port())
	}
	return site.Host
}

func (p place) forgotURL() string { return p.base + p.forgot }
func (p place) resetURL() string  { return p.base + p.reset }

// isForgot and isReset also know the path without the site's own, because a mux
// may have stripped it.
func (p place) isForgot(r *http.Request) bool { return p.is(r, p.forgot) }
func (p place) isReset(r *http.Request) bool  { return p.is(r, p.reset) }

func (p place) is(r *http.Request, page string) bool {
	path := r.URL.EscapedPath()
	return path == page || path == p.base+page
}
