package token_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		change func(*token.Config)
		want   string
	}{
		"no site":            {func(c *token.Config) { c.Site = "" }, "token: Config.Site is empty"},
		"no keys":            {func(c *token.Config) { c.Keys = token.Keys{} }, "token: Config.Keys is empty"},
		"negative leeway":    {func(c *token.Config) { c.Leeway = -1 }, "token: Config.Leeway is -1ns, want 0 to 1m0s"},
		"long leeway":        {func(c *token.Config) { c.Leeway = time.Minute + 1 }, "token: Config.Leeway is 1m0.000000001s, want 0 to 1m0s"},
		"empty purpose":      {purposes("", token.Lifetime{Default: time.Hour}), "token: Config.Purposes: a purpose has 0 characters, want 1 to 32"},
		"long purpose":       {purposes(token.Purpose(repeat("p", 33)), token.Lifetime{Default: time.Hour}), "token: Config.Purposes: a purpose has 33 characters, want 1 to 32"},
		"upper-case purpose": {purposes("Reset", token.Lifetime{Default: time.Hour}), "token: Config.Purposes: a purpose has characters other than lower-case letters, digits and hyphens"},
		"purpose with quote": {purposes(`a","alg":"none`, token.Lifetime{Default: time.Hour}), "token: Config.Purposes: a purpose has characters other than lower-case letters, digits and hyphens"},
		"no lifetime":        {purposes("own", token.Lifetime{}), `token: Config.Purposes["own"]: both lifetimes are zero`},
		"negative default":   {purposes("own", token.Lifetime{Default: -time.Hour, Max: time.Hour}), `token: Config.Purposes["own"]: a lifetime is under one second`},
		"negative maximum":   {purposes("own", token.Lifetime{Max: -time.Hour}), `token: Config.Purposes["own"]: a lifetime is under one second`},
		"under a second":     {purposes("own", token.Lifetime{Default: time.Second - 1, Max: time.Hour}), `token: Config.Purposes["own"]: a lifetime is under one second`},
		"default over max":   {purposes("own", token.Lifetime{Default: 2 * time.Hour, Max: time.Hour}), `token: Config.Purposes["own"]: the default is 2h0m0s, over the maximum of 1h0m0s`},
		"over a month":       {purposes("own", token.Lifetime{Max: 30*day + 1}), `token: Config.Purposes["own"]: the maximum is 720h0m0.000000001s, over the ceiling of 720h0m0s`},
		"reset over a day":   {purposes(token.Reset, token.Lifetime{Max: day + 1}), `token: Config.Purposes["reset"]: the maximum is 24h0m0.000000001s, over the ceiling of 24h0m0s`},
		"reset default":      {purposes(token.Reset, token.Lifetime{Default: day + 1}), `token: Config.Purposes["reset"]: the default is 24h0m0.000000001s, over the maximum of 24h0m0s`},
		"invite over a week": {purposes(token.Invite, token.Lifetime{Max: 7*day + 1}), `token: Config.Purposes["invite"]: the maximum is 168h0m0.000000001s, over the ceiling of 168h0m0s`},
	} {
		cfg := config(t)
		tt.change(&cfg)
		s, err := token.New(cfg)
		require.EqualError(t, err, tt.want, name)
		require.Nil(t, s)
	}
}

func purposes(p token.Purpose, l token.Lifetime) func(*token.Config) {
	return func(c *token.Config) { c.Purposes = map[token.Purpose]token.Lifetime{p: l} }
}

func TestTheZeroSignerIsUseless(t *testing.T) {
	t.Parallel()
	var s token.Signer
	issued, err := s.Issue(token.Reset, ann(), 0)
	require.EqualError(t, err, `token: purpose "reset" is not configured`)
	require.True(t, issued.IsZero())
	claims, err := s.Verify(t.Context(), victimOf(t).raw, token.Reset, tableOf(ann()).load)
	require.EqualError(t, err, `token: purpose "reset" is not configured`)
	require.Zero(t, claims)
}

