// Package spa is a front end of its own for a password reset: a static page
// without a build step that calls the JSON API of reset/resethttp, also from
// another origin. It asks for a link, opens one, says for which account it is,
// asks for a second proof where that is needed, and sets the new password. A
// second page takes the link "this was not me".
//
// The pages are static/index.html and static/dispute/index.html with a style
// and a few modules, and work on any server of files. Their element
// meta[name=api] says where the API is. api.d.ts is made from the API's OpenAPI
// document, and lets an editor check the modules.
package spa

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:generate go run ./dts ../../reset/resethttp/openapi.json static/api.d.ts

//go:embed static
var static embed.FS

// New returns a handler of the page and its files. It is mounted below a path
// that ends with a slash, behind [http.StripPrefix]. The API is at a path of
// the same origin, such as "/api", or at an absolute URL.
func New(api string) (http.Handler, error) {
	u, err := url.Parse(api)
	if err != nil {
		return nil, errors.New("spa: the address of the API is no URL")
	}
	source := "'self'"
	if u.Host != "" {
		source = u.Scheme + "://" + u.Host
	}

	files, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{"": nil, "dispute/": nil}
	for path := range pages {
		page, err := fs.ReadFile(files, path+"index.html")
		if err != nil {
			return nil, err
		}
		const at = `<meta name="api" content="/api">`
		pages[path] = []byte(strings.Replace(string(page), at, fmt.Sprintf(
			`<meta name="api" content="%s">`, html.EscapeString(api)), 1))
	}

	policy := "default-src 'none'; script-src 'self'; style-src 'self';" +
		" img-src data:; connect-src " + source + "; form-action 'none';" +
		" base-uri 'none'; frame-ancestors 'none';" +
		" require-trusted-types-for 'script'; trusted-types 'none'"
	assets := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")

		page, ok := pages[r.URL.Path]
		if !ok {
			assets.ServeHTTP(w, r)
			return
		}
		http.ServeContent(
			w, r, "index.html", time.Time{}, bytes.NewReader(page))
	}), nil
}
