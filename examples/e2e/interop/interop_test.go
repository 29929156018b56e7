package interop_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// request is what a script is given, answer what it prints.
type request struct {
	Secret  string         `json:"secret"`
	Site    string         `json:"site"`
	Purpose token.Purpose  `json:"purpose"`
	Kid     string         `json:"kid"`
	Token   string         `json:"token"`
	Claims  map[string]any `json:"claims"`
}

type answer struct {
	Header  map[string]string
	Payload map[string]any
	Refused []string
	Token   string
}

// issuer makes a token of a real clock, since PyJWT has no other.
type issuer struct {
	signer  *token.Signer
	state   token.State
	request request
	expires time.Time
}

func newIssuer(t *testing.T, userID string) issuer {
	t.Helper()
	secret := bytes.Repeat([]byte{0x5a}, 32)
	for i := range secret {
		secret[i] ^= byte(i * i * 11)
	}
	key, err := token.NewKey("2026-11", secret)
	require.NoError(t, err)
	keys, err := token.NewKeys(key)
	require.NoError(t, err)
	signer, err := token.New(token.Config{
		Site: "https://app.example", Keys: keys,
	})
	require.NoError(t, err)
	state := token.State{
		UserID: userID, PasswordHash: token.Hide("$2b$10$x"),
		Email: token.Hide("ann@example.org"),
	}
	issued, err := signer.Issue(token.PurposeReset, state, time.Hour)
	require.NoError(t, err)
	return issuer{signer, state, request{
		Secret: hex.EncodeToString(secret), Site: "https://app.example",
		Purpose: token.PurposeReset, Kid: "2026-11", Token: issued.Reveal(),
	}, issued.ExpiresAt()}
}

// ids are the user ids that a JSON parser could get wrong.
func ids() []string {
	return []string{
		"42", "5f0c9a3e-94c7-4c3a-8f0e-0a54d2b6b3a1", `a"b\c/d`, "<&>'",
		"jörg 山田 🔑", "a\u2028b\u2029c",
	}
}

func run(t *testing.T, name string, args []string, in request) answer {
	t.Helper()
	text, err := json.Marshal(in)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var a answer
	require.NoError(t, json.Unmarshal(out, &a))
	return a
}

// requireSame asserts that the other side reads what was issued.
func requireSame(t *testing.T, from issuer, got answer) {
	t.Helper()
	require.Equal(t,
		map[string]string{"alg": "HS256", "kid": "2026-11", "typ": "reset+jwt"},
		got.Header)
	require.Len(t, got.Payload, 4)
	require.Equal(t, from.state.UserID, got.Payload["sub"])
	require.Equal(t, float64(from.expires.Unix()), got.Payload["exp"])
	require.Equal(t, float64(from.expires.Add(-time.Hour).Unix()),
		got.Payload["iat"])
	require.Len(t, got.Payload["fp"], 22)
	require.Len(t, got.Refused, 2)
}

func TestPythonsJWTReadsOurTokens(t *testing.T) {
	t.Parallel()
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), name, "-c",
			"import jwt; jwt.InvalidSignatureError").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		missing(t, "no python3 with PyJWT (Debian: python3-jwt)")
	}
	for _, id := range ids() {
		from := newIssuer(t, id)
		requireSame(t, from,
			run(t, python, []string{"verify.py"}, from.request))
	}
}

func TestNodesJoseReadsOurTokensAndMakesTheSame(t *testing.T) {
	t.Parallel()
	dir := installed(t)
	for _, id := range ids() {
		from := newIssuer(t, id)
		// jose is not asked to make an id with U+2028: JSON.stringify leaves it
		// as it is, and there is one spelling only.
		from.request.Claims = map[string]any{
			"exp": 1, "fp": "", "iat": 0, "sub": "",
		}
		first := run(t, "node", []string{filepath.Join(dir, "verify.mjs")},
			from.request)
		requireSame(t, from, first)
		if id == ids()[5] {
			continue
		}
		from.request.Claims = first.Payload
		made := run(t, "node", []string{filepath.Join(dir, "verify.mjs")},
			from.request).Token
		require.Equal(t, from.request.Token, made)
		claims, err := from.signer.Verify(t.Context(), made, token.PurposeReset,
			func(context.Context, string) (token.State, error) {
				return from.state, nil
			})
		require.NoError(t, err)
		require.Equal(t, id, claims.UserID)
	}
}

// installed returns a folder with the script and jose beside it.
func installed(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			missing(t, name+" is not installed")
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"verify.mjs", "package.json", "package-lock.json"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts",
		"--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, "npm cannot install jose: "+string(out))
	}
	return dir
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}
