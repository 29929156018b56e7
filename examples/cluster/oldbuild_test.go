package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// oldCommit is the version of the library that a deployment comes from.
const oldCommit = "5e1c3fa517fda7ffb86db15ce5e57ab3776f184d"

// order and made are what testdata/old reads and writes.
type order struct {
	Site, Keys string
	Users      []oldUser
	MakeLinks  []string
	MakeJobs   map[string]string
	TakeLinks  []string
	TakeJobs   []json.RawMessage
}

type oldUser struct{ ID, Email, Hash string }

type made struct {
	Links                map[string]string
	Jobs                 []json.RawMessage
	Confirmed, Processed []string
	Mailed               int
}

// buildOld builds testdata/old within the tree of the old commit, and returns
// the program.
func buildOld(t *testing.T) string {
	t.Helper()
	git := exec.Command("git", "cat-file", "-e", oldCommit+"^{commit}")
	if err := git.Run(); err != nil {
		t.Skipf("commit %s is not in this clone, which may be a shallow one: %v",
			oldCommit, err)
	}

	dir := t.TempDir()
	tree := exec.Command("git", "archive", "--format=tar", "-o",
		filepath.Join(dir, "tree.tar"), oldCommit,
		"go.mod", "go.sum", "token", "hash", "mail", "reset")
	tree.Dir = filepath.Join("..", "..")
	output, err := tree.CombinedOutput()
	require.NoError(t, err, "%s", output)
	output, err = exec.Command("tar", "-x", "-C", dir, "-f",
		filepath.Join(dir, "tree.tar")).CombinedOutput()
	require.NoError(t, err, "%s", output)

	require.NoError(t, os.CopyFS(filepath.Join(dir, "old"),
		os.DirFS(filepath.Join("testdata", "old"))))
	program := filepath.Join(dir, "program")
	// Without -trimpath the folder's name would be in everything that is
	// compiled, and nothing be found in the cache.
	build := exec.Command("go", "build", "-trimpath", "-o", program, "./old")
	build.Dir = dir
	output, err = build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return program
}

// runOld runs the old program.
func runOld(t *testing.T, program string, o order) made {
	t.Helper()
	in, err := json.Marshal(o)
	require.NoError(t, err)
	cmd := exec.Command(program)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &log
	require.NoError(t, cmd.Run(), "%s", &log)
	var m made
	require.NoError(t, json.Unmarshal(out.Bytes(), &m))
	return m
}
