package mail

import (
	"slices"
	"strings"
)

// client is something that says its mark in a User-Agent header.
type client struct{ mark, name string }

// Order matters: most browsers also claim to be the ones they descend from.
var browsers = []client{
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"Chrome/", "Chrome"},
	{"CriOS/", "Chrome"},
	{"Safari/", "Safari"},
}

var systems = []client{
	{"iPhone", "iOS"},
	{"iPad", "iPadOS"},
	{"Android", "Android"},
	{"Windows", "Windows"},
	{"CrOS", "ChromeOS"},
	{"Macintosh", "macOS"},
	{"Linux", "Linux"},
}

// CoarseClient names the browser and the system of a User-Agent header, such as
// "Firefox, Linux", for Data.Client. It answers from a short fixed list, or "",
// so that nothing the visitor wrote reaches the mail. The visitor can still lie
// about which of them it is.
func CoarseClient(userAgent string) string {
	if knownClient(userAgent) != "" {
		return userAgent // an answer of an earlier call
	}

	// The first kilobyte is more than any browser sends.
	userAgent = userAgent[:min(len(userAgent), 1024)]
	browser, system := find(browsers, userAgent), find(systems, userAgent)
	if browser == "" || system == "" {
		return ""
	}
	return browser + ", " + system
}

// find returns the name of the first client whose mark is in a User-Agent
// header, or "".
func find(clients []client, userAgent string) string {
	for _, c := range clients {
		if strings.Contains(userAgent, c.mark) {
			return c.name
		}
	}
	return ""
}

// knownClient returns text when CoarseClient could have made it, and ""
// otherwise.
func knownClient(text string) string {
	browser, system, _ := strings.Cut(text, ", ")
	if isName(browsers, browser) && isName(systems, system) {
		return text
	}
	return ""
}

func isName(clients []client, name string) bool {
	return slices.ContainsFunc(clients, func(c client) bool {
		return c.name == name
	})
}
