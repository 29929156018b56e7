package hash_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

func TestMinimumDurationHoldsOnEveryOutcomeAndHoldsNoSlot(t *testing.T) {
	t.Parallel()
	h0 := insecure(t, hash.Config{})
	current, err := h0.Hash(t.Context(), phrase)
	require.NoError(t, err)
	for name, call := range map[string]func(t *testing.T, h *hash.Hasher) error{
		"right": func(t *testing.T, h *hash.Hasher) error {
			_, err := h.Verify(t.Context(), phrase, current)
			return err
		},
		"wrong": func(t *testing.T, h *hash.Hasher) error {
			_, err := h.Verify(t.Context(), "wrong", current)
			return err
		},
		"unknown": func(t *testing.T, h *hash.Hasher) error {
			return h.VerifyDummy(t.Context(), phrase)
		},
		"unusable": func(t *testing.T, h *hash.Hasher) error {
			_, err := h.Verify(t.Context(), phrase, "!")
			return err
		},
		"malformed": func(t *testing.T, h *hash.Hasher) error {
			_, err := h.Verify(t.Context(), phrase, "$2b$")
			require.ErrorIs(t, err, hash.ErrMalformed)
			return nil
		},
		"update": func(t *testing.T, h *hash.Hasher) error {
			var row string
			_, err := h.VerifyAndUpdate(
				t.Context(), phrase, current, store(&row),
			)
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := insecure(t, hash.Config{MinDuration: time.Second})
			start := time.Now()
			go func() {
				synctest.Wait() // the call is waiting for its second
				require.Zero(t, h.Slots().Stats().Running, name)
			}()
			require.NoError(t, call(t, h))
			require.Equal(t, time.Second, time.Since(start), name)
		})
	}
}

func TestACancelledContextEndsTheMinimumDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := insecure(t, hash.Config{MinDuration: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.NoError(t, h.VerifyDummy(ctx, phrase))
		require.Equal(t, time.Second, time.Since(start))
	})
}
