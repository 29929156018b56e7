package resethttp

import (
	"errors"
	"net/http"

	"github.com/lostkey-go/lostkey/reset"
)

// cookieName is that of the cookie that holds a link between its first page and the form. On https the prefix makes browsers refuse
// one that was set without Secure.
func (p *pages) cookieName() string {
	if p.place.secure {
		return "__Secure-lostkey-link"
	}
	return "lostkey-link"
}

// showResetQuery is the reset page for links with the token in the query. The first request takes it out of the address, where it
// would stay in the history and go into our own log as the Referer of the next page. Nothing is changed by it: scanners of mail follow
// links, any number of times.
func (p *pages) showResetQuery(w http.ResponseWriter, r *http.Request, tokens []string) {
	if len(tokens) > 0 {
		w.Header().Set("Referrer-Policy", "no-referrer")
		raw := ""
		if len(tokens) == 1 {
			raw = tokenText(tokens[0])
		}
		checked, err := p.svc.Check(r.Context(), raw)
		if err != nil {
			p.refuseLink(w, r, err)
			return
		}
		http.SetCookie(w, p.cookie(raw, max(1, int(checked.ExpiresAt.Sub(p.now()).Seconds()))))
		p.seeOther(w, p.place.resetURL())
		return
	}
	page := p.page(r, pageReset)
	if raw := p.heldLink(r); raw != "" {
		checked, err := p.svc.Check(r.Context(), raw)
		if err != nil {
			p.refuseLink(w, r, err)
			return
		}
		page.LinkHeld, page.Account = true, checked.MaskedEmail
	}
	p.write(w, r, http.StatusOK, page)
}

func (p *pages) refuseLink(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, reset.ErrRejected) {
		p.reject(w, r)
		return
	}
	p.failed(w, r, err, "busy.reset")
}

// heldLink returns the token in the cookie, or "".
func (p *pages) heldLink(r *http.Request) string {
	cookies := r.CookiesNamed(p.cookieName())
	if len(cookies) != 1 {
		return ""
	}
	return tokenText(cookies[0].Value)
}

// dropLink removes the cookie.
func (p *pages) dropLink(w http.ResponseWriter) {
	if p.query {
		http.SetCookie(w, p.cookie("", -1))
	}
}

// cookie is Lax and not Strict: a browser that comes from a mail on another site does not send a Strict one after the redirect.
func (p *pages) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: p.cookieName(), Value: value, Path: p.place.resetURL(), MaxAge: maxAge,
		HttpOnly: true, Secure: p.place.secure, SameSite: http.SameSiteLaxMode,
	}
}
