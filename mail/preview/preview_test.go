package preview_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/mail/preview"
	"github.com/stretchr/testify/require"
)

func get(t *testing.T, h http.Handler,
	target string,
) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return w
}

func templates(t *testing.T) *mail.Templates {
	t.Helper()
	out, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	return out
}

var (
	sampleLink = regexp.MustCompile(
		`href="(\?as=html&amp;kind=[^"]+)" aria-label="(\S+) in (\S+)"`)
	anyLink = regexp.MustCompile(`href="(\?as=[^"]+)" ?`)
	frame   = regexp.MustCompile(`<iframe src="([^"]+)" width="(\d+)"`)
)

func TestEverySampleIsShownInEveryForm(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	index := get(t, h, "/inbox").Body.String()
	links := sampleLink.FindAllStringSubmatch(index, -1)

	require.Len(t, links, 5*len(mail.BuiltInKinds()))
	for _, link := range links {
		target := "/inbox" + html.UnescapeString(link[1])
		page := get(t, h, target).Body.String()
		require.Contains(t, page, "<iframe")

		for _, form := range anyLink.FindAllStringSubmatch(page, -1) {
			require.NotEmpty(t,
				get(t, h, "/inbox"+html.UnescapeString(form[1])).Body.String())
		}

		raw := get(t, h, strings.Replace(target, "as=html", "as=raw", 1))
		require.True(t, strings.HasPrefix(raw.Body.String(), "<!DOCTYPE html>"))
		require.Contains(t, raw.Header().Get("Content-Security-Policy"),
			"sandbox")
	}

	require.Contains(t, get(t, h,
		"/?kind=reset&locale=fr&as=text").Body.String(),
		"Pour choisir un nouveau mot de passe")
	require.Contains(t,
		get(t, h, "/?kind=reset&locale=fr&as=source").Body.String(),
		"Auto-Submitted: auto-generated")
}

func TestTheFirstSampleIsShownToBeginWith(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	page := get(t, h, "/").Body.String()
	require.Contains(t, page, "<h2 dir=\"auto\">Passwort für Example zurücksetzen</h2>")
	require.Regexp(t, `aria-label="reset in de" aria-current="page"`, page)
	require.Regexp(t, `\d\.\d kB on the wire`, page)
	require.NotContains(t, page, "are missing")
}

func TestAMailIsShownInEachWidthAndShade(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)

	for _, width := range []string{"320", "600", "800"} {
		for dark, state := range map[string]string{
			"": "@media not all {", "1": "@media all {",
		} {
			target := "/?kind=invite&locale=fr&width=" + width + "&dark=" + dark
			found := frame.FindStringSubmatch(get(t, h, target).Body.String())
			require.Len(t, found, 3)
			require.Equal(t, width, found[2])

			mailed := get(t, h, "/"+html.UnescapeString(found[1])).Body.String()
			require.Contains(t, mailed, state)
			require.NotContains(t, mailed, "prefers-color-scheme")
		}
	}

	odd := get(t, h, "/?width=9999&dark=x&as=y").Body.String()
	require.Equal(t, "600", frame.FindStringSubmatch(odd)[2])
}

func TestThePageLoadsItsStyleAloneAndTheMailNothingButPictures(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	page := get(t, h, "/")
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).
		FindStringSubmatch(page.Body.String())
	require.Len(t, style, 2)

	sum := sha256.Sum256([]byte(style[1]))
	require.Equal(t, "default-src 'none'; style-src 'sha256-"+
		base64.StdEncoding.EncodeToString(sum[:])+
		"'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		page.Header().Get("Content-Security-Policy"))
	require.NotContains(t, page.Body.String(), "style=")
	require.NotContains(t, page.Body.String(), "<script")

	policy := get(t, h, "/?as=raw").Header().Get("Content-Security-Policy")
	require.Equal(t, "sandbox allow-top-navigation-by-user-activation;"+
		" default-src 'none'; style-src 'unsafe-inline'; img-src https:;"+
		" frame-ancestors 'self'", policy)
}

func TestWhatALanguageLacksIsShown(t *testing.T) {
	t.Parallel()
	renderer, err := mail.NewTemplates(mail.TemplatesConfig{
		Files: fstest.MapFS{"locales/nl.json": {Data: []byte(
			`{"mail.reset.title": "Wachtwoord opnieuw instellen"}`,
		)}},
	})
	require.NoError(t, err)
	h, err := preview.New(preview.Config{Renderer: renderer})
	require.NoError(t, err)
	page := get(t, h, "/?kind=reset&locale=nl").Body.String()
	require.Contains(t, page, "texts of nl are missing")
	require.Contains(t, page, "<li>mail.reset.subject</li>")
	require.NotContains(t, page, "<li>mail.reset.title</li>")
}

