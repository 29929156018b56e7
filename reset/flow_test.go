package reset_test

import (
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

//lostkey:covers CWE-640
func TestForgottenPasswordIsResetEndToEnd(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.store.AddSession("7")
	fx.request(t, "ana@example.com")
	mails, err := fx.outbox.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "ana@example.com", mails[0].To)

	raw := mailtest.Token(mails[0])
	require.NotEmpty(t, raw)

	checked, err := fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.NoError(t, err)
	require.Equal(
		t,
		reset.CheckResult{
			ExpiresAt:   fx.clock.Now().Add(time.Hour),
			MaskedEmail: "a•••@example.com",
			Email:       "ana@example.com",
			Purpose:     token.PurposeReset,
		},
		checked,
	)

	require.NoError(t, fx.confirm(t, raw))
	require.Zero(t, fx.store.Sessions("7"))
	result, err := cheapHasher().Verify(
		t.Context(), newPassword, fx.user(t, "7").PasswordHash,
	)
	require.NoError(t, err)
	require.True(t, result.OK)

	require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected, "a used link")
	_, err = fx.Check(t.Context(), reset.CheckInput{Token: raw})
	require.ErrorIs(t, err, reset.ErrRejected)

	fx.drain(t)
	require.Equal(
		t, []string{"ana@example.com"}, fx.to(mail.KindPasswordChanged),
		"one notice, of the one change",
	)
}
