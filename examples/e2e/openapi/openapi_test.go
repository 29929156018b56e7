package openapi_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/e2e/openapi"
	"github.com/lostkey-go/lostkey/reset"
)

// operations are the methods and paths of the API.
var operations = map[string]string{
	forgotPath: http.MethodPost, resetPath: http.MethodPost,
	checkPath: http.MethodPost, settingsPath: http.MethodGet,
	disputePath: http.MethodPost, noticePath: http.MethodPost,
	documentPath: http.MethodGet,
}

func TestEveryDocumentedAnswerIsGivenAndNoOther(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	documented := newFixture(t).recorder.Documented()
	for _, reach := range []func(*testing.T, map[string]bool){
		reachSuccesses, reachRefusals, reachLimits, reachOutages, reachPreflights,
	} {
		reach(t, seen)
	}

	require.Equal(t, slices.Sorted(maps.Keys(documented)),
		slices.Sorted(maps.Keys(seen)))
}

func reachSuccesses(t *testing.T, seen map[string]bool) {
	t.Helper()
	f := newFixture(t, disputable)
	notice := f.notice()
	require.Equal(t, 200, f.post(noticePath, "token", notice))
	require.Equal(t, 204, f.post(disputePath, "token", notice))
	link := f.link()
	require.Equal(t, 202, f.post(forgotPath, "email", account))
	require.Equal(t, 202, f.post(forgotPath, "email", "nobody@example.com"))
	require.Equal(t, 202, f.post(
		forgotPath, "email", account, "returnTo", "shop"))
	require.Equal(t, 200, f.post(checkPath, "token", link))
	require.Equal(t, 204, f.post(resetPath, "token", link, "password", newPassword))
	require.Equal(t, 200, f.send(http.MethodGet, settingsPath, ""))
	require.Equal(t, 200, f.send(http.MethodGet, documentPath, ""))
	f.into(seen)
}

func reachRefusals(t *testing.T, seen map[string]bool) {
	t.Helper()
	f := newFixture(t, disputable)
	for path, method := range operations {
		if method != http.MethodPost {
			continue
		}
		require.Equal(t, 400, f.post(path, "nonsense", ""))
		require.Equal(t, 403, f.send(method, path, "{}",
			"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"))
		require.Equal(t, 413, f.post(path, "token", strings.Repeat("a", 17<<10)))
		require.Equal(t, 415, f.send(method, path, "{}", "Content-Type", "text/plain"))
	}

	require.Equal(t, 422, f.post(forgotPath, "email", "nobody"))
	require.Equal(t, 403, f.send(http.MethodPost, forgotPath,
		jsonOf("email", account), "X-Robot", "1"))
	require.Equal(t, 422, f.post(resetPath, "token", f.link(), "password", "short"))
	require.Equal(t, 422, f.post(resetPath, "token", f.link(),
		"password", strings.Repeat("long ", 1000)))
	require.Equal(t, 400, f.post(resetPath, "token", "", "password", newPassword))
	require.Equal(t, 400, f.post(checkPath, "token", "a.b.c"))
	require.Equal(t, 400, f.post(disputePath, "token", f.link()))
	require.Equal(t, 400, f.post(noticePath, "token", f.link()))
	f.into(seen)

	f = newFixture(t)
	require.Equal(t, 404, f.post(disputePath, "token", "a.b.c"))
	require.Equal(t, 404, f.post(noticePath, "token", "a.b.c"))
	f.into(seen)

	f = newFixture(t, needsProof)
	require.Equal(t, 200, f.post(checkPath, "token", f.link()))
	require.Equal(t, 422, f.post(resetPath, "token", f.link(),
		"password", newPassword))
	require.Equal(t, 422, f.post(resetPath, "token", f.link(),
		"password", newPassword, "proof", "654321"))
	require.Equal(t, 204, f.post(resetPath, "token", f.link(),
		"password", newPassword, "proof", "123456"))
	f.into(seen)
}

func reachLimits(t *testing.T, seen map[string]bool) {
	t.Helper()
	f := newFixture(t, disputable, func(c *reset.Config) {
		c.Limits = reset.Limits{
			Client: never{}, ConfirmUser: never{}, ConfirmClient: never{},
			Check: never{},
		}
	})
	require.Equal(t, 429, f.post(forgotPath, "email", account))
	require.Equal(t, 429, f.post(resetPath, "token", f.link(), "password", newPassword))
	require.Equal(t, 429, f.post(checkPath, "token", f.link()))
	require.Equal(t, 429, f.post(disputePath, "token", "a.b.c"))
	require.Equal(t, 429, f.post(noticePath, "token", "a.b.c"))
	f.into(seen)
}

func reachOutages(t *testing.T, seen map[string]bool) {
	t.Helper()
	noticed := newFixture(t, disputable)
	notice := noticed.notice()
	noticed.store.read = errDown
	require.Equal(t, 503, noticed.post(disputePath, "token", notice))
	require.Equal(t, 503, noticed.post(noticePath, "token", notice))
	noticed.into(seen)

	f := newFixture(t, func(c *reset.Config) {
		c.Queue.Dispatch = func(context.Context, reset.Job) error { return errDown }
	})
	require.Equal(t, 503, f.post(forgotPath, "email", account))
	link := f.link()
	f.store.write = errDown
	require.Equal(t, 503, f.post(resetPath, "token", link, "password", newPassword))
	f.store.read = errDown
	require.Equal(t, 503, f.post(resetPath, "token", link, "password", newPassword))
	require.Equal(t, 503, f.post(checkPath, "token", link))
	f.into(seen)
}

