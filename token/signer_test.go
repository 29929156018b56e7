package token_test

import (
	"math"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()

	for want, change := range map[string]func(*token.Config){
		"Site is empty": func(c *token.Config) { c.Site = "" },
		"Keys is empty": func(c *token.Config) { c.Keys = token.Keys{} },
		"Leeway is -1ns, want 0 to 1m0s": func(c *token.Config) {
			c.Leeway = -1
		},
		"Leeway is 1m0.000000001s, want 0 to 1m0s": func(c *token.Config) {
			c.Leeway = time.Minute + 1
		},
	} {
		cfg := config(t)
		change(&cfg)
		s, err := token.New(cfg)
		require.EqualError(t, err, "token: Config."+want)
		require.Nil(t, s)
	}
}

func TestNewRefusesPurposes(t *testing.T) {
	t.Parallel()

	const hour, day = time.Hour, 24 * time.Hour
	const alphabet = ": name has characters other than " +
		"lower-case letters, digits and hyphens"
	long := token.Purpose(repeat("p", 33))
	for _, tt := range []struct {
		purpose    token.Purpose
		byDefault  time.Duration
		max        time.Duration
		wantSuffix string
	}{
		{"", hour, 0, ": name has 0 characters, want 1 to 32"},
		{long, hour, 0, ": name has 33 characters, want 1 to 32"},
		{"Reset", hour, 0, alphabet},
		{`a","alg":"none`, hour, 0, alphabet},

		{"own", 0, 0, `["own"].Max is 0s, want 1s to 720h0m0s`},
		{"own", 0, -hour, `["own"].Max is -1h0m0s, want 1s to 720h0m0s`},
		{"own", -hour, 0, `["own"].Max is -1h0m0s, want 1s to 720h0m0s`},
		{
			"own", 0, 30*day + 1,
			`["own"].Max is 720h0m0.000000001s, want 1s to 720h0m0s`,
		},
		{
			"own", time.Second - 1, 0,
			`["own"].Max is 999.999999ms, want 1s to 720h0m0s`,
		},
		{
			token.PurposeReset, 0, day + 1,
			`["reset"].Max is 24h0m0.000000001s, want 1s to 24h0m0s`,
		},
		{
			token.PurposeInvite, 0, 7*day + 1,
			`["invite"].Max is 168h0m0.000000001s, want 1s to 168h0m0s`,
		},

		{"own", -hour, hour, `["own"].Default is -1h0m0s, want 1s to 1h0m0s`},
		{"own", 2 * hour, hour, `["own"].Default is 2h0m0s, want 1s to 1h0m0s`},
		{
			"own", time.Second - 1, hour,
			`["own"].Default is 999.999999ms, want 1s to 1h0m0s`,
		},
		{
			token.PurposeReset, day + 1, 0,
			`["reset"].Default is 24h0m0.000000001s, want 1s to 24h0m0s`,
		},
	} {
		cfg := config(t)
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			tt.purpose: {Default: tt.byDefault, Max: tt.max},
		}
		s, err := token.New(cfg)
		require.EqualError(t, err, "token: Config.Purposes"+tt.wantSuffix)
		require.Nil(t, s)
	}
}

func TestTheZeroSignerIsUseless(t *testing.T) {
	t.Parallel()
	var s token.Signer
	issued, err := s.Issue(token.PurposeReset, ann(), 0)
	require.EqualError(t, err, `token: purpose "reset" is not configured`)
	require.True(t, issued.IsZero())

	claims, err := verify(t, &s, victimOf(t).raw, token.PurposeReset, ann())
	require.EqualError(t, err, `token: purpose "reset" is not configured`)
	require.Zero(t, claims)
}

