package main

import "net/http"

// localOnly serves what shows mails, with live links, or the audit trail, or
// changes the block list, to this machine alone, unless
// -expose-mails-and-audit is set. Two things are looked at: who asks, and by
// what name. A page of another site can have its own name lead to this machine
// (DNS rebinding), and then asks from here.
//
// A reverse proxy on this machine may show neither. Its site is for others,
// which its URL says, and most proxies say for whom they ask.
func (app *application) localOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		forwarded := r.Header.Get("Forwarded") + r.Header.Get("X-Forwarded-For")
		local := client(r).IsLoopback() && isThisMachine("http://"+r.Host) &&
			forwarded == "" && isThisMachine(app.site)
		if !local && !app.expose {
			app.show(w, r, http.StatusForbidden, "message", page{
				Title: "For this machine alone",
				Content: "This page shows live links, and who asked for " +
					"them. Open it on the server's own machine, under " +
					"localhost, or start the program with " +
					"-expose-mails-and-audit to show it to everybody.",
			})
			return
		}

		next(w, r)
	}
}
