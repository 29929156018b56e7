package main

import (
	"embed"
	"fmt"
	"net/http"

	"github.com/lostkey-go/lostkey/reset/resethttp"
)

//go:embed templates static reset
var files embed.FS

// maxBody is far above any form here and far below anything that hurts.
const maxBody = 64 << 10

// routes is the whole application. The reset pages stand outside the sessions:
// asking for a link reads and writes nothing about whoever asks.
func (app *application) routes() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /{$}", app.homePage)
	own.HandleFunc("GET /register", app.registerPage)
	own.HandleFunc("POST /register", app.register)
	own.HandleFunc("GET /login", app.loginPage)
	own.HandleFunc("POST /login", app.login)
	own.HandleFunc("POST /logout", app.logout)
	own.HandleFunc("GET /account", app.accountPage)
	own.HandleFunc("GET /account/password", app.passwordPage)
	own.HandleFunc("POST /account/password", app.changePassword)
	own.HandleFunc("GET /inbox", app.localOnly(app.inboxPage))
	own.HandleFunc("GET /inbox/preview", app.localOnly(app.preview.ServeHTTP)) // every mail in every language, with sample data
	own.HandleFunc("GET /inbox/{id}", app.localOnly(app.mailPage))
	own.HandleFunc("GET /inbox/{id}/html", app.localOnly(app.mailHTML))
	own.HandleFunc("GET /inbox/{id}/source", app.localOnly(app.mailSource))
	own.HandleFunc("GET /audit", app.localOnly(app.auditPage))
	own.HandleFunc("GET /", app.notFound)

	// A form on another site cannot be posted here. This needs no token in the
	// forms: browsers say where a request comes from.
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(app.crossOrigin))

	all := http.NewServeMux()
	all.Handle("/", sameSite.Handler(app.sessions.LoadAndSave(own)))
	all.Handle("/forgot-password", app.resetPages)
	all.Handle("/reset-password", app.resetPages)
	all.Handle("/reset-password/", app.resetPages) // where mailed links lead, also those that mail gateways rewrote
	all.Handle("/api/", app.resetAPI)
	all.Handle("/spa/", app.resetAPI)
	all.Handle("GET /static/style.css", style())
	all.HandleFunc("GET /healthz", app.health)
	// Where password managers look for the page that changes a password.
	all.Handle("/.well-known/change-password",
		resethttp.ChangePassword("/account/password"))

	return app.redact(secureHeaders(http.MaxBytesHandler(all, maxBody)))
}

// secureHeaders sets what suits the pages made here. The reset pages set their
// own on top.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}

func (app *application) health(w http.ResponseWriter, r *http.Request) {
	if err := app.db.PingContext(r.Context()); err != nil {
		app.log.WarnContext(r.Context(), "health check failed", "error", err)
		http.Error(w, "database unavailable", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

func style() http.Handler {
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		static.ServeHTTP(w, r)
	})
}
