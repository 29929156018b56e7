package reset_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/stretchr/testify/require"
)

// newDisputeRecoveryFixture has an account of three addresses, whose password
// was just changed. It returns the tokens of the notices by recipient.
func newDisputeRecoveryFixture(
	t *testing.T,
) (*fixture, *disputes, map[string]string) {
	t.Helper()
	fx, hook := newDisputeFixture(t, nil)
	fx.setRecovery(t, home, work)
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	mails, err := fx.outbox.Wait(t.Context(), 3)
	require.NoError(t, err)

	tokens := make(map[string]string)
	for _, msg := range mails {
		tokens[msg.To] = disputeLink(msg)
		require.NotEmpty(t, tokens[msg.To], msg.To)
	}
	require.Len(t, tokens, 3)
	return fx, hook, tokens
}

func TestEachAddressOfAnAccountCanDisputeItsNotice(t *testing.T) {
	t.Parallel()
	fx, hook, tokens := newDisputeRecoveryFixture(t)
	for to, raw := range tokens {
		_, err := fx.CheckDispute(t.Context(), reset.CheckInput{Token: raw})
		require.NoError(t, err, to)
		require.NoError(t, fx.dispute(t, raw), to)
	}
	require.Len(t, hook.calls, 3)
}

func TestDisputeDiesWithTheRecoveryAddressItWasMailedTo(t *testing.T) {
	t.Parallel()
	fx, hook, tokens := newDisputeRecoveryFixture(t)
	fx.setRecovery(t, work)

	require.ErrorIs(t, fx.dispute(t, tokens[home]), reset.ErrRejected)
	require.Empty(t, hook.calls)
	require.NoError(t, fx.dispute(t, tokens[work]))
	require.NoError(t, fx.dispute(t, tokens["ana@example.com"]))
}

func TestDisputeOfARecoveryAddressDiesWithTheHash(t *testing.T) {
	t.Parallel()
	fx, hook, tokens := newDisputeRecoveryFixture(t)
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.PasswordHash = oldHash
	}))

	for to, raw := range tokens {
		require.ErrorIs(t, fx.dispute(t, raw), reset.ErrRejected, to)
	}
	require.Empty(t, hook.calls)
}

func TestNoDisputeLinkOfARecoveryAddressSetsAPassword(t *testing.T) {
	t.Parallel()
	fx, _, tokens := newDisputeRecoveryFixture(t)
	for to, raw := range tokens {
		require.ErrorIs(t, fx.confirm(t, raw), reset.ErrRejected, to)
	}
}

func TestNoticeToAnAddressThatIsGoneHasNoDisputeLink(t *testing.T) {
	t.Parallel()
	var queue engine
	fx, _ := newDisputeFixture(t, func(cfg *reset.Config) {
		cfg.Queue.Dispatch = queue.dispatch
	})
	fx.setRecovery(t, home, work)
	require.NoError(t, fx.NotifyChanged(
		t.Context(), reset.NotifyInput{UserID: "7"},
	))

	fx.setRecovery(t, work)
	require.Empty(t, queue.run(t, fx.Service))
	mails := fx.outbox.Messages()
	require.Len(t, mails, 3)
	for _, msg := range mails {
		require.Equal(t, msg.To == home, disputeLink(msg) == "", msg.To)
	}
}