// requireNotIssued asserts all that a failure of Issue promises.
func requireNotIssued(
	t *testing.T, want string, issued token.Token, err error,
) {
	t.Helper()
	require.EqualError(t, err, want)
	require.NotErrorIs(t, err, token.ErrRejected)
	require.True(t, issued.IsZero())
	require.Empty(t, issued.Reveal())
	require.Empty(t, issued.ID())
	require.True(t, issued.ExpiresAt().IsZero())
	require.NotContains(t, err.Error(), "argon2id")
	require.NotContains(t, err.Error(), "example.org")
}

func TestIssueRefusesPurposesAndLifetimes(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		purpose  token.Purpose
		lifetime time.Duration
		want     string
	}{
		{"", 0, `token: purpose "" is not configured`},
		{"email-change", 0, `token: purpose "email-change" is not configured`},
		{"Reset", 0, `token: purpose "Reset" is not configured`},
		{
			token.PurposeReset, -time.Hour, "token: lifetime is -1h0m0s, " +
				`want 1s to 24h0m0s for purpose "reset"`,
		},
		{
			token.PurposeReset, time.Second - 1, "token: lifetime is 999.999999ms, " +
				`want 1s to 24h0m0s for purpose "reset"`,
		},
		{
			token.PurposeReset, 24*time.Hour + 1,
			"token: lifetime is 24h0m0.000000001s, " +
				`want 1s to 24h0m0s for purpose "reset"`,
		},
		{
			token.PurposeInvite, math.MaxInt64,
			"token: lifetime is 2562047h47m16.854775807s, " +
				`want 1s to 168h0m0s for purpose "invite"`,
		},
	} {
		issued, err := newSigner(t, config(t)).Issue(
			tt.purpose, ann(), tt.lifetime)
		requireNotIssued(t, tt.want, issued, err)
	}
}

func TestIssueRefusesIDs(t *testing.T) {
	t.Parallel()

	const control = "has a control character"
	const encoding = "is not valid UTF-8"
	for id, want := range map[string]string{
		"":               "has 0 bytes, want 1 to 255",
		repeat("a", 256): "has 256 bytes, want 1 to 255",
		repeat("é", 128): "has 256 bytes, want 1 to 255",
		"a\x00":          control,
		"a\nb":           control,
		"a\x7f":          control, // DEL
		"a\u0085":        control, // C1
		"a\xff":          encoding,
		"\xed\xa0\x80":   encoding, // half a surrogate
		"\xc0\x80":       encoding, // over-long NUL
	} {
		state := annWith(func(s *token.State) { s.UserID = id })
		issued, err := newSigner(t, config(t)).Issue(token.PurposeReset, state,
			0)
		requireNotIssued(t, "token: State.UserID "+want, issued, err)
	}
}

func TestIssueRefusesStates(t *testing.T) {
	t.Parallel()

	const tooLong = "token: State has a field of more than 4096 bytes"
	long := token.Hide(repeat("h", 4097))
	for _, tt := range []struct {
		purpose token.Purpose
		change  func(*token.State)
		want    string
	}{
		{
			token.PurposeReset,
			func(s *token.State) { s.PasswordHash = token.Hidden{} },
			"token: State.PasswordHash is empty, there is no password to reset",
		},
		{
			token.PurposeReset, func(s *token.State) { *s = token.State{} },
			"token: State.UserID has 0 bytes, want 1 to 255",
		},
		{token.PurposeReset, func(s *token.State) { s.PasswordHash = long }, tooLong},
		{token.PurposeReset, func(s *token.State) { s.Email = long }, tooLong},
		{token.PurposeInvite, func(s *token.State) { s.Stamp = long }, tooLong},
	} {
		issued, err := newSigner(t, config(t)).Issue(
			tt.purpose, annWith(tt.change), 0)
		requireNotIssued(t, tt.want, issued, err)
	}
}

func TestIssueRefusesAClockThatIsOutOfRange(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"zero clock":  {},
		"1970":        time.Unix(0, 0),
		"before 1970": time.Unix(-1, 0),
		"far ahead":   time.Unix(999999999999, 0),
		"the end":     time.Unix(math.MaxInt64, 0),
	} {
		t.Log(name)
		issued, err := newSignerAt(t, now).Issue(token.PurposeReset, ann(), 0)
		requireNotIssued(t, "token: the clock is out of range", issued, err)
	}
}

