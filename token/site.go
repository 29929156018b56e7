package token

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// ParseSite reads the base URL of an application, such as "https://app.example"
// or "https://app.example:8443/shop", and returns its canonical form. Scheme
// and host are in lower case, the default port is left out, and the path has no
// slash at its end. http and https are two sites; plain http is for
// development.
//
// A site has no user information, query or fragment, and no empty or dot
// segment in its path. Its host is a name of ASCII letters, digits, hyphens and
// underscores, or an IP address. Errors do not show the text, in which a
// mistyped setting may have put a secret.
func ParseSite(site string) (*url.URL, error) {
	canonical, err := canonicalSite(site)
	if err != nil {
		return nil, fmt.Errorf("token: site %w", err)
	}
	return url.Parse(canonical)
}

// canonicalSite returns the text of what ParseSite returns.
func canonicalSite(site string) (string, error) {
	if site == "" {
		return "", errors.New("is empty")
	}

	u, err := url.Parse(site)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" ||
		u.Host == "" || u.Opaque != "" {
		return "", errors.New("is not an absolute http or https URL")
	}
	if u.User != nil || strings.ContainsAny(site, "?#") {
		return "", errors.New("has user information, a query or a fragment")
	}

	host, err := canonicalHost(u.Hostname())
	if err != nil {
		return "", err
	}
	port, err := canonicalPort(u)
	if err != nil {
		return "", err
	}

	dir := strings.TrimSuffix(u.EscapedPath(), "/")
	if dir == "/" || dir != "" && path.Clean(dir) != dir {
		return "", errors.New("has an empty or a dot segment in its path")
	}
	return u.Scheme + "://" + host + port + dir, nil
}

func canonicalHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", errors.New("has a malformed IPv6 host")
		}
		return "[" + addr.String() + "]", nil
	}

	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_"
	host = strings.ToLower(host)
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, allowed) != "" {
			return "", errors.New("has a malformed host " +
				"(write an international name in its xn-- form)")
		}
	}
	return host, nil
}

// canonicalPort returns the port behind its colon, or "" for the default port.
func canonicalPort(u *url.URL) (string, error) {
	text := u.Port()
	if text == "" && strings.HasSuffix(u.Host, ":") {
		return "", errors.New("has an empty port")
	}
	if text == "" {
		return "", nil
	}

	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return "", errors.New("has a port outside 1 to 65535")
	}

	if u.Scheme == "https" && port == 443 || u.Scheme == "http" && port == 80 {
		return "", nil
	}
	return ":" + strconv.FormatUint(port, 10), nil
}
