package token_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

func TestDerivedKeysAreOfTheirKeyAndLabelAlone(t *testing.T) {
	t.Parallel()
	secret := func(b byte) []byte {
		sum := sha256.Sum256([]byte{b})
		return sum[:]
	}
	entry := func(id string, b byte) string {
		return id + ":" + base64.StdEncoding.EncodeToString(secret(b))
	}
	derive := func(ring, label string) [][]byte {
		keys, err := token.ParseKeys(ring)
		require.NoError(t, err)
		derived, err := keys.Derive(label)
		require.NoError(t, err)
		return derived
	}

	both := derive(entry("a", 1)+","+entry("b", 2), "jobs")
	require.Len(t, both, 2)
	require.Len(t, both[0], 32)
	require.Equal(t, both[1:], derive(entry("b", 2), "jobs"), "another place in the ring")
	require.Equal(t, both[1:], derive(entry("c", 2), "jobs"), "another name")
	require.False(t, bytes.Equal(both[0], both[1]))
	require.NotEqual(t, both, derive(entry("a", 1)+","+entry("b", 2), "jobs2"))

	// HKDF-SHA256 over the documented label, computed without this package.
	info := binary.BigEndian.AppendUint32([]byte("lostkey token v1 derived"), 4)
	want, err := hkdf.Key(sha256.New, secret(1), nil, string(info)+"jobs", 32)
	require.NoError(t, err)
	require.Equal(t, want, both[0])
}

func TestDeriveNeedsALabel(t *testing.T) {
	t.Parallel()
	key, err := token.GenerateKey("a")
	require.NoError(t, err)
	derived, err := newRing(t, key).Derive("")
	require.Error(t, err)
	require.Nil(t, derived)

	derived, err = token.Keys{}.Derive("jobs")
	require.NoError(t, err)
	require.Empty(t, derived)
}
