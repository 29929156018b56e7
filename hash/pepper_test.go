package hash_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/stretchr/testify/require"
)

//lostkey:covers PS-CS-7
func TestPeppersRotate(t *testing.T) {
	t.Parallel()
	before, after := pepper(t, "2026-05", 1), pepper(t, "2026-11", 2)
	none := insecure(t, hash.Config{})
	old := insecure(t, hash.Config{Peppers: []hash.Pepper{before}})
	both := insecure(t, hash.Config{Peppers: []hash.Pepper{after, before}})
	plain, err := none.Hash(t.Context(), phrase)
	require.NoError(t, err)
	peppered, err := old.Hash(t.Context(), phrase)
	require.NoError(t, err)
	require.True(
		t, strings.HasPrefix(peppered, "$lostkey-pepper$2026-05$argon2id$"),
	)

	for _, stored := range []string{plain, peppered} {
		row := stored
		res, err := both.VerifyAndUpdate(t.Context(), phrase, row, store(&row))
		require.NoError(t, err)
		require.True(t, res.OK)
		require.True(
			t, res.Updated, "unpeppered and old rows move to the new pepper",
		)
		require.True(t, strings.HasPrefix(row, "$lostkey-pepper$2026-11$"))
		require.False(t, both.NeedsRehash(row))
		res, err = both.Verify(t.Context(), "wrong", row)
		require.NoError(t, err)
		require.False(t, res.OK)
	}

	// The old key is gone while a row still needs it. That is an alarm, not a
	// wrong password.
	_, err = insecure(
		t, hash.Config{Peppers: []hash.Pepper{after}},
	).Verify(t.Context(), phrase, peppered)
	require.ErrorIs(t, err, hash.ErrUnknownPepper)
	_, err = none.Verify(t.Context(), phrase, peppered)
	require.ErrorIs(t, err, hash.ErrUnknownPepper)
	require.False(
		t, none.NeedsRehash(peppered),
		"nobody can log in with it, so no login replaces it",
	)
}

func TestTheWrongKeyUnderTheRightIDFails(t *testing.T) {
	t.Parallel()
	a := insecure(t, hash.Config{Peppers: []hash.Pepper{pepper(t, "k", 1)}})
	b := insecure(t, hash.Config{Peppers: []hash.Pepper{pepper(t, "k", 2)}})
	encoded, err := a.Hash(t.Context(), phrase)
	require.NoError(t, err)
	res, err := b.Verify(t.Context(), phrase, encoded)
	require.NoError(t, err)
	require.False(t, res.OK)
	// Without its mark the row is an ordinary hash of something else.
	res, err = a.Verify(
		t.Context(), phrase, strings.TrimPrefix(encoded, "$lostkey-pepper$k"),
	)
	require.NoError(t, err)
	require.False(t, res.OK)
}

//lostkey:covers PS-CS-8
func TestPepperedBcryptReadsEveryByteOfThePassword(t *testing.T) {
	t.Parallel()
	h := insecure(
		t,
		hash.Config{
			Params:  hash.Bcrypt{Cost: 4},
			Peppers: []hash.Pepper{pepper(t, "k", 1)},
		},
	)
	long := strings.Repeat("a", 100)
	encoded, err := h.Hash(t.Context(), long)
	require.NoError(t, err)
	for password, want := range map[string]bool{
		long: true, long + "b": false, long[:99]: false,
	} {
		res, err := h.Verify(t.Context(), password, encoded)
		require.NoError(t, err)
		require.Equal(t, want, res.OK)
	}
}

//lostkey:covers PS-CS-7
func TestWeakPeppersAreRefused(t *testing.T) {
	t.Parallel()
	good := bytes.Repeat([]byte("abcd"), 8)

	for name, tt := range map[string]struct {
		id  string
		key []byte
	}{
		"no id":              {"", good},
		"an id of 13":        {"abcdefghijklm", good},
		"an id with a $":     {"a$b", good},
		"an id in capitals":  {"KEY", good},
		"a key of 31 bytes":  {"k", good[:31]},
		"a key of one byte":  {"k", bytes.Repeat([]byte{7}, 32)},
		"a key that is none": {"k", nil},
	} {
		_, err := hash.NewPepper(tt.id, tt.key)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "abcdabcd")
	}

	p, err := hash.NewPepper("k", good)
	require.NoError(t, err)
	h := insecure(t, hash.Config{Peppers: []hash.Pepper{p}})
	encoded, err := h.Hash(t.Context(), phrase)
	require.NoError(t, err)
	good[0] ^= 1 // the caller's slice is not the pepper's
	res, err := h.Verify(t.Context(), phrase, encoded)
	require.NoError(t, err)
	require.True(t, res.OK)
}
