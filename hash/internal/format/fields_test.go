package format_test

import (
	"testing"

	"github.com/lostkey-go/lostkey/hash/internal/format"
	"github.com/stretchr/testify/require"
)

// No parser lets an empty tag come this far.
func TestTwoEmptyTagsAreNoMatch(t *testing.T) {
	t.Parallel()
	require.True(t, format.SameBytes([]byte{1}, []byte{1}))
	require.False(t, format.SameBytes(nil, nil))
	require.False(t, format.SameBytes([]byte{}, []byte{}))
	require.False(t, format.SameBytes([]byte{1}, []byte{1, 2}))
}
