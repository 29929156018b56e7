package resethttp

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// linkAddress is what the address of a request for the reset page says. Mail
// gateways and mail programs move the '#' or '?' of a link, and with it the
// token, into the path.
type linkAddress struct {
	raw string // The token, or "".
	// named says that there was a token, also where it cannot be read or there
	// are two.
	named bool
	// rewritten says that the address is not of a link as it was mailed.
	rewritten bool
}

// marks are what may stand between the path of the page and what was behind it.
// '&' and ';' come from programs that add parameters of their own.
const marks = "#?&;="

// linkAddress reads the address of a request for the reset page. It returns
// false for all others, also for those below the page that are no link. No
// token is read in an address of more than 8 KiB.
func (r routes) linkAddress(u *url.URL) (linkAddress, bool) {
	path := u.EscapedPath()
	behind, found := strings.CutPrefix(path, r.base+r.reset)
	if !found {
		behind, found = strings.CutPrefix(path, r.reset)
	}
	if !found || !isLinkPath(behind) {
		return linkAddress{}, false
	}

	// Of two parameters of the name it cannot be told which one others read.
	values := u.Query()["token"]
	whole := path + "?" + u.RawQuery
	at := linkAddress{named: len(values) > 0 || namesToken(whole)}
	if len(values) <= 1 {
		at.raw = linkToken(whole)
	}

	isMailed := !at.named ||
		r.query && len(values) == 1 && values[0] == at.raw
	at.rewritten = !isMailed || behind != "" && behind != "/"
	return at, true
}

// isLinkPath reports whether what stands behind the path of the page is what
// may become of a link.
func isLinkPath(behind string) bool {
	if behind == "" || behind == "/" {
		return true
	}
	text := unwrap(behind[:min(len(behind), maxLinkText)])
	below, isBelow := strings.CutPrefix(text, "/")

	return below != "" && strings.IndexByte(marks, below[0]) >= 0 ||
		isBelow && linkToken(text) != ""
}

// namesToken reports whether a text holds a token, or what is left of one.
func namesToken(text string) bool {
	text = unwrap(text[:min(len(text), maxLinkText)])
	return strings.Contains(text, tokenStart) ||
		strings.Contains(strings.ToLower(text), "token=")
}

// originOnly is the Referrer-Policy of a page whose address still names a
// token. Its forms send the origin, without which they are refused, and no more
// of the address.
const originOnly = "strict-origin"

// addressKey is the key of the linkAddress that RedactTokens took out of a
// request.
type addressKey struct{}

// linkAddressOf returns what the address of a request says, or said before
// [RedactTokens] cleaned it.
func (r routes) linkAddressOf(req *http.Request) (linkAddress, bool) {
	if at, ok := req.Context().Value(addressKey{}).(linkAddress); ok {
		return at, true
	}
	return r.linkAddress(req.URL)
}

// readLink finds the token in what a form or a front end sent, and tells
// operators when a gateway has been at it.
func readLink(svc *reset.Service, client netip.Addr, text string) string {
	raw := linkToken(text)
	if raw != "" && unwrap(text) != text {
		svc.LinkRewritten(client)
	}
	return raw
}

// openLink answers a request whose address names a token. Nothing is changed by
// it, because scanners of mail follow links, any number of times.
//
// The answer takes the token out of the address, where it would stay in the
// history and go into our own log as the Referer of the next page. It leads to
// the clean page with the token behind '#', as the mailed link has it, or in a
// cookie. Where no token can be read, the page says so and asks for the link.
func (p *pages) openLink(
	w http.ResponseWriter, r *http.Request, at linkAddress,
) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	switch {
	case at.raw != "" && p.routes.query:
		p.holdLink(w, r, at.raw)
	case at.raw != "":
		p.seeOther(w, p.routes.resetURL()+"#token="+at.raw)
	default:
		p.dropLink(w, r, "")
		page := p.page(r, pageReset)
		page.Damaged = true
		w.Header().Set("Referrer-Policy", originOnly)
		p.write(w, r, http.StatusBadRequest, page)
	}
}
