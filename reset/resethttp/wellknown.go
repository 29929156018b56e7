package resethttp

import "net/http"

// ChangePasswordRedirect returns a handler for /.well-known/change-password,
// where password managers look for the page that changes a password (W3C, A
// Well-Known URL for Changing Passwords). It answers 303. The target is a path
// or an absolute URL, and is not checked. Best is the page of a signed-in
// account. Password managers believe it only where a well-known path that does
// not exist fails.
func ChangePasswordRedirect(target string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}

		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusSeeOther)
	})
}
