package reset

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

func (c *Config) completeSite() error {
	site, err := url.Parse(c.Site)
	if err != nil || site.Host == "" ||
		site.Scheme != "https" && site.Scheme != "http" {
		return errors.New("reset: Config.Site is not an absolute http or https URL")
	}
	if site.User != nil || strings.ContainsAny(c.Site, "?#") {
		return errors.New("reset: Config.Site has user information, a query or a fragment")
	}
	if site.Scheme == "http" && !c.Pages.InsecureHTTP &&
		!isThisMachine(site.Hostname()) {
		return errors.New("reset: Config.Site is plain http on another machine, which only Config.Pages.InsecureHTTP allows")
	}

	c.Site = strings.TrimRight(c.Site, "/")
	if c.Mail.Product == "" {
		c.Mail.Product = site.Hostname()
	}

	for _, page := range []struct {
		field, fallback string
		path            *string
	}{
		{"Pages.Reset", "/reset-password", &c.Pages.Reset},
		{"Pages.Forgot", "/forgot-password", &c.Pages.Forgot},
		{"Pages.Login", "", &c.Pages.Login},
	} {
		if *page.path == "" {
			*page.path = page.fallback
		}
		if *page.path != "" && !isPagePath(*page.path) {
			return fmt.Errorf(
				"reset: Config.%s is not an absolute path without query and fragment",
				page.field,
			)
		}
	}

	if c.Pages.Reset == c.Pages.Forgot {
		return errors.New("reset: Config.Pages.Reset and Config.Pages.Forgot are the same")
	}
	if c.Pages.LinkStyle != LinkFragment && c.Pages.LinkStyle != LinkQuery {
		return errors.New("reset: Config.Pages.LinkStyle is not one of the constants")
	}

	return nil
}

func isThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		err == nil && addr.IsLoopback()
}

// isPagePath keeps a path from becoming another host ("//evil.example") or
// swallowing the token.
func isPagePath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && strings.HasPrefix(path, "/") && u.EscapedPath() == path
}
