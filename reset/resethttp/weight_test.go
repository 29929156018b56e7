package resethttp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// maxWeight is how many bytes a page may have, style and script included. There
// is no second request.
const maxWeight = 15_000

func TestNoPageIsHeavy(t *testing.T) {
	t.Parallel()
	heaviest := map[string]int{}
	for _, change := range []func(*reset.Config){
		func(c *reset.Config) {
			c.Limits = reset.Limits{ConfirmUser: never{}}
		},
		func(c *reset.Config) { c.Policy = refuses{} },
		queryLinks,
		needsProof,
		func(c *reset.Config) {
			needsProof(c)
			c.Limits = reset.Limits{Proof: never{}}
		},
	} {
		f := newFixture(t, pagesOf, change, returnsTo,
			func(c *reset.Config) { c.Hooks.OnDisputed = (&disputes{}).lock })
		require.NoError(t, f.users.Update("u-1", func(user *reset.User) {
			user.Label = "A label of thirty-two characters"
		}))
		_, raw := f.link()
		raw += "&return=" + strings.Repeat("k", 32)

		for _, language := range []string{"en", "de", "es", "fr", "pt-BR"} {
			weigh := func(r *http.Request) {
				r.Header.Set("Accept-Language", language)
				a := f.do(r)
				require.Equal(t, language, a.header.Get("Content-Language"))
				require.LessOrEqual(t, len(a.body), maxWeight, r.URL.String())
				heaviest[language] = max(heaviest[language], len(a.body))
			}

			for _, path := range []string{
				"/forgot-password", "/forgot-password?sent", "/reset-password",
				"/reset-password?done", "/reset-password?rejected",
				"/reset-password/?token=a", "/elsewhere",
				disputePath, disputePath + "?rejected", disputePath + "/?token=a",
			} {
				weigh(f.request(http.MethodGet, path, "", ""))
			}
			weigh(f.request(http.MethodPost, "/reset-password", formType,
				form("token", raw, "password", "short and weak")))
			weigh(f.request(http.MethodPost, "/forgot-password", formType,
				form("email", "nobody")))
		}
	}
	t.Logf("heaviest pages in bytes: %v", heaviest)
}
