package main

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"time"

	"github.com/lostkey-go/lostkey/reset/resethttp"
)

//go:embed templates reset mails
var files embed.FS

// ownStyle has the rules that the reset pages have no use for.
//
//go:embed style.css
var ownStyle string

//go:embed link.js
var ownScript []byte

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
	own.HandleFunc("GET /login/code", app.codePage)
	own.HandleFunc("POST /login/code", app.loginWithCode)
	own.HandleFunc("POST /logout", app.logout)
	app.accountRoutes(own)
	own.HandleFunc("GET /", app.notFound)

	// Mails that were sent, and samples of every mail in every language.
	inbox := app.localOnly(app.preview.ServeHTTP)
	own.HandleFunc("GET /inbox", inbox)
	own.HandleFunc("GET /inbox/preview", inbox)
	own.HandleFunc("GET /inbox/{id}", app.localOnly(app.inboxMail("html")))
	own.HandleFunc("GET /inbox/{id}/html", app.localOnly(app.inboxMail("raw")))
	own.HandleFunc("GET /inbox/{id}/source", app.localOnly(app.inboxSource))

	own.HandleFunc("GET /audit", app.localOnly(app.auditPage))
	own.HandleFunc("POST /audit/block", app.localOnly(app.blockNetwork))
	own.HandleFunc("POST /audit/lift", app.localOnly(app.liftBlock))
	own.HandleFunc("POST /audit/unlock", app.localOnly(app.unlockAccount))

	// A form on another site cannot be posted here. This needs no token in the
	// forms: browsers say where a request comes from.
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(app.crossOrigin))

	all := http.NewServeMux()
	all.Handle("/", sameSite.Handler(app.sessions.LoadAndSave(own)))
	all.Handle("/forgot-password", app.resetPages)
	all.Handle("/reset-password", app.resetPages)
	// Where mailed links lead, also those that mail gateways rewrote.
	all.Handle("/reset-password/", app.resetPages)
	all.Handle("/api/", app.resetAPI)
	all.Handle("/spa/", app.resetAPI)
	all.HandleFunc("GET /static/style.css", style)
	all.HandleFunc("GET /static/link.js", linkScript)
	all.HandleFunc("GET /healthz", app.health)
	// Where password managers look for the page that changes a password.
	all.Handle("/.well-known/change-password",
		resethttp.ChangePasswordRedirect("/account/password"))

	return app.redact(secureHeaders(http.MaxBytesHandler(all, maxBody)))
}

// accountRoutes are the pages of those who are signed in, and those that links
// of the application's own lead to.
func (app *application) accountRoutes(own *http.ServeMux) {
	own.HandleFunc("GET /account", app.accountPage)
	own.HandleFunc("GET /account/password", app.passwordPage)
	own.HandleFunc("POST /account/password", app.changePassword)
	own.HandleFunc("POST /account/label", app.setLabel)

	own.HandleFunc("GET /account/totp", app.totpPage)
	own.HandleFunc("GET /account/totp/picture", app.totpPicture)
	own.HandleFunc("POST /account/totp/start", app.startTOTP)
	own.HandleFunc("POST /account/totp/confirm", app.confirmTOTP)
	own.HandleFunc("POST /account/totp/stop", app.stopTOTP)

	own.HandleFunc("POST /account/verify", app.sendVerification)
	own.HandleFunc("GET /verify-address", app.linkPage(verifyView))
	own.HandleFunc("GET /verify-address/", app.linkPage(verifyView))
	own.HandleFunc("POST /verify-address", app.verifyAddress)

	own.HandleFunc("POST /account/recovery", app.addRecovery)
	own.HandleFunc("POST /account/recovery/remove", app.removeRecovery)
	own.HandleFunc("GET /recovery-address", app.linkPage(recoveryView))
	own.HandleFunc("GET /recovery-address/", app.linkPage(recoveryView))
	own.HandleFunc("POST /recovery-address", app.confirmRecovery)
}

// ownPolicy is the content security policy of the pages made here.
const ownPolicy = "default-src 'none'; style-src 'self'; img-src 'self';" +
	" frame-src 'self'; form-action 'self'; base-uri 'none';" +
	" frame-ancestors 'none'"

// secureHeaders sets what suits the pages made here. The reset pages set their
// own on top.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", ownPolicy)
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

// style serves the style sheet of the reset pages with the rules of the other
// pages after it, so that all of them look alike.
func style(w http.ResponseWriter, r *http.Request) {
	sheet := []byte(resethttp.StyleSheet() + "\n" + ownStyle)
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeContent(w, r, "style.css", time.Time{}, bytes.NewReader(sheet))
}

// linkScript serves the script of linkPage.
func linkScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeContent(
		w, r, "link.js", time.Time{}, bytes.NewReader(ownScript),
	)
}