func TestIssueFailsClosed(t *testing.T) {
	t.Parallel()
	with := func(change func(*token.State)) token.State {
		state := ann()
		change(&state)
		return state
	}
	for name, tt := range map[string]struct {
		purpose  token.Purpose
		state    token.State
		lifetime time.Duration
		want     string
	}{
		"no purpose":        {"", ann(), 0, `purpose "" is not configured`},
		"unknown purpose":   {"email-change", ann(), 0, `purpose "email-change" is not configured`},
		"purpose's case":    {"Reset", ann(), 0, `purpose "Reset" is not configured`},
		"negative":          {token.Reset, ann(), -time.Hour, "a lifetime of -1h0m0s"},
		"under a second":    {token.Reset, ann(), time.Second - 1, "a lifetime of 999.999999ms"},
		"over the maximum":  {token.Reset, ann(), 24*time.Hour + 1, "a lifetime of 24h0m0.000000001s"},
		"the longest":       {token.Reset, ann(), math.MaxInt64, "want 1s to 24h0m0s"},
		"no state":          {token.Reset, token.State{}, 0, "State.UserID has 0 bytes"},
		"no id":             {token.Reset, with(func(s *token.State) { s.UserID = "" }), 0, "State.UserID has 0 bytes, want 1 to 255"},
		"256 bytes of id":   {token.Reset, with(func(s *token.State) { s.UserID = repeat("a", 256) }), 0, "State.UserID has 256 bytes, want 1 to 255"},
		"256 bytes in é":    {token.Reset, with(func(s *token.State) { s.UserID = repeat("é", 128) }), 0, "State.UserID has 256 bytes, want 1 to 255"},
		"NUL in the id":     {token.Reset, with(func(s *token.State) { s.UserID = "a\x00" }), 0, "State.UserID has a control character"},
		"line break":        {token.Reset, with(func(s *token.State) { s.UserID = "a\nb" }), 0, "State.UserID has a control character"},
		"DEL":               {token.Reset, with(func(s *token.State) { s.UserID = "a\x7f" }), 0, "State.UserID has a control character"},
		"C1 control":        {token.Reset, with(func(s *token.State) { s.UserID = "a\u0085" }), 0, "State.UserID has a control character"},
		"invalid UTF-8":     {token.Reset, with(func(s *token.State) { s.UserID = "a\xff" }), 0, "State.UserID is not valid UTF-8"},
		"half a surrogate":  {token.Reset, with(func(s *token.State) { s.UserID = "\xed\xa0\x80" }), 0, "State.UserID is not valid UTF-8"},
		"over-long NUL":     {token.Reset, with(func(s *token.State) { s.UserID = "\xc0\x80" }), 0, "State.UserID is not valid UTF-8"},
		"no hash for reset": {token.Reset, with(func(s *token.State) { s.PasswordHash = token.Hide("") }), 0, "State.PasswordHash is empty"},
		"long hash":         {token.Reset, with(func(s *token.State) { s.PasswordHash = token.Hide(repeat("h", 4097)) }), 0, "State has a field of more than 4096 bytes"},
		"long address":      {token.Reset, with(func(s *token.State) { s.Email = token.Hide(repeat("h", 4097)) }), 0, "State has a field of more than 4096 bytes"},
		"long stamp":        {token.Invite, with(func(s *token.State) { s.Stamp = token.Hide(repeat("h", 4097)) }), 0, "State has a field of more than 4096 bytes"},
	} {
		issued, err := newSigner(t, config(t)).Issue(tt.purpose, tt.state, tt.lifetime)
		require.ErrorContains(t, err, tt.want, name)
		require.True(t, strings.HasPrefix(err.Error(), "token: "), name)
		require.NotErrorIs(t, err, token.ErrRejected)
		require.True(t, issued.IsZero())
		require.Empty(t, issued.Reveal())
		require.Empty(t, issued.ID())
		require.True(t, issued.ExpiresAt().IsZero())
		require.NotContains(t, err.Error(), "argon2id")
		require.NotContains(t, err.Error(), "example.org")
	}
	for name, now := range map[string]time.Time{
		"zero clock": {}, "1970": time.Unix(0, 0), "before 1970": time.Unix(-1, 0), "far ahead": time.Unix(999999999999, 0), "the end": time.Unix(math.MaxInt64, 0),
	} {
		cfg := config(t)
		cfg.Now = func() time.Time { return now }
		issued, err := newSigner(t, cfg).Issue(token.Reset, ann(), 0)
		require.EqualError(t, err, "token: the clock is out of range", name)
		require.True(t, issued.IsZero())
	}
}

func TestIssueUsesTheLifetimesOfThePurpose(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Purposes = map[token.Purpose]token.Lifetime{
		"email-change": {Default: 10 * time.Minute}, "email-confirm": {Max: 48 * time.Hour}, "short": {Default: time.Second, Max: 2 * time.Second},
	}
	s := newSigner(t, cfg)
	for _, tt := range []struct {
		purpose token.Purpose
		ask     time.Duration
		want    time.Duration
	}{
		{token.Reset, 0, time.Hour},
		{token.Reset, 24 * time.Hour, 24 * time.Hour},
		{token.Reset, time.Second, time.Second},
		{token.Reset, 1999 * time.Millisecond, time.Second},
		{token.Invite, 0, 72 * time.Hour},
		{token.Invite, 168 * time.Hour, 168 * time.Hour},
		{"email-change", 0, 10 * time.Minute},
		{"email-confirm", 0, 48 * time.Hour},
		{"short", 0, time.Second},
		{"short", 2 * time.Second, 2 * time.Second},
	} {
		issued := issue(t, s, tt.purpose, ann(), tt.ask)
		require.Equal(t, issuedAt().Add(tt.want).UTC(), issued.ExpiresAt())
		claims, err := s.Verify(t.Context(), issued.Reveal(), tt.purpose, tableOf(ann()).load)
		require.NoError(t, err)
		require.Equal(t, issued.ExpiresAt(), claims.ExpiresAt)
		require.Equal(t, issuedAt().UTC(), claims.IssuedAt)
	}
	_, err := s.Issue("email-change", ann(), 10*time.Minute+1)
	require.Error(t, err, "the other field is the maximum")
	cfg.Purposes = map[token.Purpose]token.Lifetime{token.Reset: {Max: 20 * time.Minute}, token.Invite: {Default: time.Hour}}
	s = newSigner(t, cfg)
	require.Equal(t, issuedAt().Add(20*time.Minute).UTC(), issue(t, s, token.Reset, ann(), 0).ExpiresAt())
	require.Equal(t, issuedAt().Add(168*time.Hour).UTC(), issue(t, s, token.Invite, ann(), 168*time.Hour).ExpiresAt())
}