func TestIssueUsesTheLifetimesOfThePurpose(t *testing.T) {
	t.Parallel()

	const hour = time.Hour
	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			"email-change":  {Default: 10 * time.Minute},
			"email-confirm": {Max: 48 * hour},
			"short":         {Default: time.Second, Max: 2 * time.Second},
		}
	})
	for _, tt := range []struct {
		purpose token.Purpose
		ask     time.Duration
		want    time.Duration
	}{
		{token.PurposeReset, 0, hour},
		{token.PurposeReset, 24 * hour, 24 * hour},
		{token.PurposeReset, time.Second, time.Second},
		{token.PurposeReset, 1999 * time.Millisecond, time.Second},
		{token.PurposeInvite, 0, 72 * hour},
		{token.PurposeInvite, 168 * hour, 168 * hour},
		{"email-change", 0, 10 * time.Minute},
		{"email-confirm", 0, 48 * hour},
		{"short", 0, time.Second},
		{"short", 2 * time.Second, 2 * time.Second},
	} {
		issued := issue(t, s, tt.purpose, ann(), tt.ask)
		require.Equal(t, issuedAt().Add(tt.want).UTC(), issued.ExpiresAt())
		claims, err := verify(t, s, issued.Reveal(), tt.purpose, ann())
		require.NoError(t, err)
		require.Equal(t, issued.ExpiresAt(), claims.ExpiresAt)
		require.Equal(t, issuedAt().UTC(), claims.IssuedAt)
	}

	_, err := s.Issue("email-change", ann(), 10*time.Minute+1)
	require.Error(t, err, "the other field is the maximum")
}

func TestTheLifetimesOfBuiltInPurposesCanBeNarrowed(t *testing.T) {
	t.Parallel()

	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			token.PurposeReset:  {Max: 20 * time.Minute},
			token.PurposeInvite: {Default: time.Hour},
		}
	})
	for _, tt := range []struct {
		purpose token.Purpose
		ask     time.Duration
		want    time.Duration
	}{
		{token.PurposeReset, 0, 20 * time.Minute},
		{token.PurposeInvite, 0, time.Hour},
		{token.PurposeInvite, 168 * time.Hour, 168 * time.Hour},
	} {
		issued := issue(t, s, tt.purpose, ann(), tt.ask)
		require.Equal(t, issuedAt().Add(tt.want).UTC(), issued.ExpiresAt())
	}
}

func TestNewCopiesTheConfiguration(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Purposes = own("own")
	s := newSigner(t, cfg)
	cfg.Purposes["own"] = token.Lifetime{Default: time.Minute}
	delete(cfg.Purposes, token.PurposeReset)
	require.Equal(t, issuedAt().Add(time.Hour).UTC(),
		issue(t, s, "own", ann(), 0).ExpiresAt())
}

//lostkey:covers ASVS-14.1.1
func TestTokensHoldAClosedSetOfClaimsAndNoPersonalData(t *testing.T) {
	t.Parallel()

	state := annWith(func(s *token.State) {
		s.Stamp = token.Hide("stamp-canary")
	})
	s := newSigner(t, config(t))
	raw := issue(t, s, token.PurposeReset, state, 0).Reveal()

	parsed := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(raw, parsed)
	require.NoError(t, err)
	require.Len(t, parsed, 4)
	header, payload, _ := segments(raw)
	require.Equal(t, headerOf(keyID, token.PurposeReset), unb64(t, header))

	text := unb64(t, header) + unb64(t, payload) + raw
	hash := state.PasswordHash.Reveal()
	for _, secret := range []string{
		hash, hash[:12], "QmFzZTY0", state.Email.Reveal(), "example.org",
		state.Stamp.Reveal(), "app.example",
	} {
		require.NotContains(t, text, secret)
	}
}
