package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

const (
	goodCode  = "123456"
	proofSeen = "document.querySelector('#proof').checkVisibility()"
)

// needsProof makes the account need a code.
func needsProof(c *reset.Config) {
	c.Hooks.ProofKind = func(
		context.Context, reset.Pending,
	) (string, error) {
		return "totp", nil
	}
	c.Hooks.BeforeConfirm = func(_ context.Context, p reset.Pending) error {
		if p.Proof != goodCode {
			return reset.ErrProofRefused
		}
		return nil
	}
}

// focuses waits until a field has the focus, which a browser moves there once
// it draws the page.
func focuses(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return eval[string](ctx, t, focused) == id
	}, 10*time.Second, 20*time.Millisecond)
}

func TestAccountThatNeedsAProofIsAskedForIt(t *testing.T) {
	for name, style := range map[string]reset.LinkStyle{
		"fragment": reset.LinkFragment,
		"query":    reset.LinkQuery,
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx := newSite(t, needsProof, func(c *reset.Config) {
				c.Pages.LinkStyle = style
			}), tab(t)
			openAnew(ctx, t, s.link())
			settled(ctx, t)
			require.True(t, eval[bool](ctx, t, proofSeen))
			require.Equal(t, "Code from your authenticator app",
				text(ctx, t, "label[for=proof]"))
			require.Equal(t, "numeric one-time-code", eval[string](ctx, t,
				"(function (p) { return p.inputMode + ' ' + p.autocomplete })"+
					"(document.querySelector('#proof'))"))

			fill(ctx, t, "#password", newPassword)
			do(ctx, t, chromedp.Click(chromedp.CSS("form .button")))
			focuses(ctx, t, "proof")
			require.Equal(t, "Enter the code that your authenticator app shows.",
				text(ctx, t, "#proof-error"))
			require.Zero(t, s.posts.Load(), "nothing was sent")

			fill(ctx, t, "#proof", "654321")
			require.EqualValues(t, 422, press(ctx, t, "form .button").Status)
			focuses(ctx, t, "proof")
			require.Contains(t, text(ctx, t, "#proof-error"),
				"This code was not accepted.")
			require.Equal(t, "proof-error", eval[string](ctx, t,
				"document.querySelector('#proof').getAttribute('aria-describedby')"))
			require.Equal(t, " ", eval[string](ctx, t,
				"document.querySelector('#proof').value + ' ' + "+
					"document.querySelector('#password').value"))
			require.False(t, s.has(newPassword))

			fill(ctx, t, "#password", newPassword)
			fill(ctx, t, "#proof", goodCode)
			require.Equal(t, s.base+"/reset-password?done",
				press(ctx, t, "form .button").URL)
			require.True(t, s.has(newPassword))
		})
	}
}

func TestProofIsAskedForWithoutScripts(t *testing.T) {
	s, ctx := newSite(t, needsProof), tab(t)
	withoutScripts(ctx, t)
	open(ctx, t, s.link())
	require.False(t, eval[bool](ctx, t, proofSeen))
	fill(ctx, t, "#link", s.link())
	fill(ctx, t, "#password", newPassword)
	fill(ctx, t, "#repeat", newPassword)
	require.EqualValues(t, 422, press(ctx, t, "form .button").Status)
	focuses(ctx, t, "proof")

	fill(ctx, t, "#password", newPassword)
	fill(ctx, t, "#repeat", newPassword)
	require.Equal(t, "Enter the code that your authenticator app shows.",
		text(ctx, t, "#proof-error"))
	fill(ctx, t, "#proof", goodCode)
	require.Equal(t, s.base+"/reset-password?done",
		press(ctx, t, "form .button").URL)
	require.True(t, s.has(newPassword))
}

func TestAccountThatNeedsNoProofIsNotAskedForOne(t *testing.T) {
	s, ctx := newSite(t, needsProof, func(c *reset.Config) {
		c.Hooks.ProofKind = nil
		c.Hooks.BeforeConfirm = func(context.Context, reset.Pending) error {
			return nil
		}
	}), tab(t)
	openAnew(ctx, t, s.link())
	settled(ctx, t)
	require.False(t, eval[bool](ctx, t, proofSeen))
	fill(ctx, t, "#password", newPassword)
	require.Equal(t, s.base+"/reset-password?done",
		press(ctx, t, "form .button").URL)
	require.True(t, s.has(newPassword))
}
