package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every contender does its work, and accepts or rejects what it should; the
// figures of so short a run say nothing and are not looked at.
func TestEveryContenderRuns(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	require.NoError(t, run(null, 1, time.Microsecond, false))
}
