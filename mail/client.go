package mail

import (
	"strings"
)

// Order matters: most browsers also claim to be the ones they descend from.
var browsers = []struct{ mark, name string }{
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"Chrome/", "Chrome"},
	{"CriOS/", "Chrome"},
	{"Safari/", "Safari"},
}

var systems = []struct{ mark, name string }{
	{"iPhone", "iOS"},
	{"iPad", "iPadOS"},
	{"Android", "Android"},
	{"Windows", "Windows"},
	{"CrOS", "ChromeOS"},
	{"Macintosh", "macOS"},
	{"Linux", "Linux"},
}

// CoarseClient names the browser and the system of a User-Agent header, such as
// "Firefox, Linux", for Data.Client. It answers from a short fixed list, or ""
// when either is not on it, so that nothing the visitor wrote reaches the mail.
// Its own answer it gives back as it is. The visitor can still lie about which
// of them it is.
func CoarseClient(userAgent string) string {
	if knownClient(userAgent) != "" {
		return userAgent
	}

	// The first kilobyte is more than any browser sends.
	userAgent = userAgent[:min(len(userAgent), 1024)]
	for _, browser := range browsers {
		if !strings.Contains(userAgent, browser.mark) {
			continue
		}
		for _, system := range systems {
			if strings.Contains(userAgent, system.mark) {
				return browser.name + ", " + system.name
			}
		}
		return ""
	}
	return ""
}

// knownClient returns client when CoarseClient could have made it, and ""
// otherwise.
func knownClient(client string) string {
	name, system, _ := strings.Cut(client, ", ")
	for _, browser := range browsers {
		if browser.name == name {
			for _, known := range systems {
				if known.name == system {
					return client
				}
			}
		}
	}
	return ""
}
