package resethttp

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// RedactTokens returns middleware that takes tokens out of requests, for
// whatever logs them. Put it around the mux, as in the Example.
//
// Links in the query, and those whose '#' became "%23" on the way, arrive in
// the address. The handlers inside see "/?redacted" behind the path of the
// page, and no token in the Referer. The pages of [New] still find the link.
//
// It changes requests for the reset page and the page of disputes alone. Clean
// the logs of proxies and of other pages with [RedactURL]. In fiber, which is
// not over net/http, put RedactTokens around the pages and clean the log too.
//
// It panics where [reset.New] or [reset.Service.For] did not make svc.
func RedactTokens(svc *reset.Service) func(http.Handler) http.Handler {
	where, err := newRoutes(svc.Settings())
	if err != nil {
		panic(err) // A Service that reset.New made has a Site.
	}

	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, where.redact(r))
		})
	}
}

// redact returns the request, or a changed copy of it.
func (r routes) redact(req *http.Request) *http.Request {
	if at, ok := r.linkAddress(req.URL); ok && at.named {
		ctx := context.WithValue(req.Context(), addressKey{}, at)
		req = req.WithContext(ctx)

		// A proxy may have taken the Site's path away, so the page's is kept as
		// it came.
		clean := *req.URL
		path := req.URL.EscapedPath()
		behind, _, _ := r.pageOf(path)
		page := strings.TrimSuffix(path, behind) + "/"
		clean.RawPath = page
		clean.Path, _ = url.PathUnescape(page) // it is of a path that was.
		clean.RawQuery, clean.ForceQuery = "redacted", false
		req.URL, req.RequestURI = &clean, clean.RequestURI()
	}

	referer, err := url.Parse(req.Referer())
	if err != nil {
		return req
	}
	if at, ok := r.linkAddress(referer); ok && at.named {
		req = req.WithContext(req.Context())
		req.Header = req.Header.Clone()
		req.Header.Set("Referer", RedactURL(req.Referer()))
	}
	return req
}

// What a token in an address looks like, escaped any number of times. The
// second form has no name before it.
var (
	namedValue = regexp.MustCompile(
		`(?i)(token(?:=|%(?:25)*3d))[^&#\s"'<>]+`,
	)
	bareToken = regexp.MustCompile(tokenStart + `[A-Za-z0-9_.%-]*`)
)

// RedactURL replaces tokens in an address, or in a line of a log, by
// "redacted". These are the value of every parameter whose name ends in
// "token", and what begins as a token does, also where the address is escaped
// or wrapped in another one.
func RedactURL(text string) string {
	text = namedValue.ReplaceAllString(text, "${1}redacted")
	return bareToken.ReplaceAllString(text, "redacted")
}
