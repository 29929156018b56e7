package resethttp

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// contentPolicy returns a policy that allows the one style and the one script
// of the pages, by their digests, forms and requests of the script that are
// sent to this origin, and images of this origin and a few others for a logo.
// "data:" is for the empty icon, without which browsers ask for /favicon.ico.
// Nothing else is loaded, and no other page can frame these.
func contentPolicy(style, script string, images []string) string {
	sources := strings.Join(append([]string{"'self'", "data:"}, images...), " ")
	return "default-src 'none'; style-src '" + digest(style) + "';" +
		" script-src '" + digest(script) + "'; img-src " + sources + ";" +
		" connect-src 'self'; form-action 'self'; base-uri 'none';" +
		" frame-ancestors 'none'"
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// secure sets what every answer carries, of the pages and of the API. The
// sources are OWASP ASVS 5.0 sections 3.4 and 14.3.
func secure(header http.Header, policy string) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), display-capture=(),"+
		" geolocation=(), microphone=(), payment=(), usb=()")
	// This is not no-referrer. With that, browsers send "Origin: null" on the
	// form's own post, which on plain http is then refused as cross-origin.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Robots-Tag", "noindex, nofollow")
}
