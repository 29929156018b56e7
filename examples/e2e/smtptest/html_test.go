package smtptest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
	"github.com/lostkey-go/lostkey/mail"
)

// Every mail, as mail programs show it: light and dark, wide and 320 pixels.
func TestHTMLPartsPassAxeAndNeverScrollSideways(t *testing.T) {
	axe := chromium.Axe(t)
	ctx, cancel := context.WithTimeout(chromium.New(t), 5*time.Minute)
	t.Cleanup(cancel)

	var shown string
	show := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, shown)
	}
	server := httptest.NewServer(http.HandlerFunc(show))
	t.Cleanup(server.Close)

	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)

	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			shown = sample(t, kind, locale).HTML
			for _, scheme := range []string{"light", "dark"} {
				for _, width := range []int64{700, 320} {
					name := locale + "-" + string(kind) + "-" + scheme +
						map[bool]string{true: "-narrow"}[width == 320]
					_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia,
						emulation.SetEmulatedMediaParams{
							Features: []*emulation.MediaFeature{{
								Name:  "prefers-color-scheme",
								Value: scheme,
							}},
						})
					require.NoError(t, err)
					require.NoError(t,
						chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)))

					_, err = chromedp.Run(ctx,
						chromedp.NavigateResponse(server.URL))
					require.NoError(t, err)
					sideways, err := chromedp.Run(ctx,
						chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
					require.NoError(t, err)
					require.LessOrEqual(t, sideways, int(width), name)
					picture(ctx, t, name)

					require.Empty(t, chromium.Violations(ctx, t, axe), name)
				}
			}
		}
	}
}

func picture(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("LOSTKEY_SCREENSHOTS")
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t,
		os.WriteFile(filepath.Join(folder, "mail-"+name+".png"), shot, 0o600))
}
