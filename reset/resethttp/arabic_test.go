package resethttp_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// arabic is a language of a host's own, which runs from right to left and has
// six plural forms.
func arabic(t *testing.T) resethttp.Config {
	t.Helper()
	content, err := os.ReadFile("testdata/ar.json")
	require.NoError(t, err)
	return resethttp.Config{
		Files: fstest.MapFS{"locales/ar.json": {Data: content}},
	}
}

func TestArabicPagesRunFromRightToLeftAndAddressesDoNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(arabic(t)), queryLinks)
	_, raw := f.link()
	for _, path := range []string{
		"/forgot-password", "/forgot-password?sent", "/reset-password",
		"/reset-password?done", "/reset-password?rejected", "/elsewhere",
	} {
		a := f.getIn("ar", path)
		require.Contains(t, a.body, `<html lang="ar" dir="rtl">`, path)
		require.Equal(t, "ar", a.header.Get("Content-Language"), path)
		require.NotContains(t, a.body, "page.", "%s has a key for a text", path)
	}

	require.Regexp(t, `<input [^>]*id="email"[^>]* dir="ltr"`,
		f.getIn("ar", "/forgot-password").body)
	require.Regexp(t, `<input [^>]*id="link"[^>]* dir="ltr"`,
		f.getIn("ar", "/reset-password").body)
	require.Contains(t, f.getIn("ar", "/forgot-password?sent").body,
		"\u2068no-reply@app.example\u2069")

	held := f.get("/reset-password?token=" + raw).cookie(t)
	r := f.request(http.MethodGet, "/reset-password", "", "")
	r.AddCookie(&http.Cookie{Name: held.Name, Value: held.Value})
	r.Header.Set("Accept-Language", "ar")
	require.Contains(t, f.do(r).body,
		`<bdi dir="ltr" id="address">a•••@example.com</bdi>`)
}

func TestArabicWaitsHaveTheirPlurals(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]string{
		1: "الانتظار دقيقة واحدة ثم", 2: "الانتظار دقيقتين ثم",
		3: "الانتظار 3 دقائق ثم", 10: "الانتظار 10 دقائق ثم",
		11: "الانتظار 11 دقيقة ثم", 102: "الانتظار 102 دقيقة ثم",
		103: "الانتظار 103 دقائق ثم",
	} {
		wait := time.Duration(minutes) * time.Minute
		f := newFixture(t, pagesWith(arabic(t)), func(c *reset.Config) {
			c.Limits = reset.Limits{Client: never{wait}}
		})
		r := f.request(http.MethodPost, "/forgot-password", formType,
			form("email", knownAddr))
		r.Header.Set("Accept-Language", "ar-EG, en;q=0.5")
		require.Contains(t, f.do(r).body, want)
	}
}

// Whatever an overridden language lacks comes from English, so a page in two
// languages would go unnoticed among the built-in ones.
func TestEveryLanguageHasEveryTextOfThePages(t *testing.T) {
	t.Parallel()
	cfg := arabic(t)
	all, err := mail.LoadTexts(cfg.Files)
	require.NoError(t, err)
	same := "page.error.prefix of es"

	for tag, texts := range all {
		for key, english := range all["en"] {
			name := key + " of " + tag
			if tag == "en" || !strings.HasPrefix(key, "page.") || name == same {
				continue
			}
			require.NotEqual(t, english, texts[key], name)
		}
	}
}

func TestExpiryIsSaidWithTheMinutesThatAreLeft(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		30 * time.Second:               `id="expiry">Your link expires in 1 minute.</p>`,
		9*time.Minute + 59*time.Second: `id="expiry">Your link expires in 9 minutes.</p>`,
		10 * time.Minute:               `id="expiry"></p>`,
	} {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		f := newFixture(t, pagesWith(resethttp.Config{Now: clock}), queryLinks,
			func(c *reset.Config) { c.Now = clock })
		link, err := f.svc.Link(context.Background(), "u-1",
			reset.LinkOptions{})
		require.NoError(t, err)
		now = link.ExpiresAt().Add(-left)
		held := f.get(link.Reveal()[len(site):]).cookie(t)
		require.Contains(t, f.getWith(held).body, want)
	}
}
