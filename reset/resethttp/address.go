package resethttp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
)

// linkAddress is what the address of a request for the reset page, or for the
// one that disputes a change, says. Mail gateways and mail programs move the
// '#' or '?' of a link, and with it the token, into the path.
type linkAddress struct {
	raw string // The token, or "".
	// named says that there was a token, also where it cannot be read or there
	// are two.
	named bool
	// dispute says that the path is that of the page that disputes.
	dispute bool
	// rewritten says that the address is not of a link as it was mailed.
	rewritten bool
	// returnTo is the key of a configured place, or "".
	returnTo string
}

// marks are what may stand between the path of the page and what was behind it.
// '&' and ';' come from programs that add parameters of their own.
const marks = "#?&;="

// linkAddress reads the address of a request for one of the two pages. It
// returns false for all others, also for those below a page that are no link.
// No token is read in an address of more than 8 KiB.
func (r routes) linkAddress(u *url.URL) (linkAddress, bool) {
	path := u.EscapedPath()
	behind, isDispute, ok := r.pageOf(path)
	if !ok {
		return linkAddress{}, false
	}

	// Of two parameters of the name it cannot be told which one others read.
	values := u.Query()["token"]
	whole := path + "?" + u.RawQuery
	at := linkAddress{
		named:    len(values) > 0 || namesToken(whole),
		dispute:  isDispute,
		returnTo: r.returnKey(whole),
	}
	if len(values) <= 1 {
		at.raw = FindToken(whole)
	}

	isMailed := !at.named ||
		r.query && !isDispute && len(values) == 1 && values[0] == at.raw
	at.rewritten = !isMailed || behind != "" && behind != "/"
	return at, true
}

// pageOf tells the page that a path leads to, which is the one that disputes or
// else the reset page, and what stands behind the page's own path. Of two that
// are below each other, the longer one counts.
func (r routes) pageOf(path string) (behind string, dispute, ok bool) {
	behind, dispute = r.behind(path, r.dispute)
	if dispute && !strings.HasPrefix(r.reset, r.dispute) {
		return behind, true, true
	}
	if rest, isReset := r.behind(path, r.reset); isReset {
		return rest, false, true
	}
	return behind, dispute, dispute
}

// behind returns what stands in a path behind that of a page. It returns false
// where that cannot be of a link.
func (r routes) behind(path, page string) (string, bool) {
	if page == "" {
		return "", false
	}
	behind, found := strings.CutPrefix(path, r.base+page)
	if !found {
		behind, found = strings.CutPrefix(path, page)
	}
	return behind, found && isLinkPath(behind)
}

// isLinkPath reports whether what stands behind the path of the page is what
// may become of a link.
func isLinkPath(behind string) bool {
	if behind == "" || behind == "/" {
		return true
	}
	text := unwrap(behind[:min(len(behind), maxLinkText)])
	below, isBelow := strings.CutPrefix(text, "/")

	if below != "" && strings.IndexByte(marks, below[0]) >= 0 {
		return true
	}
	raw := FindToken(text)
	return isBelow && raw != "" && isOurs(purposeOf(raw))
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
	raw := FindToken(text)
	link := returnParam.ReplaceAllString(text, "")
	if raw != "" && unwrap(link) != link {
		svc.LinkRewritten(client)
	}
	return raw
}

// purposeOf returns what the header of a token says that it is for, which is
// not checked here, or "".
func purposeOf(raw string) token.Purpose {
	header, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(header)
	var is struct{ Typ string }
	if err != nil || json.Unmarshal(text, &is) != nil {
		return ""
	}
	return token.Purpose(strings.TrimSuffix(is.Typ, "+jwt"))
}

// isOurs reports whether a token may be for one of the two pages.
func isOurs(purpose token.Purpose) bool {
	switch purpose {
	case "", token.PurposeReset, token.PurposeInvite, reset.PurposeDispute:
		return true
	}
	return false
}

// isDispute reports whether a token is one that disputes a change. Where it
// does not say, the page that it was sent to decides.
func (r routes) isDispute(raw string, page bool) bool {
	switch purposeOf(raw) {
	case reset.PurposeDispute:
		return r.dispute != ""
	case token.PurposeReset, token.PurposeInvite:
		return false
	}
	return page
}

// openLink answers a request whose address names a token. Nothing is changed by
// it, because scanners of mail follow links, any number of times.
//
// The answer takes the token out of the address, where it would stay in the
// history and go into our own log as the Referer of the next page. It leads to
// the clean page that the token is for, with the token behind '#', as the
// mailed link has it, or in a cookie. Where no token can be read, the page says
// so and asks for the link.
func (p *pages) openLink(
	w http.ResponseWriter, r *http.Request, at linkAddress,
) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	dispute := p.routes.isDispute(at.raw, at.dispute)

	switch {
	case at.raw != "" && dispute:
		p.seeOther(w, p.routes.disputeURL()+"#token="+at.raw)
	case at.raw != "" && p.routes.query:
		p.holdLink(w, r, at)
	case at.raw != "":
		p.seeOther(w, withReturn(
			p.routes.resetURL()+"#token="+at.raw, at.returnTo))
	default:
		page := p.page(r, pageReset)
		if dispute {
			page = p.page(r, pageDispute)
		} else {
			p.dropLink(w, r, "")
		}
		page.Damaged = true
		w.Header().Set("Referrer-Policy", originOnly)
		p.write(w, r, http.StatusBadRequest, page)
	}
}

// opensElsewhere leads on a visitor who sent a token to the one page that is
// for the other.
func (p *pages) opensElsewhere(
	w http.ResponseWriter, r *http.Request, at linkAddress,
) bool {
	if at.raw == "" || p.routes.isDispute(at.raw, at.dispute) == at.dispute {
		return false
	}
	p.openLink(w, r, at)
	return true
}
