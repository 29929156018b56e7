package resethttp

import "net/http"

// ChangePassword returns a handler for /.well-known/change-password, where
// password managers look for the page that changes a password. It redirects to
// the target for now, and no cache keeps the answer. The target is a path of
// the site or an absolute URL, and is not checked. It is usually the page of a
// signed-in account, or the page that asks for a link where there is none.
//
// Password managers also ask for a well-known path that does not exist. They
// believe the redirect only when the answer to that has a status of failure.
// The source is W3C, A Well-Known URL for Changing Passwords.
func ChangePassword(target string) http.Handler {
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
