package resethttp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// The mux inside has the path that the request came with, which a proxy may
// have made shorter than the link's.
func TestRedactTokensKeepsThePathOfThePage(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		site, page, strip string
	}{
		"a site below the root":           {"/shop", "/reset-password", ""},
		"a proxy that takes its path off": {"/shop", "/reset-password", "/shop"},
		"an escaped path":                 {"", "/zur%C3%BCcksetzen", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := strings.TrimPrefix(row.site+row.page, row.strip)
			plain, err := url.PathUnescape(page)
			require.NoError(t, err)
			f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
				pages, err := resethttp.New(svc, resethttp.Config{})
				mux := http.NewServeMux()
				mux.Handle(plain, pages)
				mux.Handle(plain+"/", pages)
				return resethttp.RedactTokens(svc)(mux), err
			}, func(cfg *reset.Config) {
				cfg.Site += row.site
				cfg.Pages.Reset, cfg.Pages.LinkStyle = row.page, reset.LinkQuery
			})

			whole, raw := f.link()
			hop := f.get(strings.TrimPrefix(whole, site+row.strip))
			require.Equal(t, http.StatusSeeOther, hop.status)
			require.Equal(t, raw, hop.cookie(t).Value)
		})
	}
}
