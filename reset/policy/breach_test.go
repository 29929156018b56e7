package policy_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/stretchr/testify/require"
)

const geese = "eleven geese in a row"

func digest(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// rangeServer answers every question with body.
func rangeServer(t *testing.T, answer http.HandlerFunc) *policy.RangeClient {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	c, err := policy.NewRangeClient(
		policy.RangeConfig{BaseURL: srv.URL + "/range"},
	)
	require.NoError(t, err)
	return c
}

func TestRangeAnswersAreReadWhateverTheirShape(t *testing.T) {
	t.Parallel()
	suffix := digest(geese)[5:]
	other := strings.Repeat("0", 34)
	for name, tt := range map[string]struct {
		body  string
		count int
		fails bool
	}{
		"hit": {
			other + "1:3\r\n" + suffix + ":42\r\n" + other + "2:1", 42, false,
		},
		"miss": {
			other + "1:3\r\n" + other + "2:1\r\n", 0, false,
		},
		"a padding line is no hit": {
			suffix + ":0\r\n" + other + "2:0\r\n", 0, false,
		},
		"lower case": {
			strings.ToLower(suffix) + ":7\r\n", 7, false,
		},
		"LF only": {
			other + "1:3\n" + suffix + ":5\n", 5, false,
		},
		"empty": {"", 0, true},
		"a login page": {
			"<html><body>Please sign in</body></html>", 0, true,
		},
		"a hit in a damaged answer": {suffix + ":5\r\ngarbage\r\n", 0, true},
		"a negative count":          {suffix + ":-5\r\n", 0, true},
		"no count":                  {suffix + "\r\n", 0, true},
		"oversized": {
			strings.Repeat(other+"1:3\r\n", 10_000), 0, true,
		},
		"oversized, cut at a line": {
			other + "1:" + strings.Repeat("0", 21) + "1\n" + strings.Repeat(
				other+"1:1\n", 8000,
			),
			0, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rangeServer(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprint(w, tt.body)
			})
			count, err := c.Count(t.Context(), geese)
			require.Equal(t, tt.fails, err != nil, "%v", err)
			require.Equal(t, tt.count, count)
		})
	}
}

//lostkey:covers ASVS-6.2.12
func TestOnlyFiveDigitsLeaveTheMachine(t *testing.T) {
	t.Parallel()
	asked := make(chan *http.Request, 1)
	c := rangeServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		_, _ = fmt.Fprint(w, digest(geese)[5:]+":1")
	})
	count, err := c.Count(t.Context(), geese)
	require.NoError(t, err)
	require.Equal(t, 1, count)

	r := <-asked
	require.Equal(t, "/range/"+digest(geese)[:5], r.RequestURI)
	require.Equal(t, "true", r.Header.Get("Add-Padding"))
	require.Equal(t, "lostkey", r.Header.Get("User-Agent"))

	dump := fmt.Sprint(r.Header, r.RequestURI)
	require.NotContains(t, strings.ToUpper(dump), digest(geese)[5:15])
}

func TestStatusesAndRedirectsAreErrorsThatTellNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 307, 403, 404, 429, 500, 503} {
		c := rangeServer(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/elsewhere") {
				_, _ = fmt.Fprint(w, digest(geese)[5:]+":1")
				return
			}
			w.Header().Set("Location", "/elsewhere"+r.URL.Path)
			w.WriteHeader(status)
		})
		_, err := c.Count(t.Context(), geese)
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.NotContains(t, err.Error(), digest(geese)[:5])
	}

	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c, err := policy.NewRangeClient(policy.RangeConfig{BaseURL: srv.URL})
	require.NoError(t, err)
	_, err = c.Count(t.Context(), geese)
	require.Error(t, err)
	require.NotContains(t, err.Error(), digest(geese)[:5])
}

func TestASilentServiceIsLeftAtTheTimeout(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	srv := httptest.NewServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-stop:
			}
		}),
	)

	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(stop) })
	c, err := policy.NewRangeClient(
		policy.RangeConfig{BaseURL: srv.URL, Timeout: 20 * time.Millisecond},
	)
	require.NoError(t, err)
	_, err = c.Count(t.Context(), geese)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), digest(geese)[:5])
}
