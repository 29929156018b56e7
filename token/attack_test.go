package token_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

var update = flag.Bool("update", false, "rewrite the tables in testdata")

// attack is one thing that must not verify for the purpose reset.
type attack struct {
	family, name string
	raw          string
	want         token.Reason
	now          *token.State // what the user's row holds now; nil means what the token was made for
}

// loads is how often the users table may be asked: never, unless the MAC and
// the times are good.
func (a attack) loads() int64 {
	switch a.want {
	case token.ReasonStale, token.ReasonUnknownUser:
		return 1
	default:
		return 0
	}
}

func attacks(tb testing.TB) []attack {
	tb.Helper()
	v := victimOf(tb)
	var all []attack
	seen := map[string]bool{v.raw: true} // a forgery that has two names counts once
	for _, family := range [][]attack{
		structureAttacks(v), encodingAttacks(tb, v), algorithmAttacks(tb, v), keyAttacks(tb, v), headerAttacks(v),
		claimAttacks(v), timeAttacks(v), contextAttacks(tb, v), stateAttacks(tb, v),
	} {
		for _, a := range family {
			what := a.raw
			if a.now != nil {
				what += fmt.Sprintf("|%q", [4]string{a.now.UserID, a.now.PasswordHash.Reveal(), a.now.Email.Reveal(), a.now.Stamp.Reveal()})
			}
			if !seen[what] {
				seen[what] = true
				all = append(all, a)
			}
		}
	}
	return all
}

func TestVerifyRejectsEveryAttack(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	s := newSigner(t, config(t))
	all := attacks(t)
	require.Greater(t, len(all), 900)
	for _, a := range all {
		t.Run(a.family+"/"+a.name, func(t *testing.T) {
			users := tableOf(v.state)
			load := users.load
			if a.now != nil {
				load = func(context.Context, string) (token.State, error) {
					users.loads.Add(1)
					return *a.now, nil
				}
				if a.now.UserID == "" {
					load = func(context.Context, string) (token.State, error) {
						users.loads.Add(1)
						return token.State{}, fmt.Errorf("select: %w", token.ErrUnknownUser)
					}
				}
			}
			claims, err := s.Verify(t.Context(), a.raw, token.Reset, load)
			requireRejected(t, a.want, claims, err)
			require.Equal(t, a.loads(), users.loads.Load(), "calls of the load function")
		})
	}
}

// What the attacks are made of must verify, or they would all be rejected for
// the same wrong reason.
func TestVerifyTakesTheTokenThatTheAttacksStartFrom(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	s := newSigner(t, config(t))
	for _, raw := range []string{v.raw, v.sealed(v.claims())} {
		claims, err := s.Verify(t.Context(), raw, token.Reset, tableOf(v.state).load)
		require.NoError(t, err)
		require.Equal(t, v.state.UserID, claims.UserID)
	}
}

func TestVerifyRejectsEachBitFlipOfTheMAC(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	s, users := newSigner(t, config(t)), tableOf(v.state)
	mac := []byte(unb64(t, v.signature))
	for bit := range len(mac) * 8 {
		mac[bit/8] ^= 1 << (bit % 8)
		claims, err := s.Verify(t.Context(), v.header+"."+v.payload+"."+b64(string(mac)), token.Reset, users.load)
		requireRejected(t, token.ReasonSignature, claims, err)
		mac[bit/8] ^= 1 << (bit % 8)
	}
	require.Zero(t, users.loads.Load())
}

func TestVerifyRejectsEachSubstitutionOfOneCharacter(t *testing.T) {
	t.Parallel()
	const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= \n\r\x00"
	v := victimOf(t)
	s, users := newSigner(t, config(t)), tableOf(v.state)
	tried := 0
	for i := range len(v.raw) {
		for _, other := range []byte(others) {
			if other == v.raw[i] {
				continue
			}
			tried++
			claims, err := s.Verify(t.Context(), v.raw[:i]+string(other)+v.raw[i+1:], token.Reset, users.load)
			require.ErrorIs(t, err, token.ErrRejected, "position %d, character %q", i, other)
			require.Zero(t, claims)
		}
	}
	require.Zero(t, users.loads.Load())
	require.Equal(t, len(v.raw)*(len(others)-1), tried)
}

// The table of all attacks says what golang-jwt's parser, set up with care, does
// with each when it is given the right key: what is accepted there is what this
// package adds. Rewrite it with -update.
func TestAttackTableIsCurrent(t *testing.T) {
	t.Parallel()
	v := victimOf(t)
	var rows strings.Builder
	count, accepted, acceptedStrict := 0, 0, 0
	for _, a := range attacks(t) {
		plain, strict := parserVerdict(a.raw, v.key), parserVerdict(a.raw, v.key, jwt.WithStrictDecoding())
		count++
		if plain == accepts {
			accepted++
		}
		if strict == accepts {
			acceptedStrict++
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s | %s |\n", a.family, strings.ReplaceAll(a.name, "|", `\|`), plain, strict, a.want)
	}
	got := fmt.Sprintf(`# Attacks on a reset token

%d forgeries, beside each bit flip of the MAC and each substitution of one character, which have tests of their own.
golang-jwt's parser, given the right key, accepts %d of them, and %d with strict decoding. It is set up with the valid
methods, a required exp and a checked iat; it cannot know of purposes and user states, which is why it accepts those rows.

| family | attack | golang-jwt | golang-jwt, strict decoding | this package |
|---|---|---|---|---|
`, count, accepted, acceptedStrict) + rows.String()
	requireGolden(t, "testdata/attacks.md", got)
}

const accepts = "**accepts**"

func parserVerdict(raw string, key []byte, opts ...jwt.ParserOption) string {
	type claims struct {
		jwt.RegisteredClaims
		Fingerprint string `json:"fp"`
	}
	opts = append(opts, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(issuedAt))
	_, err := jwt.NewParser(opts...).ParseWithClaims(raw, &claims{}, func(*jwt.Token) (any, error) { return key, nil })
	if err == nil {
		return accepts
	}
	for _, known := range []error{
		jwt.ErrTokenSignatureInvalid, jwt.ErrTokenMalformed, jwt.ErrTokenExpired, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenUnverifiable, jwt.ErrTokenInvalidClaims,
	} {
		if errors.Is(err, known) {
			return "rejects: " + strings.TrimPrefix(known.Error(), "token ")
		}
	}
	return "rejects"
}

func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the test with -update and look at the difference")
}
