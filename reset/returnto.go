package reset

import (
	"fmt"
	"maps"
	"strings"
)

const (
	maxReturnTo    = 1000
	maxReturnKey   = 32
	maxReturnPlace = 2048
)

// validateReturnTo refuses keys that would have to be escaped in a link, and
// places that a browser would take for somebody else's.
func (p *Pages) validateReturnTo() error {
	if len(p.ReturnTo) > maxReturnTo {
		return fmt.Errorf(
			"reset: Config.Pages.ReturnTo has %d places, want at most %d",
			len(p.ReturnTo), maxReturnTo,
		)
	}

	p.ReturnTo = maps.Clone(p.ReturnTo)
	for key, place := range p.ReturnTo {
		if !isReturnKey(key) {
			return fmt.Errorf(
				"reset: Config.Pages.ReturnTo has the key %.40q, want 1 to %d "+
					"of a to z, 0 to 9 and '-'",
				key, maxReturnKey,
			)
		}
		if len(place) > maxReturnPlace || !isPageURL(place) ||
			strings.HasPrefix(place, "http://") {
			return fmt.Errorf(
				"reset: Config.Pages.ReturnTo[%q] is neither a path under "+
					"Config.Site nor an absolute https URL",
				key,
			)
		}
	}
	return nil
}

func isReturnKey(key string) bool {
	return key != "" && len(key) <= maxReturnKey &&
		!strings.ContainsFunc(key, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		})
}

// returnKey returns key if there is such a place, or "".
func (p *Pages) returnKey(key string) string {
	if _, ok := p.ReturnTo[key]; !ok {
		return ""
	}
	return key
}

// returningTo returns the link with a key of Pages.ReturnTo behind its token.
func (l Link) returningTo(key string) Link {
	if key != "" {
		text := l.Reveal() + "&return=" + key
		l.url = &text
	}
	return l
}
