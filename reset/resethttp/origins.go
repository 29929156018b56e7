package resethttp

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// preflightLife is how many seconds a browser may keep the answer to a
// preflight. Chromium keeps none for longer.
const preflightLife = "7200"

// cors answers browsers whose pages come from other origins (Fetch standard,
// section 3.2). It allows no credentials, because the API reads none.
type cors struct {
	allowed map[string]bool
	headers string // What a request may carry.
}

func newCORS(cfg APIConfig, site string) (cors, error) {
	c := cors{allowed: map[string]bool{}}
	for i, origin := range cfg.Origins {
		if !isOrigin(origin) || !isSafe(origin, site) {
			return cors{}, fmt.Errorf("resethttp: APIConfig.Origins[%d] is not an"+
				" origin as browsers write it, like https://host", i)
		}
		c.allowed[origin] = true
	}

	for i, name := range cfg.RequestHeaders {
		if name == "" || strings.ContainsFunc(name, isNoHeaderRune) {
			return cors{}, fmt.Errorf(
				"resethttp: APIConfig.RequestHeaders[%d] is not the name of a header", i)
		}
	}
	c.headers = strings.Join(
		slices.Concat([]string{"Content-Type"}, cfg.RequestHeaders), ", ")
	return c, nil
}

// isSafe refuses pages on plain http, which anybody on the way can change. They
// are for development, where the site is on plain http too, or the page on this
// machine.
func isSafe(origin, site string) bool {
	if !strings.HasPrefix(origin, "http:") || strings.HasPrefix(site, "http:") {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	addr, _ := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || addr.IsLoopback()
}

func isNoHeaderRune(r rune) bool {
	return r != '-' && (r < '0' || r > '9') &&
		(r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// allows reports whether the request comes from an origin that was named, and
// lets its page read the answer.
func (c cors) allows(header http.Header, r *http.Request) bool {
	if len(c.allowed) == 0 {
		return false
	}
	header.Add("Vary", "Origin")

	origins := r.Header.Values("Origin")
	if len(origins) != 1 || !c.allowed[origins[0]] {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origins[0])
	header.Set("Access-Control-Expose-Headers", "Retry-After")
	return true
}

// isPreflight reports whether a browser asks before it sends a page's request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

func (c cors) preflight(w http.ResponseWriter, method string) {
	header := w.Header()
	header.Del("Access-Control-Expose-Headers")
	header.Set("Access-Control-Allow-Methods", method)
	header.Set("Access-Control-Allow-Headers", c.headers)
	header.Set("Access-Control-Max-Age", preflightLife)
	w.WriteHeader(http.StatusNoContent)
}
