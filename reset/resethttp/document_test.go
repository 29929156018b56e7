package resethttp_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

type openAPI struct {
	OpenAPI string
	Servers []struct{ URL string }
	Paths   map[string]map[string]any

	Components struct {
		Schemas map[string]struct{ Enum []string }
	}
}

func (f *fixture) document(path string) openAPI {
	f.t.Helper()
	a := f.get(path)
	require.Equal(f.t, http.StatusOK, a.status)
	require.Equal(f.t, "application/json", a.header.Get("Content-Type"))
	var document openAPI
	require.NoError(f.t, json.Unmarshal([]byte(a.body), &document))
	return document
}

func TestDocumentIsTheEmbeddedOneForTheDefaultPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf)
	file, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.True(t, string(file) == f.get("/api/openapi.json").body)

	document := f.document("/api/openapi.json")
	require.Equal(t, "3.1.0", document.OpenAPI)
	require.ElementsMatch(t,
		resethttp.Codes, document.Components.Schemas["Code"].Enum)
}

func TestDocumentHasTheConfiguredPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.NewAPI(svc, resethttp.APIConfig{
			Prefix: "/v1/auth", Forgot: "/ask", Reset: "/set",
		})
	}, func(c *reset.Config) {
		c.Site = "https://shop.example/de"
		c.Hooks.OnDisputed = (&disputes{}).lock
	})

	document := f.document("/v1/auth/openapi.json")
	require.Equal(t, "https://shop.example/de", document.Servers[0].URL)
	paths := slices.Sorted(maps.Keys(document.Paths))
	require.Equal(t, []string{
		"/v1/auth/ask", "/v1/auth/openapi.json", "/v1/auth/set",
		"/v1/auth/set/check", "/v1/auth/set/dispute",
		"/v1/auth/set/dispute/check", "/v1/auth/set/settings",
	}, paths)

	for _, path := range paths {
		for _, base := range []string{"", "/de"} {
			status := f.do(f.request(
				http.MethodPatch, base+path, "", "")).status
			require.Equal(t, http.StatusMethodNotAllowed, status, path)
		}
	}
	require.Equal(t, http.StatusAccepted,
		f.postJSON("/v1/auth/ask", jsonOf("email", knownAddr)).status)
}
