package mobile

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/lostkey-go/lostkey/reset"
)

// Config names the applications that may open reset links.
type Config struct {
	// Apple are application identifiers, a team's ten characters, a dot and a
	// bundle identifier.
	Apple   []string
	Android []AndroidApp
}

// An AndroidApp is a package and the certificates it may be signed with. With
// Play App Signing that is Google's certificate, which the Play Console shows.
type AndroidApp struct {
	Package string
	SHA256  []string // as keytool prints them, 32 pairs with colons.
}

var (
	appleID     = regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9.-]+$`)
	packageName = regexp.MustCompile(`^[A-Za-z]\w*(\.[A-Za-z]\w*)+$`)
	fingerprint = regexp.MustCompile(`^[0-9A-F]{2}(:[0-9A-F]{2}){31}$`)
)

func (c Config) validate() error {
	if len(c.Apple)+len(c.Android) == 0 {
		return errors.New("mobile: Config names no application")
	}
	for _, id := range c.Apple {
		if !appleID.MatchString(id) {
			return fmt.Errorf("mobile: Config.Apple has %q, want a team, "+
				"a dot and a bundle", id)
		}
	}

	for _, app := range c.Android {
		if !packageName.MatchString(app.Package) {
			return fmt.Errorf("mobile: Config.Android has package %q", app.Package)
		}
		if len(app.SHA256) == 0 {
			return fmt.Errorf("mobile: %s has no certificate", app.Package)
		}
		for _, sum := range app.SHA256 {
			if !fingerprint.MatchString(sum) {
				return fmt.Errorf("mobile: %s has certificate %q, want 32 "+
					"pairs of upper-case digits with colons", app.Package, sum)
			}
		}
	}
	return nil
}

// New returns a handler of the two association files, for the path of the
// service's reset page and what a mail gateway may append to it. It answers
// GET and HEAD, with 404 for the file of a system without an application.
func New(svc *reset.Service, cfg Config) (http.Handler, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	settings := svc.Settings()
	page, err := url.Parse(settings.Site + settings.ResetPath)
	if err != nil {
		return nil, fmt.Errorf("mobile: the reset page: %w", err)
	}

	mux := http.NewServeMux()
	if len(cfg.Apple) > 0 {
		err = serve(mux, "apple-app-site-association",
			appleFile(cfg.Apple, page.EscapedPath()))
	}
	if len(cfg.Android) > 0 && err == nil {
		err = serve(mux, "assetlinks.json", androidFile(cfg.Android))
	}
	return mux, err
}

// serve answers with one file. Both systems insist on this content type, also
// for Apple's file, which has no extension.
func serve(mux *http.ServeMux, name string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /.well-known/"+name,
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "public, max-age=3600")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_, _ = w.Write(text)
		})
	return nil
}

func appleFile(ids []string, path string) any {
	return map[string]any{"applinks": map[string]any{
		"details": []any{map[string]any{
			"appIDs": ids,
			"components": []any{
				map[string]any{"/": path}, map[string]any{"/": path + "/*"},
			},
		}},
	}}
}

// androidFile says nothing of paths. Those are in the application's manifest.
func androidFile(apps []AndroidApp) any {
	var statements []any
	for _, app := range apps {
		statements = append(statements, map[string]any{
			"relation": []string{"delegate_permission/common.handle_all_urls"},
			"target": map[string]any{
				"namespace":                "android_app",
				"package_name":             app.Package,
				"sha256_cert_fingerprints": app.SHA256,
			},
		})
	}
	return statements
}