func TestTheLinkOfASentMailCanBeOpened(t *testing.T) {
	t.Parallel()
	msg := mail.Message{
		Text: "Open:\n\nhttps://app.example/r#token=abc\n", Subject: "Reset",
	}
	h, err := preview.New(preview.Config{
		Renderer: templates(t),
		Sent:     func() []mail.Message { return []mail.Message{msg} },
	})
	require.NoError(t, err)
	page := get(t, h, "/?sent=0").Body.String()
	require.Contains(t, page, `href="https://app.example/r#token=abc"`+
		` target="_blank" rel="noreferrer"`)
	require.Contains(t, page, "<pre", "without an HTML part the text is shown")
	require.Contains(t, get(t, h, "/").Body.String(), "Open its link",
		"the newest mail is shown at once")
	sample := get(t, h, "/?kind=reset&locale=en").Body.String()
	require.NotContains(t, sample, "Open its link")
}

func TestSentMailsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	var recorder mailtest.Recorder
	h, err := preview.New(preview.Config{
		Renderer: templates(t), Locales: []string{"en"},
		Sent: recorder.Messages,
	})
	require.NoError(t, err)

	for _, subject := range []string{"first", "<b>second</b>"} {
		require.NoError(t, recorder.Send(t.Context(), mail.Message{
			ID: "a", From: "a@app.example", To: "ana@example.com",
			Subject: subject, Text: "text of " + subject, HTML: "<p>html</p>",
			Date: time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC),
		}))
	}

	index := get(t, h, "/").Body.String()
	require.Less(t, strings.Index(index, "second"),
		strings.Index(index, "first"))
	require.NotContains(t, index, "<b>second")
	require.Contains(t, get(t, h, "/?sent=0&as=text").Body.String(),
		"text of first")
	require.Equal(t, "<p>html</p>", get(t, h, "/?sent=1&as=raw").Body.String())
	require.Contains(t, index, "?as=raw&amp;sent=1",
		"the newest is shown at once")
	require.NotContains(t, index, "?as=raw&amp;sent=0")
	for _, nobody := range []string{"2", "-1", "x", "99999999999999999999"} {
		require.Contains(t, get(t, h, "/?sent="+nobody).Body.String(),
			"Choose a mail")
	}
}

func TestInboxWithoutMailsSaysSo(t *testing.T) {
	t.Parallel()
	var recorder mailtest.Recorder
	h, err := preview.New(preview.Config{
		Renderer: templates(t), Sent: recorder.Messages,
	})
	require.NoError(t, err)
	require.Contains(t, get(t, h, "/").Body.String(), "No mail yet")
}

// The frame has an origin of its own and runs nothing, and a link in it opens
// in the whole window.
func TestLinksOfTheHTMLPartOpenInTheWholeWindow(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	raw := get(t, h, "/?kind=reset&locale=en&as=raw")
	require.Contains(t, raw.Body.String(), `<head><base target="_top">`)

	policy := raw.Header().Get("Content-Security-Policy")
	require.Contains(t, policy, "sandbox allow-top-navigation-by-user-activation")
	require.NotContains(t, policy, "allow-scripts")
	require.NotContains(t, policy, "allow-same-origin")
	page := get(t, h, "/?kind=reset&locale=en&as=html").Body.String()
	require.Contains(t, page, `sandbox="allow-top-navigation-by-user-activation"`)
}

type broken struct{}

func (broken) Render(mail.Data) (mail.Message, error) {
	return mail.Message{}, errors.New("template <b>broke</b>")
}

func TestProblemsAreShownAsText(t *testing.T) {
	t.Parallel()
	_, err := preview.New(preview.Config{})
	require.ErrorContains(t, err, "Config.Renderer")

	h, err := preview.New(preview.Config{Renderer: broken{}})
	require.NoError(t, err)
	require.Contains(t, get(t, h, "/?kind=reset&locale=en").Body.String(),
		"template &lt;b&gt;broke")

	known, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	page := get(t, known,
		"/?kind=%3Cscript%3E&locale=en&as=%22%3E%3Cscript%3E").Body.String()
	require.NotContains(t, page, "<script")

	w := httptest.NewRecorder()
	known.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}
