package mail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestBothPartsSayTheSame(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, data mail.Data, msg mail.Message) {
		text, shown := paragraphs(msg.Text), visible(msg.HTML)
		for _, paragraph := range text {
			require.Contains(t, shown, paragraph, "the text says more")
		}

		extra := 0
		for _, paragraph := range shown {
			if !slices.Contains(text, paragraph) {
				extra++
			}
		}

		want := 5
		if data.DisputeLink != "" {
			want++ // its button
		}
		require.Equal(t, want, extra, "the HTML part adds the initial, the"+
			" brand, title, button and the hint to copy: %q", shown)
		for _, fact := range []string{
			data.Product, data.Support, data.Site, "2026", "UTC", data.Client,
		} {
			require.Contains(t, msg.Text, fact)
		}
	})
}

func TestTheLinkStandsAloneAndNowhereElse(t *testing.T) {
	t.Parallel()
	everyMail(t, func(t *testing.T, data mail.Data, msg mail.Message) {
		want := map[mail.Kind]string{
			mail.KindReset:            data.Link,
			mail.KindInvite:           data.Link,
			mail.KindPasswordChanged:  data.ForgotURL,
			mail.KindNoAccount:        data.ForgotURL,
			mail.KindSignsInElsewhere: data.LoginURL,
		}[data.Kind]
		wanted := []string{want}
		if data.Kind == mail.KindPasswordChanged {
			wanted = append(wanted, data.DisputeLink)
		}

		lines := strings.Split(msg.Text, "\n")
		for _, want := range wanted {
			i := slices.Index(lines, want)
			require.Positive(t, i, "alone on its line")
			require.Empty(t, lines[i-1])
			require.Empty(t, lines[i+1])
			require.Equal(t, 1, strings.Count(msg.Text, want))
			require.Contains(t, visible(msg.HTML), want, "shown as text too")
		}
		require.NotContains(t, msg.Subject, "http")
		require.Equal(t, append(wanted, "mailto:"+data.Support),
			hrefs(msg.HTML), "one link, and the address to write to")
		if data.Link == "" && data.DisputeLink == "" {
			require.NotContains(t, msg.Text+msg.HTML, "token")
		}
	})
}

//lostkey:covers ASVS-1.2.1 CWE-79
func TestProductNamesAreTextWhateverTheyHold(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	data := mail.SampleData(mail.KindReset, "en")
	data.Product = "O'Brien & Co"
	msg, err := templates.Render(data)
	require.NoError(t, err)
	require.Equal(t, "Reset your O'Brien & Co password", msg.Subject)
	require.Contains(t, msg.Text, "your O'Brien & Co account")
	require.Contains(t, msg.HTML, "your O&#39;Brien &amp; Co account")
	require.NotContains(t, msg.HTML, "&amp;amp;")

	for _, hostile := range []string{
		`<img src=x onerror=alert(1)>`, `"><script>alert(1)</script>`,
		`{{.Link}}`,
		`</title><script>`, `</style><script>`,
	} {
		data.Product = hostile
		msg, err := templates.Render(data)
		require.NoError(t, err)

		for _, active := range []string{
			"<img", "<script", "</title><", "{{.Link}}\" ",
		} {
			require.NotContains(t, msg.HTML, active)
		}

		require.Contains(t, msg.Text, hostile)
	}
}

