package token_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// vector is one token that testdata/vectors.py made.
type vector struct {
	Name           string
	Secret         string
	Kid            string
	Site           string
	Purpose        token.Purpose
	UserID         string `json:"user_id"`
	PasswordHash   string `json:"password_hash"`
	Email          string
	Stamp          string
	IssuedAt       int64 `json:"issued_at"`
	Lifetime       int64
	MACKey         string `json:"mac_key"`
	FingerprintKey string `json:"fingerprint_key"`
	Fingerprint    string
	Claims         string
	Token          string
	ID             string
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	var all []vector
	readVectors(tb, "vectors.json", &all)
	require.NotEmpty(tb, all)
	return all
}

// readVectors reads a file that testdata/vectors.py has made.
func readVectors(tb testing.TB, name string, into any) {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(text, into))
}

func (v vector) now() time.Time { return time.Unix(v.IssuedAt, 0) }

func (v vector) state() token.State {
	return token.State{
		UserID:       v.UserID,
		PasswordHash: token.Hide(v.PasswordHash),
		Email:        token.Hide(v.Email),
		Stamp:        token.Hide(v.Stamp),
	}
}

func (v vector) signer(tb testing.TB) *token.Signer {
	tb.Helper()
	cfg := token.Config{
		Site: v.Site,
		Keys: newRing(tb, newKey(tb, v.Kid, unhex(tb, v.Secret))),
		Now:  v.now,
	}
	if v.Purpose != token.PurposeReset && v.Purpose != token.PurposeInvite {
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			v.Purpose: {Max: 24 * time.Hour},
		}
	}
	return newSigner(tb, cfg)
}

func (v vector) issue(tb testing.TB, s *token.Signer) token.Token {
	tb.Helper()
	lifetime := time.Duration(v.Lifetime) * time.Second
	return issue(tb, s, v.Purpose, v.state(), lifetime)
}

// A change of the format shows here first: the tokens must stay, byte for byte,
// what an implementation that shares no code with this one makes.
//
//lostkey:covers RFC8725-3.2
func TestTokensAreThoseOfAnIndependentImplementation(t *testing.T) {
	t.Parallel()

	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			s := v.signer(t)
			issued := v.issue(t, s)
			require.Equal(t, v.Token, issued.Reveal())
			require.Equal(t, v.ID, issued.ID())
			_, payload, _ := segments(issued.Reveal())
			require.Equal(t, v.Claims, unb64(t, payload))

			claims, err := verify(t, s, v.Token, v.Purpose, v.state())
			require.NoError(t, err)
			require.Equal(t, token.Claims{
				UserID:    v.UserID,
				Purpose:   v.Purpose,
				KeyID:     v.Kid,
				TokenID:   v.ID,
				IssuedAt:  v.now().UTC(),
				ExpiresAt: time.Unix(v.IssuedAt+v.Lifetime, 0).UTC(),
			}, claims)
		})
	}
}

// The forger of the attack suite and the vectors must mean the same keys.
func TestDerivationIsAsDocumented(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t)[:2] {
		secret := unhex(t, v.Secret)
		require.Equal(t, v.MACKey,
			hex.EncodeToString(macKeyOf(t, secret, v.Site, v.Purpose)))
		require.Equal(t, v.FingerprintKey,
			hex.EncodeToString(fingerprintKeyOf(t, secret, v.Site)))
		require.Equal(t, v.Fingerprint,
			fingerprintOf(t, secret, v.Site, v.Purpose, v.state()))
	}
}

func TestVectorsAreWhatTheirScriptMakes(t *testing.T) {
	t.Parallel()

	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
			t.Fatal("python3 is not installed")
		}
		t.Skip("python3 is not installed")
	}
	for _, name := range []string{"vectors.json", "macs.json"} {
		cmd := exec.CommandContext(t.Context(), python,
			"testdata/vectors.py", name)
		got, err := cmd.Output()
		require.NoError(t, err)
		want, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}
