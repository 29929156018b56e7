package resethttp

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
)

// newBrand returns what the pages draw of a brand, with the rules that set the
// custom properties of the style sheet. There are none for what is not set.
func newBrand(
	configured mail.Brand, product string,
) (brand mail.Brand, rules string, err error) {
	brand, err = configured.Resolve()
	if err != nil {
		return mail.Brand{}, "", fmt.Errorf("resethttp: Config.Brand: %w", err)
	}
	brand.Wordmark = cmp.Or(brand.Wordmark, product)
	brand.LogoAlt = cmp.Or(brand.LogoAlt, brand.Wordmark)

	var light, dark string
	if configured.Accent != "" || configured.AccentDark != "" {
		light += "--accent:" + brand.Accent + ";"
		dark = "--accent:" + brand.AccentDark + ";"
	}
	if configured.Radius != 0 {
		light += "--radius:" + strconv.Itoa(brand.Radius) + "px;"
	}
	if configured.Font != "" {
		light += "--font:" + brand.Font + ";"
	}

	if light != "" {
		rules = "\n:root{" + light + "}"
	}
	if dark != "" {
		rules += "@media (prefers-color-scheme:dark){:root{" + dark + "}}"
	}
	return brand, rules, nil
}

// validateLogo refuses a logo that the content security policy would keep out.
func validateLogo(logo, site string, images []string) error {
	if logo == "" || strings.HasPrefix(logo, "/") {
		return nil
	}

	// Resolve has parsed it before.
	u, err := url.Parse(logo)
	if err != nil {
		return fmt.Errorf("resethttp: Config.Brand.Logo: %w", err)
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	if origin == site || allowedBy(images, origin) {
		return nil
	}
	return fmt.Errorf("resethttp: Config.Brand.Logo is on %s, want a path on"+
		" the site, or that origin in Config.Sources.Image", origin)
}

// allowedBy reports whether an origin is among the sources, or below one.
func allowedBy(sources []string, origin string) bool {
	return slices.ContainsFunc(sources, func(source string) bool {
		before, below, wild := strings.Cut(source, "*")
		return source == origin || wild && strings.HasPrefix(origin, before) &&
			strings.HasSuffix(origin, below)
	})
}
