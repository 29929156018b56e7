package resettest_test

import (
	"slices"
	"testing"

	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/stretchr/testify/require"
)

func TestARightStorePassesEveryCheck(t *testing.T) {
	t.Parallel()
	for _, name := range resettest.Names() {
		skipped, _, err := resettest.Run(
			t.Context(), name, newFaultyStore().fixture(),
		)
		require.NoError(t, err, name)
		require.False(t, skipped, name)
	}
	resettest.TestStore(t, func(*testing.T) resettest.Fixture {
		return newFaultyStore().fixture()
	})
}

func TestChecksThatNeedMoreAreSkipped(t *testing.T) {
	t.Parallel()
	skips := 0
	for _, name := range resettest.Names() {
		full := newFaultyStore().fixture()
		skipped, _, err := resettest.Run(t.Context(), name, resettest.Fixture{
			Store:          full.Store,
			Create:         full.Create,
			UniqueEmail:    true,
			LowercaseEmail: true,
		})
		if skipped {
			require.ErrorContains(t, err, "needs")
			skips++
			continue
		}
		require.NoError(t, err, name)
	}

	require.Equal(t, 17, skips)
}

func TestEveryCheckCatchesItsFault(t *testing.T) {
	t.Parallel()
	caught := make(map[string]bool)
	planted := slices.Concat(
		addressFaults, recoveryFaults, labelFaults, spellingFaults, idFaults,
		oldHashFaults, emptyHashFaults, accountFaults,
		storageFaults, concurrencyFaults, sessionFaults,
	)

	for _, fault := range planted {
		s := newFaultyStore()
		fault.plant(s)
		skipped, cause, err := resettest.Run(
			t.Context(), fault.check, s.fixture(),
		)
		require.Error(t, err, "%s: %s", fault.check, fault.name)
		require.False(t, skipped)
		require.Contains(
			t, cause, fault.cause, "%s: %s: %v", fault.check, fault.name, err,
		)
		caught[fault.check] = true
	}

	t.Logf("%d planted faults caught by %d checks", len(planted), len(caught))
	for _, name := range resettest.Names() {
		require.True(t, caught[name], "no planted fault for the check %q", name)
	}
}