func TestNewCopiesTheConfiguration(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	cfg.Purposes = map[token.Purpose]token.Lifetime{"own": {Default: time.Hour}}
	s := newSigner(t, cfg)
	cfg.Purposes["own"] = token.Lifetime{Default: time.Minute}
	delete(cfg.Purposes, token.Reset)
	require.Equal(t, issuedAt().Add(time.Hour).UTC(), issue(t, s, "own", ann(), 0).ExpiresAt())
}

func TestTokensHoldAClosedSetOfClaimsAndNoPersonalData(t *testing.T) {
	t.Parallel()
	state := ann()
	state.Stamp = token.Hide("stamp-canary")
	raw := issue(t, newSigner(t, config(t)), token.Reset, state, 0).Reveal()
	h, p, _ := segments(raw)
	parsed := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(raw, parsed)
	require.NoError(t, err)
	require.Len(t, parsed, 4)
	require.Equal(t, headerOf(keyID, token.Reset), unb64(t, h))
	for _, secret := range []string{state.PasswordHash.Reveal(), state.PasswordHash.Reveal()[:12], "QmFzZTY0", state.Email.Reveal(), "example.org", state.Stamp.Reveal(), "app.example"} {
		require.NotContains(t, unb64(t, h)+unb64(t, p)+raw, secret)
	}
}

func TestAFailureOfTheStoreIsNoRejection(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection refused")
	claims, err := newSigner(t, config(t)).Verify(t.Context(), victimOf(t).raw, token.Reset, func(context.Context, string) (token.State, error) {
		return ann(), broken
	})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, token.ErrRejected)
	require.EqualError(t, err, "token: load user: connection refused")
	require.Zero(t, claims)
	var rejected *token.RejectedError
	require.False(t, errors.As(err, &rejected))
}

func TestVerifyHandsItsContextToTheStore(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	cancel()
	_, err := newSigner(t, config(t)).Verify(ctx, victimOf(t).raw, token.Reset, func(ctx context.Context, id string) (token.State, error) {
		require.Equal(t, "value", ctx.Value(key{}))
		require.Equal(t, ann().UserID, id)
		return token.State{}, ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
}

func TestVerifyWithoutALoadFunctionIsAMistakeOfTheCaller(t *testing.T) {
	t.Parallel()
	claims, err := newSigner(t, config(t)).Verify(t.Context(), victimOf(t).raw, token.Reset, nil)
	require.EqualError(t, err, "token: Verify was given no load function")
	require.Zero(t, claims)
	for _, purpose := range []token.Purpose{"", "email-change", "RESET"} {
		claims, err = newSigner(t, config(t)).Verify(t.Context(), victimOf(t).raw, purpose, tableOf(ann()).load)
		require.ErrorContains(t, err, "is not configured")
		require.NotErrorIs(t, err, token.ErrRejected)
		require.Zero(t, claims)
	}
}

// Mail scanners open links, and people click twice.
func TestVerifyingDoesNotSpendAToken(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	for range 100 {
		_, err := s.Verify(t.Context(), v.raw, token.Reset, tableOf(v.state).load)
		require.NoError(t, err)
	}
}

func TestRejectedErrorNamesUserAndTokenOnceTheMACIsGood(t *testing.T) {
	t.Parallel()
	s, state := newSigner(t, config(t)), ann()
	issued := issue(t, s, token.Reset, state, 0)
	state.PasswordHash = token.Hide("changed")
	claims, err := s.Verify(t.Context(), issued.Reveal(), token.Reset, tableOf(state).load)
	requireRejected(t, token.ReasonStale, claims, err)
	rejected, _ := errors.AsType[*token.RejectedError](err)
	require.Equal(t, &token.RejectedError{Reason: token.ReasonStale, UserID: state.UserID, TokenID: issued.ID()}, rejected)
	require.Equal(t, "stale", rejected.Reason.String())

	// Whoever alters what he was given alters it for himself.
	_, err = s.Verify(t.Context(), "junk", token.Reset, tableOf(state).load)
	first, _ := errors.AsType[*token.RejectedError](err)
	first.Reason = "altered"
	second, _ := errors.AsType[*token.RejectedError](err)
	require.Equal(t, token.ReasonMalformed, second.Reason)
	var path *fs.PathError
	require.False(t, errors.As(err, &path))
}