func reachPreflights(t *testing.T, seen map[string]bool) {
	t.Helper()
	f := newFixture(t)
	for _, path := range []string{disputePath, noticePath} {
		require.Equal(t, 404, f.send(http.MethodOptions, path, ""))
	}
	f.into(seen)

	f = newFixture(t, disputable)
	for path, method := range operations {
		require.Equal(t, 204, f.send(http.MethodOptions, path, "",
			"Access-Control-Request-Method", method))
		require.Equal(t, 405, f.send(http.MethodOptions, path, "",
			"Access-Control-Request-Method", method,
			"Origin", "https://evil.example"))
	}
	f.into(seen)
}

func TestAddressesAndMethodsThatAreNotListedAnswerAsDescribed(t *testing.T) {
	t.Parallel()
	f := newFixture(t, disputable)
	for path, method := range operations {
		for _, other := range []string{
			http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch,
			http.MethodDelete,
		} {
			if other != method {
				require.Equal(t, 405, f.send(other, path, "{}"))
			}
		}
		require.Equal(t, 404, f.send(method, path+"/x", "{}"))
	}
	require.Equal(t, 200, f.send(http.MethodHead, settingsPath, ""))
	require.NoError(t, f.recorder.Err())
}

func TestDocumentAndAPITakeTheSameBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, body string
		want       bool
	}{
		{forgotPath, `{"email":"ada@example.com"}`, true},
		{forgotPath, `{"email":"nonsense"}`, true},
		{forgotPath, `{"email":"ada@example.com","returnTo":"x"}`, true},
		{forgotPath, `{"email":"ada@example.com","returnTo":[]}`, false},
		{forgotPath, `{"email":null}`, false},
		{forgotPath, `{"email":["ada@example.com"]}`, false},
		{forgotPath, `{"email":"ada@example.com","locale":"de"}`, false},
		{forgotPath, `{}`, false},
		{forgotPath, `[]`, false},
		{resetPath, `{"token":"a.b.c","password":"x"}`, true},
		{resetPath, `{"token":"a.b.c"}`, false},
		{resetPath, `{"password":"x"}`, false},
		{resetPath, `{"token":"a.b.c","password":1}`, false},
		{resetPath, `{"token":"a.b.c","password":"x","user_id":"2"}`, false},
		{resetPath, `{"token":"a.b.c","password":"x","proof":""}`, true},
		{resetPath, `{"token":"a.b.c","password":"x","proof":7}`, false},
		{resetPath, `{"token":"a.b.c","proof":"x"}`, false},
		{checkPath, `{"token":"a.b.c"}`, true},
		{checkPath, `{"token":{}}`, false},
		{disputePath, `{"token":"a.b.c"}`, true},
		{disputePath, `{"token":"a.b.c","password":"x"}`, false},
		{noticePath, `{"token":"a.b.c"}`, true},
		{noticePath, `{}`, false},
		{checkPath, `{"token":"a.b.c","password":"x"}`, false},
	} {
		f := newFixture(t, disputable)
		r := httptest.NewRequest(
			http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		require.Equal(t, c.want, f.recorder.Takes(r), c.body)

		f.send(http.MethodPost, c.path, c.body)
		malformed := "POST " + c.path + " 400 malformed"
		require.Equal(t, c.want, !f.recorder.Seen()[malformed], c.body)
		require.NoError(t, f.recorder.Err())
	}
}

// Without this, the other tests could not fail.
func TestRecorderSeesWhatIsNotDocumented(t *testing.T) {
	t.Parallel()
	sound := newFixture(t).recorder
	for name, change := range map[string]func(http.Header, *int, *string){
		"status":      func(_ http.Header, status *int, _ *string) { *status = 418 },
		"no status":   func(_ http.Header, status *int, _ *string) { *status = 409 },
		"header":      func(h http.Header, _ *int, _ *string) { h.Del("Retry-After") },
		"other value": func(h http.Header, _ *int, _ *string) { h.Set("Retry-After", "soon") },
		"type":        func(h http.Header, _ *int, _ *string) { h.Set("Content-Type", "application/json") },
		"code": func(_ http.Header, _ *int, body *string) {
			*body = strings.Replace(*body, `"unavailable"`, `"malformed"`, 1)
		},
		"unknown code": func(_ http.Header, _ *int, body *string) {
			*body = strings.Replace(*body, `"unavailable"`, `"broken"`, 1)
		},
		"missing member": func(_ http.Header, _ *int, body *string) {
			*body = strings.Replace(*body, `"title"`, `"name"`, 1)
		},
		"further member": func(_ http.Header, _ *int, body *string) {
			*body = strings.Replace(*body, `{`, `{"token":"a.b.c",`, 1)
		},
	} {
		require.Error(t, answerOf(t, sound, change), name)
	}
	require.NoError(t, answerOf(t, sound,
		func(http.Header, *int, *string) {}), "nothing")
}

// answerOf returns what a recorder says of an outage that was changed.
func answerOf(
	t *testing.T, sound http.Handler,
	change func(header http.Header, status *int, body *string),
) error {
	t.Helper()
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == documentPath {
			sound.ServeHTTP(w, r)
			return
		}
		status := http.StatusServiceUnavailable
		body := `{"type":"https://x.example","code":"unavailable","title":"x",` +
			`"status":503,"retryAfter":60}`
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "60")
		change(w.Header(), &status, &body)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})

	recorder, err := openapi.NewRecorder(api, documentPath)
	require.NoError(t, err)
	recorder.ServeHTTP(httptest.NewRecorder(),
		httptest.NewRequest(http.MethodPost, forgotPath, strings.NewReader("{}")))
	return recorder.Err()
}
