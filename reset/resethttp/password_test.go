package resethttp_test

import (
	"context"
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

func TestRefusedPasswordKeepsTheLinkAndNothingOfThePassword(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	whole, raw := f.link()
	a := f.post("/reset-password",
		form("token", whole, "password", "short pass", "username", "ada"))
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, "<title>Error: ")
	require.Contains(t, a.body, "Use at least 15 characters")
	require.Contains(t, a.body, `aria-invalid="true" autofocus>`)
	require.NotContains(t, a.body, `<div class="summary"`, "one error is said once")
	require.NotContains(t, a.body, "short pass")
	require.NotContains(t, a.body, `value="ada"`)
	require.False(t, f.has("short pass"))

	require.Contains(t, a.body, `<input type="hidden" id="link" name="token"`)
	require.Equal(t, raw, drawn(t, a))
	require.Equal(t, http.StatusSeeOther, f.submit(a, newPassword).status)
	require.True(t, f.has(newPassword))
}

//lostkey:covers 63B-3.1.1.2-4
func TestEveryReasonAgainstAPasswordHasItsSentence(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()

	for password, want := range map[string]string{
		"":                              "Use at least 15 characters",
		strings.Repeat("a", 14):         "Use at least 15 characters",
		strings.Repeat("ä", 14):         "Use at least 15 characters",
		strings.Repeat("x y", 500):      "Use at most 1024 bytes",
		"line\nbreak in a pass phrase":  "Leave out line breaks",
		"a NUL \x00 in a pass phrase":   "Leave out line breaks",
		"an escape \x1b in a pass word": "Leave out line breaks",
	} {
		a := f.confirm(raw, password)
		require.Equal(t, http.StatusUnprocessableEntity, a.status,
			"%q", password)
		require.Contains(t, a.body, want, "%q", password)
	}
}

// refuses is a policy that has one objection to everything.
type refuses struct{ problem policy.Problem }

func (r refuses) Check(context.Context, string, []string) error {
	return &policy.Error{Problems: []policy.Problem{r.problem}}
}

func TestEveryCodeOfThePolicyHasItsSentence(t *testing.T) {
	t.Parallel()
	for _, code := range []policy.Code{
		policy.CodeTooShort, policy.CodeTooLong, policy.CodeInvalidUTF8,
		policy.CodeControl, policy.CodeCommon, policy.CodeContext,
		policy.CodeBreached, "of-the-application",
	} {
		f := newFixture(t, pagesOf, func(c *reset.Config) {
			c.Policy = refuses{policy.Problem{Code: code}}
		})
		_, raw := f.link()
		a := f.confirm(raw, newPassword)
		require.Equal(t, http.StatusUnprocessableEntity, a.status)
		require.Equal(t, code == "of-the-application",
			strings.Contains(a.body, "Choose a different password"), code)
		require.Contains(t, a.body, policy.Problem{Code: code}.Message(),
			"as the API says it")
		require.NotContains(t, a.body, "password."+string(code))
	}
}

// emoji is n characters of four bytes each, all different.
func emoji(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteRune(rune(0x1F300 + i*7%509))
	}
	return text.String()
}

//lostkey:covers ASVS-6.2.8 ASVS-6.2.9 63B-3.1.1.2-2 63B-3.1.1.2-6
func TestLongAndUnusualPasswordsArriveAsTyped(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		strings.Repeat("correct horse ", 9) + "ab", emoji(20),
		"пароль из многих слов", `<"&'+%20;=#>   and more`,
		" fifteen and some ", emoji(256),
	} {
		f := newFixture(t, pagesOf)
		_, raw := f.link()
		require.Equal(t, http.StatusSeeOther, f.confirm(raw, password).status,
			"%q", password)
		require.True(t, f.has(password), "%q", password)
	}
}

//lostkey:covers FP-CS-9
func TestRepetitionThatDiffersIsRefusedWithTheLinkKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t, pagesOf)
	_, raw := f.link()
	a := f.post("/reset-password",
		form("token", raw, "password", newPassword, "repeat", newPassword+" "))
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Contains(t, a.body, "The two passwords are not the same")
	require.Contains(t, a.body, html.EscapeString(raw))
	require.False(t, f.has(newPassword))

	a = f.post("/reset-password",
		form("token", raw, "password", newPassword, "repeat", newPassword))
	require.Equal(t, http.StatusSeeOther, a.status)
}

func TestHintOfTheLengthIsThePolicys(t *testing.T) {
	t.Parallel()
	hint := func(p reset.Policy) string {
		f := newFixture(t, pagesOf, func(cfg *reset.Config) { cfg.Policy = p })
		return f.get("/reset-password").body
	}

	body := hint(nil)
	require.Contains(t, body, `minlength="15" passwordrules="minlength: 15;`)
	require.Contains(t, body, "At least 15 characters.")
	require.Contains(t, hint(mfaPolicy(t)), "At least 8 characters.")
	body = hint(anyPassword{})
	require.NotContains(t, body, "minlength")
	require.NotContains(t, body, "At least 0")
}

// anyPassword is a policy that does not say how long a password must be.
type anyPassword struct{}

func (anyPassword) Check(context.Context, string, []string) error { return nil }

// mfaPolicy is the default policy of an application that asks for a second
// factor.
func mfaPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MFA: true})
	require.NoError(t, err)
	return p
}
