package resethttp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"github.com/lostkey-go/lostkey/reset"
)

// RedactTokens returns middleware that takes tokens out of requests before the
// handlers inside see them. It belongs outside of what logs requests and of
// every mux:
//
//	redact, err := resethttp.RedactTokens(svc)
//	server.Handler = redact(accessLog(mux))
//
// A link in the query is written to access logs, and so is a link with a
// fragment whose '#' became "%23" on its way. The handlers inside get such a
// request under the path of the reset page with "/?redacted" behind it, in its
// URL and its RequestURI, and no token in its Referer. The pages of [New] find
// the token in the request's context. So a mux needs no route for addresses
// like "/reset-password%23token=…" either.
//
// Only the address of the reset page is changed, and Referer headers that name
// it. What stands before the server, such as a proxy with a log of its own,
// still sees the token. See [RedactURL] for those.
func RedactTokens(
	svc *reset.Service,
) (func(http.Handler) http.Handler, error) {
	if svc == nil {
		return nil, errors.New("resethttp: the Service is nil")
	}
	where, err := newRoutes(svc.Settings())
	if err != nil {
		return nil, err
	}

	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, where.redact(r))
		})
	}, nil
}

// redact returns the request, or a changed copy of it.
func (r routes) redact(req *http.Request) *http.Request {
	if at, ok := r.linkAddress(req.URL); ok && at.named {
		ctx := context.WithValue(req.Context(), addressKey{}, at)
		req = req.WithContext(ctx)

		clean := *req.URL
		clean.Path, clean.RawPath = r.base+r.reset+"/", ""
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
// "redacted". It replaces the value of every parameter whose name ends in
// "token", and what begins as a token does, also where the address is escaped
// or wrapped in another one. It is for log formats of hosts that cannot use
// [RedactTokens].
func RedactURL(text string) string {
	text = namedValue.ReplaceAllString(text, "${1}redacted")
	return bareToken.ReplaceAllString(text, "redacted")
}