func TestRenderRefusesDataThatWouldMakeAHarmfulMail(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	cases := map[string]func(*mail.Data){
		"Data.Kind":     func(d *mail.Data) { d.Kind = "newsletter" },
		"Data.Product":  func(d *mail.Data) { d.Product = "" },
		"Data.Product ": func(d *mail.Data) { d.Product = "a\r\nBcc: x" },
		"Data.Product  ": func(d *mail.Data) {
			d.Product = strings.Repeat("a", 101)
		},
		"Data.Site":    func(d *mail.Data) { d.Site = "app.example" },
		"Data.Support": func(d *mail.Data) { d.Support = "Canary <a@b.example>" },
		"Data.Link":    func(d *mail.Data) { d.Link = "javascript:canary" },
		"Data.Link ": func(d *mail.Data) {
			d.Link = "https://app.example/\ncanary"
		},
		"Data.Link  ": func(d *mail.Data) {
			d.Link = "https://app.example/ canary"
		},
		"Data.Link   ": func(d *mail.Data) {
			d.Link = "https://canary@app.example/"
		},
		"Data.Link    ": func(d *mail.Data) { d.Link = "https:///canary" },
		"Data.Link     ": func(d *mail.Data) {
			d.Link = `https://app.example/"canary`
		},
		"Data.Link for a notice": func(d *mail.Data) {
			d.Kind = mail.KindPasswordChanged
		},
		"Data.ExpiresAt": func(d *mail.Data) { d.ExpiresAt = time.Time{} },
		"Data.ExpiresAt ": func(d *mail.Data) {
			d.Lifetime = 0
			d.ExpiresAt = d.At
		},
		"Data.At": func(d *mail.Data) { d.At = time.Time{} },
		"Data.ForgotURL": func(d *mail.Data) {
			d.ForgotURL = "data:text/html,canary"
		},
		"Data.LoginURL": func(d *mail.Data) { d.LoginURL = "/canary" },
	}

	for name, change := range cases {
		data := mail.SampleData(mail.KindReset, "en")
		change(&data)
		msg, err := templates.Render(data)
		field, _, _ := strings.Cut(strings.TrimSpace(name), " ")
		require.ErrorContains(t, err, field, name)
		require.NotContains(t, err.Error(), "canary")
		require.Zero(t, msg)
	}
}

func TestMailsWithoutOptionalFactsLeaveNoGaps(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			data := mail.SampleData(kind, locale)
			data.Support, data.Client, data.SessionsEnded = "", "", false
			data.ForgotURL, data.LoginURL = "", ""
			msg, err := templates.Render(data)
			require.NoError(t, err)

			for _, part := range []string{
				msg.Text, strings.Join(visible(msg.HTML), "\n"),
			} {
				require.NotContains(t, part, "  ")
				require.NotContains(t, part, "\n\n\n")
				require.NotContains(t, part, "()")
				require.NotContains(t, part, "<no value>")
			}

			require.False(t, strings.HasPrefix(msg.Text, "\n"))
		}
	}
}

//lostkey:covers ASVS-15.4.1
func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	want, err := templates.Render(mail.SampleData(mail.KindReset, "fr"))
	require.NoError(t, err)
	done := make(chan error, 8)

	for range cap(done) {
		go func() {
			for range 50 {
				got, err := templates.Render(mail.SampleData(mail.KindReset,
					"fr"))
				if err != nil || got.Text != want.Text ||
					got.HTML != want.HTML {
					done <- fmt.Errorf("another mail came out: %w", err)
					return
				}
			}

			done <- nil
		}()
	}

	for range cap(done) {
		require.NoError(t, <-done)
	}
}

// NIST SP 800-63B-4 section 4.6 asks for contact information in a notice.
//
//lostkey:covers 63B-4.6
func TestANoticeSaysWhomToTurnTo(t *testing.T) {
	t.Parallel()
	templates := builtin(t)
	for _, locale := range templates.Locales() {
		data := mail.SampleData(mail.KindPasswordChanged, locale)
		data.Site = "https://contact.example"

		msg, err := templates.Render(data)
		require.NoError(t, err)
		require.Contains(t, msg.Text, data.Support)
		with := strings.Count(msg.Text, data.Site)

		data.Support = ""
		msg, err = templates.Render(data)
		require.NoError(t, err)
		require.Equal(t, with+1, strings.Count(msg.Text, data.Site), locale)
		require.Contains(t, msg.HTML, data.Site+".")

		data.NoContact = true
		msg, err = templates.Render(data)
		require.NoError(t, err)
		require.Equal(t, with, strings.Count(msg.Text, data.Site), locale)
	}
}
