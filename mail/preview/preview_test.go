package preview_test

import (
	"errors"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
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
	sampleLink = regexp.MustCompile(`href="(\?as=html&amp;kind=[^"]+)"`)
	formLink   = regexp.MustCompile(`href="(\?as=[^"]+)" ?`)
)

func TestEverySampleIsShownInEveryForm(t *testing.T) {
	t.Parallel()
	h, err := preview.New(preview.Config{Renderer: templates(t)})
	require.NoError(t, err)
	index := get(t, h, "/inbox").Body.String()
	links := sampleLink.FindAllStringSubmatch(index, -1)

	require.Len(t, links, 5*len(mail.Kinds()))
	for _, link := range links {
		target := "/inbox" + html.UnescapeString(link[1])
		page := get(t, h, target).Body.String()
		require.Contains(t, page, "<iframe")

		for _, form := range formLink.FindAllStringSubmatch(page, -1) {
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
	require.Contains(t, index, "text of &lt;b&gt;second",
		"the newest is shown at once")
	require.NotContains(t, index, "text of first")
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

// What stands in a text is shown as it is, and only http leads anywhere.
func TestAddressesInATextAreLinksAndTheRestIsEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`<b> https://a.example/?x=1&y='2 "`: `&lt;b&gt; ` +
			`<a href="https://a.example/?x=1&amp;y=&#39;2">` +
			`https://a.example/?x=1&amp;y=&#39;2</a> &#34;`,
		`javascript:alert(1)`: `<pre tabindex="0">javascript:alert(1)</pre>`,
	} {
		h, err := preview.New(preview.Config{
			Renderer: templates(t),
			Sent: func() []mail.Message {
				return []mail.Message{{Text: text}}
			},
		})
		require.NoError(t, err)
		require.Contains(t, get(t, h, "/?sent=0&as=text").Body.String(), want)
	}
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
