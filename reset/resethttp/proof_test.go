package resethttp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

const goodCode = "123456"

// needsProof makes every account need a code.
func needsProof(c *reset.Config) { needs("totp")(c) }

// needs is needsProof with a kind, which is empty where pages are not told.
func needs(kind string) func(*reset.Config) {
	return func(c *reset.Config) {
		c.Hooks.BeforeConfirm = func(
			_ context.Context, pending reset.Pending,
		) error {
			if pending.Proof != goodCode {
				return reset.ErrProofRefused
			}
			return nil
		}
		c.Hooks.ProofKind = func(
			context.Context, reset.Pending,
		) (string, error) {
			return kind, nil
		}
	}
}

// prove sets a new password with a proof.
func (f *fixture) prove(raw, password, proof string) answer {
	f.t.Helper()
	return f.post("/reset-password",
		form("token", raw, "password", password, "proof", proof))
}

const (
	hiddenProof = `<div class="field" id="proof-row" hidden>`
	shownProof  = `<div class="field" id="proof-row">`
)

// asksForProof asserts that a form came back with the field and its error, and
// without what was typed.
func asksForProof(t *testing.T, a answer, label, said string) {
	t.Helper()
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, shownProof)
	require.Contains(t, a.body, `<label for="proof">`+label+`</label>`)
	require.Contains(t, a.body, `aria-invalid="true" aria-describedby=`+
		`"proof-error" autofocus>`)
	require.Contains(t, a.body,
		`<div class="error" id="proof-error"><div>`+said+`</div></div>`)
	require.NotContains(t, a.body, newPassword)
	require.NotContains(t, a.body, `id="password-error"`)
}

const (
	totpLabel   = "Code from your authenticator app"
	totpMissing = "Enter the code that your authenticator app shows."
	totpRefused = "This code was not accepted. " +
		"Enter the one that the app shows now."
)

func TestFormThatLacksAProofComesBackAndAsksForIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, needsProof)
	body := f.get("/reset-password").body
	require.Contains(t, body, hiddenProof)
	require.Contains(t, body, `dir="ltr" required disabled data-error`,
		"a browser without scripts sends the form without the field")

	whole, raw := f.link()
	a := f.post("/reset-password", form(
		"token", whole, "password", newPassword, "repeat", newPassword))
	asksForProof(t, a, totpLabel, totpMissing)
	require.Contains(t, a.body, `autocomplete="one-time-code"`)
	require.Contains(t, a.body, `required inputmode="numeric"`)
	require.Contains(t, a.body, ">a•••@example.com</bdi>")
	require.Equal(t, raw, drawn(t, a), "the link is still good")

	a = f.prove(raw, newPassword, "654321")
	asksForProof(t, a, totpLabel, totpRefused)
	require.NotContains(t, a.body, "654321")
	require.False(t, f.has(newPassword))
	require.NotContains(t, f.logs.String(), "654321")

	require.Equal(t, http.StatusSeeOther,
		f.prove(raw, newPassword, goodCode).status)
	require.True(t, f.has(newPassword))
}

func TestServerDrawsTheFieldForAProofWhereItKnowsTheLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, queryLinks, needsProof)
	whole, _ := f.link()
	held := f.get(strings.TrimPrefix(whole, site)).cookie(t)
	page := f.getWith(held)
	require.Contains(t, page.body, shownProof)
	require.NotContains(t, page.body, "proof-error")

	r := f.request(http.MethodPost, "/reset-password", formType, form(
		"token", drawn(t, page), "password", newPassword, "proof", goodCode))
	r.AddCookie(&http.Cookie{Name: held.Name, Value: held.Value})
	require.Equal(t, http.StatusSeeOther, f.do(r).status)

	f = newFixture(t, pagesOf, queryLinks, needs(""))
	whole, _ = f.link()
	require.Contains(t, f.getWith(
		f.get(strings.TrimPrefix(whole, site)).cookie(t)).body, hiddenProof)

	f = newFixture(t, pagesOf)
	require.NotContains(t, f.get("/reset-password").body, `id="proof"`,
		"no account needs one")
}

func TestCheckTellsWhichProofIsNeeded(t *testing.T) {
	t.Parallel()
	for kind, label := range map[string]string{
		"totp": totpLabel, "": "Proof that it is you",
	} {
		f := newFixture(t, pagesOf, needs(kind))
		_, raw := f.link()
		a := f.postJSON("/reset-password/check", jsonOf("token", raw))
		found := a.object(t)
		require.Equal(t, kind, found["proof"])
		require.Equal(t, label, found["proofLabel"])
		require.NotEmpty(t, found["proofMissing"])

		a = f.also(apiOf).postJSON(
			"/api/reset-password/check", jsonOf("token", raw))
		found = a.object(t)
		require.Equal(t, kind, found["proof"])
		require.NotContains(t, found, "proofLabel")
	}
}

