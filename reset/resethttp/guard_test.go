package resethttp_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// person is a guard that lets requests pass whose field or header says so.
func person(r *http.Request) error {
	rest, err := io.ReadAll(r.Body)
	if err != nil || len(rest) > 0 {
		return errors.New("the body was not read before")
	}
	if r.PostFormValue("email") != knownAddr || r.FormValue("email") != knownAddr {
		return errors.New("the field is missing")
	}
	if r.FormValue("captcha") == "solved" || r.Header.Get("X-Captcha") == "solved" {
		return nil
	}
	return errors.New("not a person: " + r.PostFormValue("email"))
}

func guardedPagesOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.New(svc, resethttp.Config{GuardRequest: person})
}

func guardedAPIOf(svc *reset.Service) (http.Handler, error) {
	return resethttp.NewAPI(svc, resethttp.APIConfig{GuardRequest: person})
}

func TestGuardRefusesBeforeAnythingIsCharged(t *testing.T) {
	t.Parallel()
	spent := func(c *reset.Config) { c.Limits = reset.Limits{Client: never{}} }
	for _, query := range []string{"", "?captcha=solved"} {
		f := newFixture(t, guardedPagesOf, spent)
		a := f.post("/forgot-password"+query, form("email", knownAddr))
		require.Equal(t, http.StatusForbidden, a.status)
		require.NotContains(t, a.body, "not a person")
		require.Contains(t, a.body, `href="/forgot-password"`)

		f = newFixture(t, guardedAPIOf, spent)
		a = f.postJSON("/api/forgot-password"+query, jsonOf("email", knownAddr))
		a.problem(t, http.StatusForbidden, "guard-refused")
		require.NotContains(t, a.body, "not a person")
		require.NotContains(t, f.logs.String(), "not a person")
		require.Empty(t, f.outbox.Messages())
	}
}

func TestGuardLetsPeoplePass(t *testing.T) {
	t.Parallel()
	f := newFixture(t, guardedPagesOf)
	a := f.post("/forgot-password", form("email", knownAddr, "captcha", "solved"))
	require.Equal(t, http.StatusSeeOther, a.status)
	f.mailed(1)

	f = newFixture(t, guardedAPIOf)
	r := f.request(http.MethodPost, "/api/forgot-password",
		"application/json", jsonOf("email", knownAddr))
	r.Header.Set("X-Captcha", "solved")
	require.Equal(t, http.StatusAccepted, f.do(r).status)
	f.mailed(1)
}

func TestGuardIsNotAskedAboutBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	asked := 0
	guard := func(*http.Request) error { asked++; return nil }
	f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{GuardRequest: guard})
	})
	r := f.request(http.MethodPost, "/forgot-password", formType, "email=x")
	r.Header.Set("Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, f.do(r).status)
	require.Equal(t, http.StatusRequestEntityTooLarge, f.post(
		"/forgot-password", form("email", strings.Repeat("a", 17<<10))).status)
	_, raw := f.link()
	require.Equal(t, http.StatusSeeOther, f.post("/reset-password",
		form("token", raw, "password", newPassword)).status)
	require.Zero(t, asked, "only requests for a link are guarded")
}

func TestForeignSourcesAreAllowedOnTheForgotPageAlone(t *testing.T) {
	t.Parallel()
	const script, frame = "https://captcha.example", "https://*.captcha.example"
	plain := newFixture(t, pagesOf)
	f := newFixture(t, func(svc *reset.Service) (http.Handler, error) {
		return resethttp.New(svc, resethttp.Config{Sources: resethttp.ContentSources{
			Script: []string{script}, Style: []string{script},
			Frame: []string{script, frame}, Connect: []string{site},
		}})
	})

	policy := f.get("/forgot-password").header.Get("Content-Security-Policy")
	directives := map[string]string{}
	for directive := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		require.NotContains(t, directives, name, "a browser reads the first one")
		directives[name] = sources
	}
	require.Regexp(t, `^'sha256-\S+' `+script+`$`, directives["script-src"])
	require.Regexp(t, `^'sha256-\S+' `+script+`$`, directives["style-src"])
	require.Equal(t, script+" "+frame, directives["frame-src"])
	require.Contains(t, directives["connect-src"], site)
	require.Equal(t, "'none'", directives["default-src"])
	require.Equal(t, "'none'", directives["frame-ancestors"])

	for _, path := range []string{
		"/reset-password", "/reset-password?done", "/elsewhere",
	} {
		require.Equal(t,
			plain.get(path).header.Get("Content-Security-Policy"),
			f.get(path).header.Get("Content-Security-Policy"), path)
	}
}

func TestSourcesThatAllowMoreThanOneOriginAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)

	for _, source := range []string{
		"", "*", "https:", "https://*", "https://*.", "data:", "blob:",
		"'self'", "'unsafe-inline'", "'unsafe-eval'", "evil.example",
		"http://evil.example", "https://evil.example/", "https://evil.example/x",
		"https://evil.example; script-src *", "https://evil.example *",
		"https://evil.example,", "https://*.*.evil.example", "https://e*.example",
		"https://evil.example:*", "https://EVIL.example",
	} {
		for name, sources := range map[string]resethttp.ContentSources{
			"Script":  {Script: []string{source}},
			"Style":   {Style: []string{source}},
			"Frame":   {Frame: []string{source}},
			"Connect": {Connect: []string{source}},
		} {
			_, err := resethttp.New(f.svc, resethttp.Config{Sources: sources})
			require.EqualError(t, err, "resethttp: Config.Sources."+name+
				"[0] is not an origin like https://host or https://*.host", source)
		}
	}
}
