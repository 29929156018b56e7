package mail_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestExpiryFollowsTheButtonAndTheLongLinkComesLast(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, data mail.Data, msg mail.Message) {
		text, shown := paragraphs(msg.Text), visible(msg.HTML)
		if data.Link == "" {
			return
		}
		expiry := text[slices.Index(text, data.Link)+1]
		require.Contains(t, expiry, strconv.Itoa(data.ExpiresAt.Day()))
		require.Equal(t, expiry, shown[0], "what a list of mails shows")

		body := shown[1:]
		at := slices.Index(body, expiry)
		require.Equal(t, text[slices.Index(text, data.Link)-1], body[at-2])
		require.Equal(t, data.Link, body[len(body)-3], "before the footer")
	})
}

// Word, which draws mails for Outlook, knows neither a largest width nor
// padding of anything but cells, and takes fonts from the cell alone.
func TestHTMLPartsHoldToWhatWordCanDraw(t *testing.T) {
	t.Parallel()
	cell := regexp.MustCompile(`<td[^>]*>`)
	everyMail(t, func(t *testing.T, _ mail.Data, msg mail.Message) {
		require.Contains(t, msg.HTML, `width="560"`)
		require.Contains(t, msg.HTML, "width:560px;max-width:100%")
		require.Contains(t, msg.HTML, "mso-padding-alt:14px 28px")
		require.Equal(t, strings.Count(msg.HTML, "<table"),
			strings.Count(msg.HTML, `<table role="presentation"`))
		require.Equal(t, strings.Count(msg.HTML, "<td"),
			strings.Count(msg.HTML, "</td>"))

		for _, td := range cell.FindAllString(msg.HTML, -1) {
			frame := strings.Contains(td, `class="page"`) ||
				strings.Contains(td, `class="brand"`) ||
				strings.Contains(td, `class="button" align`) ||
				strings.Contains(td, `width="12"`)
			require.True(t, frame || strings.Contains(td, "font-family:"), td)
			if strings.Contains(td, "background:") {
				require.Contains(t, td, "bgcolor=")
			}
		}
	})
}

func TestTheAccountIsNamedWhereItHasALabel(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	data := mail.SampleData(mail.KindReset, "en")
	for _, label := range []string{"ana-pereira", "<b>Ana</b> & {product}", "عمل"} {
		data.Label = label
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.Contains(t, msg.Text, "\n\nAccount: "+label+"\n\n")
		require.Contains(t, visible(msg.HTML), "Account: "+label)
	}

	// Nobody's name keeps a mail from going out.
	for _, label := range []string{
		"", "a\nb", "a\u202eb", "\xff", strings.Repeat("a", 101),
	} {
		data.Label = label
		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.NotContains(t, msg.Text+msg.HTML, "Account:")
	}
}

//lostkey:covers ASVS-1.2.2
func TestTheSupportAddressIsWrittenToAsItIs(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	data := mail.SampleData(mail.KindReset, "en")
	data.Support = "a?b=c#d&e@app.example"
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Contains(t, hrefs(msg.HTML), "mailto:a%3Fb=c%23d&e@app.example")
	require.Contains(t, msg.Text, "Write to a?b=c#d&e@app.example.")
}

//lostkey:covers ASVS-14.2.3
func TestHTMLPartsLoadNothingAndRunNothing(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, _ mail.Data, msg mail.Message) {
		for _, forbidden := range []string{
			"<img", "<script", "<form", "<input", "<iframe", "<link", "<object",
			"url(", "@import", "@font-face", "src=", "background=", "onclick",
			"ZgotmplZ",
		} {
			require.NotContains(t, strings.ToLower(msg.HTML), forbidden)
		}

		require.Contains(t, msg.HTML,
			`<meta name="color-scheme" content="light dark">`)
		require.Contains(t, msg.HTML, "prefers-color-scheme: dark")
		require.Contains(t, msg.HTML, `lang="`+msg.Locale+`" dir="ltr"`)

		encoded, err := mail.Encode(plainMessage(func(m *mail.Message) {
			m.Text, m.HTML = msg.Text, msg.HTML
		}))
		require.NoError(t, err)
		require.Less(t, len(encoded), 30<<10,
			"Gmail cuts at 102 kB, and filters look at weight")
	})
}