// Whoever has the link alone must not learn whether a password would do, and
// whoever guesses codes must not be told of the password first.
//
//lostkey:covers 63B-4.2.2.2
func TestRefusedProofSaysNothingOfThePassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, needsProof)
	_, raw := f.link()
	for _, proof := range []string{"", "654321"} {
		same(t, f.prove(raw, newPassword, proof),
			f.prove(raw, "short", proof), "with proof "+proof)
	}

	a := f.prove(raw, "short", goodCode)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, `id="password-error"`)
	require.Contains(t, a.body, shownProof)
	require.NotContains(t, a.body, `id="proof-error"`)
	require.NotContains(t, a.body, goodCode)

	api := f.also(apiOf)
	send := func(password, proof string) answer {
		return api.postJSON("/api/reset-password", jsonOf(
			"token", raw, "password", password, "proof", proof))
	}
	same(t, send(newPassword, "654321"), send("short", "654321"), "the API")
	send("short", goodCode).problem(
		t, http.StatusUnprocessableEntity, "password-refused")
}

func TestRefusedProofIsAProblemOfTheAPIAndSpendsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, apiOf, needsProof)
	_, raw := f.link()
	for _, body := range []string{
		jsonOf("token", raw, "password", newPassword),
		jsonOf("token", raw, "password", newPassword, "proof", ""),
		jsonOf("token", raw, "password", newPassword, "proof", "654321"),
	} {
		a := f.postJSON("/api/reset-password", body)
		problem := a.problem(
			t, http.StatusUnprocessableEntity, "proof-refused")
		require.Equal(t, []any{map[string]any{
			"pointer": "#/proof", "code": "proof-refused",
			"detail": "Send the proof that the account needs.",
		}}, problem["errors"])
		require.NotContains(t, a.body, "654321")
	}

	require.Equal(t, http.StatusNoContent, f.postJSON("/api/reset-password",
		jsonOf("token", raw, "password", newPassword, "proof", goodCode)).
		status)
}

func TestTooManyProofsAreThrottledAndKeepTheLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, needsProof, func(c *reset.Config) {
		c.Limits = reset.Limits{Proof: never{5 * time.Minute}}
	})
	_, raw := f.link()
	a := f.prove(raw, newPassword, goodCode)
	require.Equal(t, http.StatusTooManyRequests, a.status)
	require.Equal(t, "300", a.header.Get("Retry-After"))
	require.Equal(t, raw, drawn(t, a))
	require.Contains(t, a.body, shownProof)
	require.Contains(t, a.body, "Please wait 5 minutes, then try again.")
	require.NotContains(t, a.body, goodCode)

	a = f.also(apiOf).postJSON("/api/reset-password",
		jsonOf("token", raw, "password", newPassword, "proof", goodCode))
	a.problem(t, http.StatusTooManyRequests, "throttled")
	require.Equal(t, "300", a.header.Get("Retry-After"))
	require.False(t, f.has(newPassword))
}

func TestKindsOfProofHaveTextsInEveryLanguage(t *testing.T) {
	t.Parallel()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	seen := map[string]string{}

	for _, kind := range []string{"totp", "other"} {
		f := newFixture(t, pagesOf, needs(kind))
		_, raw := f.link()
		for _, proof := range []string{"", "654321"} {
			for _, tag := range templates.Locales() {
				r := f.request(http.MethodPost, "/reset-password", formType,
					form("token", raw, "password", "x", "proof", proof))
				r.Header.Set("Accept-Language", tag)
				_, said, found := strings.Cut(f.do(r).body, `id="proof-error">`)
				require.True(t, found)
				said, _, _ = strings.Cut(said, "</div>")
				require.NotContains(t, said, "page.")
				require.Empty(t, seen[said], tag)
				seen[said] = tag
			}
		}
	}
}

