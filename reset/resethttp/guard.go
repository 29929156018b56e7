package resethttp

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/token"
)

// passesGuard asks the application about a request for a link. It hands over a
// copy of the request whose fields are those that were read here, so that a
// guard cannot read past the limits of the body or see other fields than are
// used.
func passesGuard(
	guard func(*http.Request) error, r *http.Request, fields url.Values,
) bool {
	if guard == nil {
		return true
	}

	shown := r.WithContext(r.Context())
	shown.Body = http.NoBody
	shown.Form, shown.PostForm = fields, fields
	return guard(shown) == nil
}

// ContentSources are what the content security policy allows from other
// origins. One is like "https://challenges.example", or "https://*.example" for
// all hosts below. Plain http is for the Service's own Site alone.
type ContentSources struct {
	// Script, Style, Frame and Connect are for the page that asks for a link
	// alone. A CAPTCHA in a pages/forgot.html of your own needs Script and
	// Frame, at times all. Where a password is typed, no foreign script runs.
	Script, Style, Frame, Connect []string

	// Image is for the images of all pages, such as a logo on another host.
	Image []string
}

// validate refuses whatever would end a directive or allow more than one
// origin.
func (s ContentSources) validate(site string) error {
	for _, list := range []struct {
		name    string
		sources []string
	}{
		{"Script", s.Script},
		{"Style", s.Style},
		{"Frame", s.Frame},
		{"Connect", s.Connect},
		{"Image", s.Image},
	} {
		for i, source := range list.sources {
			// Below a host is checked as the host itself.
			host := source
			if below, ok := strings.CutPrefix(source, "https://*."); ok {
				host = "https://" + below
			}

			secure := strings.HasPrefix(host, "https://")
			if !isOrigin(host) || !secure && host != site {
				return fmt.Errorf("resethttp: Config.Sources.%s[%d] is not an"+
					" origin like https://host or https://*.host", list.name, i)
			}
		}
	}
	return nil
}

// widen returns the policy with the sources in it.
func (s ContentSources) widen(policy string) string {
	directives := strings.Split(policy, "; ")
	for _, more := range []struct {
		name    string
		sources []string
	}{
		{"script-src", s.Script},
		{"style-src", s.Style},
		{"frame-src", s.Frame},
		{"connect-src", s.Connect},
	} {
		if len(more.sources) == 0 {
			continue
		}

		sources := " " + strings.Join(more.sources, " ")
		at := slices.IndexFunc(directives, func(directive string) bool {
			return strings.HasPrefix(directive, more.name+" ")
		})
		if at < 0 {
			directives = append(directives, more.name+sources)
		} else {
			directives[at] += sources
		}
	}
	return strings.Join(directives, "; ")
}

// isOrigin reports whether the text is an origin as a browser writes it, in
// lower case, without the default port and with nothing behind it.
func isOrigin(text string) bool {
	u, err := token.ParseSite(text)
	return err == nil && u.String() == text && u.Path == ""
}
