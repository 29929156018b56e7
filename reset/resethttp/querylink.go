package resethttp

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// The cookie holds a link between its first page and the form. The prefix
// __Host- makes browsers refuse one that was set for a domain, for another path
// or without Secure, so that no sibling host can plant it or hide it. Its price
// is Path=/. The cookie goes along with every request to the host, and its life
// is kept short. Browsers keep no such cookie of a site on plain http, which is
// for development. There it has another name, and is for the reset page alone.
const (
	hostCookie  = "__Host-lostkey-link"
	plainCookie = "lostkey-link"
)

// cookieLife is time enough to think of a password.
const cookieLife = 30 * time.Minute

func (p *pages) cookieName() string {
	if p.routes.secure {
		return hostCookie
	}
	return plainCookie
}

// heldPrefix begins what a form sends when a cookie holds the token of its
// page. The name of that token comes after it. No token has a colon.
const heldPrefix = "held:"

// heldName returns the name of a token in what a form sent as its token. It
// returns false where a form has the token itself.
func heldName(sent string) (string, bool) {
	name, held := strings.CutPrefix(sent, heldPrefix)
	name, _, _ = strings.Cut(name, "&") // The key of a place may follow.
	return name, held
}

// linkName returns the name of a token in a page, which shows none of it.
func linkName(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// holdLink moves a token from the address of a request into the cookie. The key
// of a place to return to stays in the address.
func (p *pages) holdLink(
	w http.ResponseWriter, r *http.Request, at linkAddress,
) {
	checked, err := p.svc.Check(r.Context(), reset.CheckInput{
		Token: at.raw, Client: p.client(r),
	})
	if err != nil {
		w.Header().Set("Referrer-Policy", originOnly)
		p.refuseLink(w, r, at, err)
		return
	}

	life := min(checked.ExpiresAt.Sub(p.now()), cookieLife)
	http.SetCookie(w, p.cookie(at.raw, max(1, int(life.Seconds()))))

	clean := p.routes.resetURL()
	if at.returnTo != "" {
		clean += "?return=" + at.returnTo
	}
	p.seeOther(w, clean)
}

// showHeld shows the reset page for the link in the cookie, or without one the
// form to paste a link into.
func (p *pages) showHeld(w http.ResponseWriter, r *http.Request) {
	page := p.page(r, pageReset)
	key := p.routes.knownKey(r.URL.Query()["return"])
	p.returning(&page, key)
	if raw := p.heldLink(r); raw != "" {
		checked, err := p.svc.Check(r.Context(), reset.CheckInput{
			Token: raw, Client: p.client(r),
		})
		if err != nil {
			p.refuseLink(w, r, linkAddress{raw: raw, returnTo: key}, err)
			return
		}
		page.LinkHeld = true
		page.Link = withReturn(heldPrefix+linkName(raw), key)
		p.show(&page, checked)
	}
	p.write(w, r, http.StatusOK, page)
}

func (p *pages) refuseLink(
	w http.ResponseWriter, r *http.Request, at linkAddress, err error,
) {
	if errors.Is(err, reset.ErrRejected) {
		p.reject(w, r, at.raw, at.returnTo)
		return
	}
	p.failed(w, r, err, "page.busy.reset")
}

// heldLink returns the token in the cookie, or "" when there is none, or more
// than one, since which of them is ours cannot be told.
func (p *pages) heldLink(r *http.Request) string {
	cookies := r.CookiesNamed(p.cookieName())
	if len(cookies) != 1 {
		return ""
	}
	return tokenText(cookies[0].Value)
}

// namedLink returns the token that a form was drawn for, or "" when no cookie
// holds it any more. Cookies beside it do not matter. others says that the only
// ones there are hold something else, which is the link of another tab, and
// perhaps of another account.
func (p *pages) namedLink(
	r *http.Request, name string,
) (raw string, others bool) {
	cookies := r.CookiesNamed(p.cookieName())
	for _, cookie := range cookies {
		if raw := tokenText(cookie.Value); linkName(raw) == name {
			return raw, false
		}
	}
	return "", len(cookies) > 0
}

// dropLink removes the cookie, unless it holds another link than raw.
func (p *pages) dropLink(w http.ResponseWriter, r *http.Request, raw string) {
	if !p.routes.query {
		return
	}
	if held := p.heldLink(r); held == "" || held == raw {
		http.SetCookie(w, p.cookie("", -1))
	}
}

// cookie returns the cookie with this value. It is Lax and not Strict, because
// a browser that comes from a mail on another site does not send a Strict one
// after the redirect.
func (p *pages) cookie(value string, maxAge int) *http.Cookie {
	path := p.routes.resetURL()
	if p.routes.secure {
		path = "/"
	}
	return &http.Cookie{
		Name: p.cookieName(), Value: value, Path: path, MaxAge: maxAge,
		HttpOnly: true, Secure: p.routes.secure, SameSite: http.SameSiteLaxMode,
	}
}
