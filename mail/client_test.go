package mail_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestOnlyNamesFromTheFixedListSayWhichBrowserItWas(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for _, client := range []string{
		"Call 0800 123 now", "Firefox, Linux; visit evil.example", "Firefox",
		"<b>Chrome</b>, Windows", "Chrome, Windows\r\nX",
	} {
		data := mail.SampleData(mail.KindReset, "en")
		data.Client = client
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.NotContains(t, msg.Text, "(")
		require.NotContains(t, msg.HTML, html.EscapeString(client)+")")
	}

	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 " +
			"Firefox/140.0": "Firefox, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, " +
			"like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0": "Edge, Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 " +
			"(KHTML, like Gecko) Version/18.0 Safari/605.1.15": "Safari, macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) " +
			"AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 " +
			"Safari/604.1": "Chrome, iOS",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile " +
			"Safari/537.36": "Samsung Internet, Android",
		"curl/8.0": "", "": "", "Firefox/1 on <script>": "", "Linux": "",
		strings.Repeat(" ", 2000) + "Firefox/1 Linux": "",
	} {
		require.Equal(t, want, mail.CoarseClient(userAgent), userAgent)
	}
}

func FuzzCoarseClient(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	f.Add("Firefox/ Call 0800 now iPhone")
	known := regexp.MustCompile(
		`^(Edge|Opera|Samsung Internet|Firefox|Chrome|Safari), ` +
			`(iOS|iPadOS|Android|Windows|ChromeOS|macOS|Linux)$`)
	f.Fuzz(func(t *testing.T, userAgent string) {
		if client := mail.CoarseClient(userAgent); client != "" {
			require.Regexp(t, known, client)
		}
	})
}