func TestAKindOfTheHostHasItsTexts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesWith(resethttp.Config{Files: fstest.MapFS{
		"locales/en.json": {Data: []byte(`{
			"proof.sms.label": "Code from our text <message>",
			"proof.sms.missing": "Enter our code."
		}`)},
	}}), needs("sms"))
	_, raw := f.link()
	asksForProof(t, f.prove(raw, newPassword, ""),
		"Code from our text &lt;message&gt;", "Enter our code.")
	a := f.prove(raw, newPassword, "654321")
	asksForProof(t, a, "Code from our text &lt;message&gt;",
		"This proof was not accepted. Enter it once more, or a new one.")
	require.NotContains(t, a.body, "inputmode")
}

// Each of these is refused and writes nothing, and the link is good afterwards.
func TestProofsThatAreNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, needsProof)
	api := f.also(apiOf)
	_, raw := f.link()
	huge := strings.Repeat("1", 5<<10)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"empty": {form("proof", ""), http.StatusUnprocessableEntity},
		"huge":  {form("proof", huge), http.StatusUnprocessableEntity},
		"twice": {
			form("proof", goodCode, "proof", goodCode), http.StatusBadRequest,
		},
		"not UTF-8": {"proof=%ff", http.StatusBadRequest},
		"markup": {
			form("proof", `"><script>`), http.StatusUnprocessableEntity,
		},
	} {
		a := f.post("/reset-password",
			form("token", raw, "password", newPassword)+"&"+c.body)
		require.Equal(t, c.status, a.status, name)
		require.NotContains(t, a.body, `"><script>`, name)
	}

	for name, body := range map[string]string{
		"twice":    `"proof":"` + goodCode + `","proof":"` + goodCode + `"`,
		"a number": `"proof":` + goodCode,
		"null":     `"proof":null`,
		"a list":   `"proof":["` + goodCode + `"]`,
		"in case":  `"Proof":"` + goodCode + `"`,
	} {
		api.postJSON("/api/reset-password", `{"token":"`+raw+
			`","password":"`+newPassword+`",`+body+`}`).
			problem(t, http.StatusBadRequest, "malformed")
		require.False(t, f.has(newPassword), name)
	}
	api.postJSON("/api/reset-password", jsonOf(
		"token", raw, "password", newPassword, "proof", huge)).
		problem(t, http.StatusUnprocessableEntity, "proof-refused")
	api.postJSON("/api/reset-password/check",
		jsonOf("token", raw, "proof", goodCode)).
		problem(t, http.StatusBadRequest, "malformed")
	api.postJSON("/api/reset-password",
		`{"password":"`+newPassword+`","proof":"`+goodCode+`"}`).
		problem(t, http.StatusBadRequest, "malformed")

	require.Equal(t, http.StatusSeeOther,
		f.prove(raw, newPassword, goodCode).status)
}

// A proof that nobody asked for does not matter.
func TestProofOfAnAccountThatNeedsNoneIsNotLookedAt(t *testing.T) {
	t.Parallel()
	for _, proof := range []string{"", goodCode, strings.Repeat("1", 5<<10)} {
		f := newFixture(t, pagesOf)
		_, raw := f.link()
		require.Equal(t, http.StatusSeeOther,
			f.prove(raw, newPassword, proof).status)
	}
}

// The hook that decides may refuse what the one that tells pages does not know
// of. Then the field shows once the form was sent.
func TestProofThatPagesWereNotToldOfIsAskedForInTheEnd(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*reset.Config){
		needs(""), func(c *reset.Config) {
			needsProof(c)
			c.Hooks.ProofKind = nil
		},
		func(c *reset.Config) {
			needsProof(c)
			c.Hooks.ProofKind = func(
				context.Context, reset.Pending,
			) (string, error) {
				return "", errors.New("the hook is down")
			}
		},
		func(c *reset.Config) {
			needs("")(c)
			c.Limits = reset.Limits{Check: never{time.Minute}}
		},
	} {
		f := newFixture(t, pagesOf, change)
		_, raw := f.link()
		asksForProof(t, f.prove(raw, newPassword, ""),
			"Proof that it is you",
			"This account needs a second proof. Enter it here.")
		require.Equal(t, http.StatusSeeOther,
			f.prove(raw, newPassword, goodCode).status)
	}
}

func TestHookThatIsDownIsNoRefusedProof(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf, func(c *reset.Config) {
		c.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			return errors.New("down")
		}
	})
	_, raw := f.link()
	require.Equal(t, http.StatusServiceUnavailable,
		f.prove(raw, newPassword, goodCode).status)
	f.also(apiOf).postJSON("/api/reset-password",
		jsonOf("token", raw, "password", newPassword, "proof", goodCode)).
		problem(t, http.StatusServiceUnavailable, "unavailable")
}
