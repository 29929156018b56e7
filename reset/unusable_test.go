package reset_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// hasherWithMark knows "sso" beside the marks that every Hasher knows.
func hasherWithMark(t *testing.T) *hash.Hasher {
	t.Helper()
	h, err := hash.NewInsecure(hash.Config{
		Params:     hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
		IsUnusable: func(encoded string) bool { return encoded == "sso" },
	})
	require.NoError(t, err)
	return h
}

func TestAnAccountWhoseHashIsAMarkGetsNoResetAndMayBeInvited(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{
		"", "!", "*LK*", "*0", "x", "NP", "UP", "disabled", "NOLOGIN",
		"invalid", "not cached", "sso", hash.NewUnusable(),
	} {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Hasher, cfg.Queue.Synchronous = hasherWithMark(t), true
		})
		fx.add(
			t, reset.User{ID: "m", Email: "m@example.com", PasswordHash: mark},
		)
		fx.request(t, "m@example.com")
		require.Empty(t, fx.outbox.Messages(), mark)
		require.Equal(
			t, []string{"no-password"}, fx.events.reasons(reset.OutcomeSkipped),
			mark,
		)

		_, err := fx.Link(t.Context(), "m", reset.LinkOptions{})
		require.ErrorIs(t, err, reset.ErrNoPassword, mark)

		require.NoError(
			t, fx.Invite(t.Context(), reset.SendInput{UserID: "m"}), mark,
		)

		mails, err := fx.outbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, mail.KindInvite, mails[0].Kind, mark)
		require.NoError(t, fx.confirm(t, mailtest.Token(mails[0])), mark)
		require.True(t, hasherWithMark(t).HasPassword(fx.user(t, "m").PasswordHash), mark)

		_, err = fx.Link(
			t.Context(), "m", reset.LinkOptions{Purpose: token.PurposeInvite},
		)
		require.ErrorIs(t, err, reset.ErrHasPassword, mark)
	}
}

func TestALinkDoesNotComeBackWhenTheHashIsClearedWithAFreshMark(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	clearHash := func(mark string) {
		require.NoError(t, fx.store.Update(
			"7", func(user *reset.User) { user.PasswordHash = mark },
		))
	}
	clearHash(hash.NewUnusable())
	link, err := fx.Link(
		t.Context(), "7", reset.LinkOptions{Purpose: token.PurposeInvite},
	)
	require.NoError(t, err)
	require.NoError(t, fx.confirm(t, rawOf(link)))

	clearHash(hash.NewUnusable())
	require.ErrorIs(t, fx.confirm(t, rawOf(link)), reset.ErrRejected)
}
