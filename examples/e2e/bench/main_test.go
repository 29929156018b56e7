package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every contender does its work, and accepts or rejects what it should; the
// figures of so short a run say nothing and are not looked at.
func TestEveryContenderRuns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(&out, 1, time.Microsecond, false))
	for _, row := range []string{
		"floor", oursName, golangJWTName,
		"securecookie", "go-paseto", "go-jose", "bad signature, x verify",
	} {
		require.Contains(t, out.String(), row)
	}
}
