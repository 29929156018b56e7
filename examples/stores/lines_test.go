package stores_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A store is little to write: fewer than 70 lines, comments included.
func TestStoresAreShort(t *testing.T) {
	files, err := filepath.Glob("*/store.go")
	require.NoError(t, err)
	require.Len(t, files, 7)

	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Less(t, bytes.Count(text, []byte("\n")), 70, file)
	}
}
