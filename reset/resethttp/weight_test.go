package resethttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
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
	} {
		f := newFixture(t, pagesOf, change)
		require.NoError(t, f.users.Update("u-1", func(user *reset.User) {
			user.Label = "A label of thirty-two characters"
		}))
		_, raw := f.link()

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

// discarding is the other end of a page that nobody reads.
type discarding struct {
	http.ResponseWriter
	header http.Header
}

func (d discarding) Header() http.Header          { return d.header }
func (discarding) WriteHeader(int)                {}
func (discarding) Write(body []byte) (int, error) { return len(body), nil }

// The handler should cost little beside its template. Both run in turn, so that
// other work on the machine slows down both.
func BenchmarkPage(b *testing.B) {
	svc, err := reset.New(fixtureConfig(b))
	require.NoError(b, err)
	pages, err := resethttp.New(svc, resethttp.Config{})
	require.NoError(b, err)

	for name, path := range map[string]string{
		"forgot": "/forgot-password", "reset": "/reset-password",
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Language", "pt-PT,pt;q=0.9,en;q=0.5")
		b.Run(name, func(b *testing.B) {
			var template, handler time.Duration
			for b.Loop() {
				start := time.Now()
				require.NoError(b, resethttp.Draw(
					pages, io.Discard, name, "pt-BR"))
				drawn := time.Now()
				pages.ServeHTTP(discarding{header: http.Header{}}, r)
				template += drawn.Sub(start)
				handler += time.Since(drawn)
			}
			b.ReportMetric(
				handler.Seconds()/template.Seconds(), "handler/template")
		})
	}
}
