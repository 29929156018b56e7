package links_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// answer is what a server says to the address of a link. The token in it is
// written as TOKEN.
type answer struct {
	status   int
	location string
	held     bool
}

// fetch gets the address of a rewritten link as a browser would send it.
func (s *site) fetch(method, address string) answer {
	s.t.Helper()
	target, _, _ := strings.Cut(address, "#")
	target = strings.NewReplacer(s.base, "", strings.ToUpper(s.base), "",
		strings.Replace(s.base, "http://app.test", "HTTP://APP.TEST", 1),
		"").Replace(target)
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.local("/"),
		http.NoBody)
	require.NoError(s.t, err)
	r.URL.Opaque = strings.TrimPrefix(s.local(target), "http:")

	res := s.do(r)
	_, raw, _ := strings.Cut(s.link, "token=")
	return answer{
		status: res.StatusCode,
		location: strings.NewReplacer(
			raw, "TOKEN", between("A")(raw), "ANOTHER",
		).Replace(res.Header.Get("Location")),
		held: len(res.Cookies()) == 1 && res.Cookies()[0].Value == raw,
	}
}

// Whatever the router, an address gets the answer that it gets under net/http,
// and no address of a link is unknown.
func TestEveryRouterAnswersRewrittenLinksAlike(t *testing.T) {
	for _, of := range []kind{resetKind, disputeKind} {
		t.Run(of.name, func(t *testing.T) { answerAlike(t, of) })
	}
}

func answerAlike(t *testing.T, of kind) {
	t.Helper()
	for _, style := range styles {
		want := map[string]answer{}
		inCookie := style.style == reset.LinkQuery && of.name == "reset"
		for _, router := range routers {
			s := newSite(t, style.style, router.mount, of)
			for _, rewriting := range rewritings {
				if rewriting.opened == nil {
					continue
				}
				address := rewriting.opened(s.link)
				head, got := s.fetch(http.MethodHead, address),
					s.fetch(http.MethodGet, address)
				require.Equal(t, got, head, "HEAD of %s under %s",
					rewriting.name, router.name)
				require.Contains(t,
					[]int{
						http.StatusOK, http.StatusSeeOther,
						http.StatusBadRequest,
					},
					got.status, "%s under %s: %s", rewriting.name, router.name,
					address)

				if got.status == http.StatusSeeOther {
					require.Contains(t, []string{
						of.page + "#token=TOKEN", of.page,
						// The server sees this one of the two. It is none.
						of.page + "#token=ANOTHER",
					}, got.location)
					require.Equal(t, inCookie, got.held)
				}
				if router.name == routers[0].name {
					want[rewriting.name] = got
				}
				require.Equal(t, want[rewriting.name], got, "%s under %s",
					rewriting.name, router.name)
			}
			of.works(s)
			require.NoError(t, s.svc.Shutdown(t.Context()))
			require.EqualValues(t, 1, s.rewritten.Load(), "one event a minute")
		}
	}
}
