package token_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
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

	// now is the user's row. Nil means the state that the token is for.
	now *token.State
}

// family collects attacks of one kind.
type family struct {
	name    string
	attacks []attack
}

func (f *family) add(want token.Reason, name, raw string) {
	f.attacks = append(f.attacks, attack{
		family: f.name, name: name, raw: raw, want: want,
	})
}

// attacks returns all forgeries. One that has two names counts once.
func attacks(tb testing.TB) []attack {
	tb.Helper()
	v := victimOf(tb)
	families := slices.Concat(
		structureAttacks(v),
		encodingAttacks(tb, v),
		algorithmAttacks(v),
		keyAttacks(tb, v),
		headerAttacks(v),
		claimAttacks(v),
		timeAttacks(v),
		contextAttacks(tb, v),
		stateAttacks(tb, v),
	)

	var all []attack
	seen := map[string]bool{v.raw: true}
	for _, a := range families {
		what := a.raw
		if a.now != nil {
			what += "|" + stateText(token.PurposeReset, *a.now)
		}
		if !seen[what] {
			seen[what] = true
			all = append(all, a)
		}
	}

	return all
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

// load is the load function over a users table in which the attack has left
// its row.
func (a attack) load(
	users *table,
) func(context.Context, string) (token.State, error) {
	if a.now == nil {
		return users.load
	}
	return func(context.Context, string) (token.State, error) {
		users.loads.Add(1)
		if a.now.UserID == "" {
			err := fmt.Errorf("select: %w", token.ErrUnknownUser)
			return token.State{}, err
		}
		return *a.now, nil
	}
}

//lostkey:covers ASVS-9.1.1 ASVS-9.1.2 ASVS-9.1.3
//lostkey:covers RFC8725-3.1 RFC8725-3.3 RFC8725-3.10 CWE-347
func TestVerifyRejectsEveryAttack(t *testing.T) {
	t.Parallel()

	v, s := victimOf(t), newSigner(t, config(t))
	all := attacks(t)
	require.Greater(t, len(all), 900)

	for _, a := range all {
		t.Run(a.family+"/"+a.name, func(t *testing.T) {
			users := tableOf(v.state)
			claims, err := s.Verify(t.Context(), a.raw, token.PurposeReset,
				a.load(users))
			requireRejected(t, a.want, claims, err)
			require.Equal(t, a.loads(), users.loads.Load(),
				"calls of the load function")
		})
	}
}

// What the attacks are made of must verify, or they would all be rejected for
// the same wrong reason.
func TestVerifyTakesTheTokenThatTheAttacksStartFrom(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	for _, raw := range []string{v.raw, v.sealed(v.claims())} {
		claims, err := verify(t, s, raw, token.PurposeReset, v.state)
		require.NoError(t, err)
		require.Equal(t, v.state.UserID, claims.UserID)
	}
}

//lostkey:covers ASVS-9.1.1 CWE-347
func TestVerifyRejectsEachBitFlipOfTheMAC(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	users := tableOf(v.state)
	mac := []byte(unb64(t, v.signature))

	for bit := range len(mac) * 8 {
		mac[bit/8] ^= 1 << (bit % 8)
		raw := v.header + "." + v.payload + "." + b64(string(mac))
		claims, err := s.Verify(t.Context(), raw, token.PurposeReset,
			users.load)
		requireRejected(t, token.ReasonSignature, claims, err)
		mac[bit/8] ^= 1 << (bit % 8)
	}
	require.Zero(t, users.loads.Load())
}

func TestVerifyRejectsEachSubstitutionOfOneCharacter(t *testing.T) {
	t.Parallel()

	const others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" +
		"0123456789-_.+/= \n\r\x00"
	v, s := victimOf(t), newSigner(t, config(t))
	users := tableOf(v.state)

	tried := 0
	for i := range len(v.raw) {
		for _, other := range []byte(others) {
			if other == v.raw[i] {
				continue
			}
			tried++
			raw := v.raw[:i] + string(other) + v.raw[i+1:]
			claims, err := s.Verify(t.Context(), raw, token.PurposeReset,
				users.load)
			require.ErrorIs(t, err, token.ErrRejected,
				"position %d, character %q", i, other)
			require.Zero(t, claims)
		}
	}
	require.Zero(t, users.loads.Load())
	require.Equal(t, len(v.raw)*(len(others)-1), tried)
}

const tableOfAttacks = `# Attacks on a reset token

%d forgeries. Each bit flip of the MAC and each substitution of one character
have tests of their own. golang-jwt's parser, given the right key, accepts %d
of them, and %d with strict decoding. It is set up with the valid methods, a
required exp and a checked iat. It cannot know of purposes and user states, so
it accepts those rows.

| family | attack | golang-jwt | golang-jwt, strict decoding | this package |
|---|---|---|---|---|
`

// The table of all attacks says what golang-jwt's parser, set up with care,
// does with each when it is given the right key. What is accepted there is what
// this package adds. Rewrite it with -update.
func TestAttackTableIsCurrent(t *testing.T) {
	t.Parallel()

	v := victimOf(t)
	var rows strings.Builder
	count, accepted, acceptedStrict := 0, 0, 0

	for _, a := range attacks(t) {
		plain := parserVerdict(a.raw, v.key)
		strict := parserVerdict(a.raw, v.key, jwt.WithStrictDecoding())
		count++
		if plain == accepts {
			accepted++
		}
		if strict == accepts {
			acceptedStrict++
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s | %s |\n", a.family,
			strings.ReplaceAll(a.name, "|", `\|`), plain, strict, a.want)
	}
	head := fmt.Sprintf(tableOfAttacks, count, accepted, acceptedStrict)
	requireGolden(t, "testdata/attacks.md", head+rows.String())
}

const accepts = "**accepts**"

func parserVerdict(raw string, key []byte, opts ...jwt.ParserOption) string {
	type claims struct {
		jwt.RegisteredClaims
		Fingerprint string `json:"fp"`
	}
	opts = append(opts, jwt.WithValidMethods([]string{"HS256"}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithTimeFunc(issuedAt))
	_, err := jwt.NewParser(opts...).ParseWithClaims(raw, &claims{},
		func(*jwt.Token) (any, error) { return key, nil })
	if err == nil {
		return accepts
	}

	for _, known := range []error{
		jwt.ErrTokenSignatureInvalid, jwt.ErrTokenMalformed,
		jwt.ErrTokenExpired, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenUnverifiable,
		jwt.ErrTokenInvalidClaims,
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
	require.Equal(t, string(want), got,
		"run the test with -update and look at the difference")
}
