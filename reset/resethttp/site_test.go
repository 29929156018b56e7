package resethttp_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// sitePages are the pages of the first site and of one more, which have the
// same accounts.
func sitePages(t *testing.T) (
	services map[string]*reset.Service, pages map[string]http.Handler,
) {
	t.Helper()
	f := newFixture(t, pagesOf)
	b, err := f.svc.For(reset.Site{
		Name: "b", URL: "https://b.example", From: "no-reply@b.example",
		Mail: reset.Mail{Product: "Brand of B", Support: "help@b.example"},
	})
	require.NoError(t, err)

	services = map[string]*reset.Service{"app.example": f.svc, "b.example": b}
	pages = make(map[string]http.Handler)
	for host, svc := range services {
		pages[host], err = resethttp.New(svc, resethttp.Config{})
		require.NoError(t, err)
	}
	return services, pages
}

func answerOf(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPagesOfASiteHaveItsBrandAlone(t *testing.T) {
	t.Parallel()
	_, pages := sitePages(t)
	products := map[string]string{
		"app.example": "Example App", "b.example": "Brand of B",
	}

	for _, path := range []string{"/forgot-password", "/reset-password"} {
		for host, product := range products {
			// Whatever the request says its host is.
			for _, claimed := range []string{"app.example", "b.example"} {
				page := answerOf(pages[host], httptest.NewRequest(
					http.MethodGet, "https://"+claimed+path, nil,
				)).Body.String()
				require.Contains(t, page, product)
				for other, text := range products {
					if other != host {
						require.NotContains(t, page, text)
						require.NotContains(t, page, "://"+other)
					}
				}
			}
		}
	}
}

func TestPagesOfASiteRefuseTheLinksOfAnother(t *testing.T) {
	t.Parallel()
	services, pages := sitePages(t)
	for from, svc := range services {
		for at := range services {
			made, err := svc.Link(t.Context(), "u-1", reset.LinkOptions{})
			require.NoError(t, err)
			_, raw, _ := strings.Cut(made.Reveal(), "token=")

			form := url.Values{"token": {raw}, "password": {"too short"}}
			r := httptest.NewRequest(
				http.MethodPost, "https://"+at+"/reset-password",
				strings.NewReader(form.Encode()),
			)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := answerOf(pages[at], r)

			want := http.StatusUnprocessableEntity // the link is good.
			if from != at {
				want = http.StatusBadRequest
			}
			require.Equal(t, want, w.Code, "%s at %s", from, at)
		}
	}
}
