package main

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program is run as a newcomer runs it, and what it prints is what it did.
func TestQuickstartPrintsEveryStepAndExitsZero(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	require.Regexp(t, `\A1\. Mail to ada@example\.com: .*password.*

https://app\.example/reset-password/#token=[A-Za-z0-9_.-]+

2\. The new password is set\.
3\. The same link again: .* \(rejected: true\)
4\. Mail to ada@example\.com: .*password.*
\z`, stdout.String())
}
