package resethttp

import (
	"html"
	"regexp"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
)

// returnParam is where a link names the place that it returns to. Programs that
// write quoted-printable make "=3D" of its '=', and no key begins in "3D".
var returnParam = regexp.MustCompile(
	`[?&;#]return=(?:3D)?([a-z0-9-]{1,32})`)

// returnKey finds the key of a configured place in a link, or in what became of
// it on its way. It undoes what [unwrap] does but for quoted-printable, since
// the '=' before a key such as "cart" would be taken for an escape.
func (r routes) returnKey(text string) string {
	if len(r.returnTo) == 0 || len(text) > maxLinkText {
		return ""
	}

	for range 2 * unwrapRounds {
		for _, found := range returnParam.FindAllStringSubmatch(text, -1) {
			if key := r.knownKey(found[1:]); key != "" {
				return key
			}
		}

		before := text
		text = html.UnescapeString(unescape(text, '%'))
		text = unwrapBase64(unwrapDefense(text))
		if text == before {
			break
		}
	}
	return ""
}

// knownKey returns the only one of the values if it is the key of a place.
func (r routes) knownKey(values []string) string {
	if len(values) != 1 {
		return ""
	}
	if _, known := r.returnTo[values[0]]; !known {
		return ""
	}
	return values[0]
}

// withReturn puts a key behind something that ends in a parameter.
func withReturn(text, key string) string {
	if text == "" || key == "" {
		return text
	}
	return text + "&return=" + key
}

// returning says in a page where its visitor came from.
func (p *pages) returning(page *Page, key string) {
	if place, known := p.routes.returnTo[key]; known {
		page.ReturnTo, page.ReturnURL = key, p.routes.target(place)
	}
}

// absolute returns the URL of a place, which may be a path under the site.
func absolute(of reset.Settings, place string) string {
	if strings.HasPrefix(place, "/") {
		return of.Site + place
	}
	return place
}
