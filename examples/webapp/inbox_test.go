package main

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

func TestInboxShowsAMailInEveryForm(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)

	address := `href="` + s.url + "/reset-password/#token=" + link + `"`
	require.Contains(t, b.get("/inbox").body, address)
	require.Contains(t, b.get("/inbox/1?sent=0&as=text").body, address)
	page := b.get("/inbox/1").body
	require.Contains(t, page, `<iframe src="?as=raw&amp;sent=0"`)
	require.Equal(
		t, b.get("/inbox/1/html").body, b.get("/inbox/1?as=raw&sent=0").body,
		"the links of the page lead on from its own path",
	)

	html := b.get("/inbox/1/html")
	require.Contains(t, html.body, `<base target="_top">`)
	require.Contains(t, html.body, link)
	policy := html.header.Get("Content-Security-Policy")
	require.Contains(
		t, policy, "sandbox allow-top-navigation-by-user-activation",
	)
	require.NotContains(t, policy, "allow-scripts")
	require.Equal(t, "SAMEORIGIN", html.header.Get("X-Frame-Options"))

	source := b.get("/inbox/1/source")
	require.Contains(t, source.body, "multipart/alternative")
	require.Equal(t,
		"text/plain; charset=utf-8", source.header.Get("Content-Type"))
}

func TestInboxForgetsOldMails(t *testing.T) {
	t.Parallel()
	var box inbox
	for n := range inboxSize + 3 {
		require.NoError(t, box.Send(t.Context(), mail.Message{
			ID: strconv.Itoa(n + 1),
		}))
	}

	kept := box.messages()
	require.Len(t, kept, inboxSize)
	require.Equal(t, strconv.Itoa(inboxSize+3), kept[inboxSize-1].ID)
	_, found := box.index("3")
	require.False(t, found)
	for _, number := range []string{"4", "100", strconv.Itoa(inboxSize + 3)} {
		at, found := box.index(number)
		require.True(t, found)
		require.Equal(t, number, kept[at].ID)
	}
}

func TestSamplesOfEveryMailInEveryLanguageAreShown(t *testing.T) {
	t.Parallel()
	b := startSite(t, nil).browser(t)
	inbox := b.get("/inbox").body
	for _, locale := range []string{"en", "pt-BR", "es", "fr", "de"} {
		for _, kind := range mail.BuiltInKinds() {
			sample := "kind=" + string(kind) + "&locale=" + locale
			require.Contains(
				t, inbox, "kind="+string(kind)+"&amp;locale="+locale,
			)
			for _, path := range []string{"/inbox", "/inbox/preview"} {
				at := path + "?" + sample
				require.Equal(t, http.StatusOK, b.get(at+"&as=text").status, at)
				require.Equal(
					t, http.StatusOK, b.get(at+"&as=source").status, at,
				)

				// Shown in a frame of the page before it.
				raw := b.get(at + "&as=raw")
				require.Contains(t, raw.body, `<html lang="`+locale+`"`, at)
				require.Equal(
					t, "SAMEORIGIN", raw.header.Get("X-Frame-Options"), at,
				)
			}
		}
	}
}
