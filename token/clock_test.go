package token_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// at is a Signer whose clock shows d after the issue, with the leeway given.
func at(t *testing.T, d, leeway time.Duration) *token.Signer {
	t.Helper()
	cfg := config(t)
	cfg.Leeway = leeway
	cfg.Now = func() time.Time { return issuedAt().Add(d) }
	return newSigner(t, cfg)
}

func verifyAt(t *testing.T, s *token.Signer, raw string) token.Reason {
	t.Helper()
	users := tableOf(ann())
	claims, err := s.Verify(t.Context(), raw, token.Reset, users.load)
	if err == nil {
		require.Equal(t, ann().UserID, claims.UserID)
		require.EqualValues(t, 1, users.loads.Load())
		return ""
	}
	require.Zero(t, users.loads.Load(), "the times come before the store")
	require.ErrorIs(t, err, token.ErrRejected)
	var rejected *token.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, ann().UserID, rejected.UserID, "the MAC was good")
	return rejected.Reason
}

func TestExpiryIsExactToTheSecond(t *testing.T) {
	t.Parallel()
	raw := issue(t, at(t, 0, 0), token.Reset, ann(), time.Hour).Reveal()
	for age, want := range map[time.Duration]token.Reason{
		0:                           "",
		time.Hour - time.Second:     "",
		time.Hour - time.Nanosecond: "",
		time.Hour:                   token.ReasonExpired,
		time.Hour + time.Nanosecond: token.ReasonExpired,
		time.Hour + time.Second:     token.ReasonExpired,
		100 * 365 * 24 * time.Hour:  token.ReasonExpired,
	} {
		require.Equal(t, want, verifyAt(t, at(t, age, 0), raw), age)
		// A leeway forgives a clock that is behind; it must not lengthen a life.
		require.Equal(t, want, verifyAt(t, at(t, age, time.Minute), raw), age)
	}
}

func TestIssueInTheFutureIsForgivenUpToTheLeeway(t *testing.T) {
	t.Parallel()
	raw := issue(t, at(t, 0, 0), token.Reset, ann(), time.Hour).Reveal()
	for _, tt := range []struct {
		behind, leeway time.Duration
		want           token.Reason
	}{
		{0, 0, ""},
		{time.Nanosecond, 0, token.ReasonNotYetValid},
		{time.Second, 0, token.ReasonNotYetValid},
		{4 * time.Second, 5 * time.Second, ""},
		{5 * time.Second, 5 * time.Second, ""},
		{5*time.Second + time.Nanosecond, 5 * time.Second, token.ReasonNotYetValid},
		{6 * time.Second, 5 * time.Second, token.ReasonNotYetValid},
		{time.Minute, time.Minute, ""},
		{time.Minute + time.Second, time.Minute, token.ReasonNotYetValid},
		{24 * time.Hour, time.Minute, token.ReasonNotYetValid},
	} {
		require.Equal(t, tt.want, verifyAt(t, at(t, -tt.behind, tt.leeway), raw), "%v behind, leeway %v", tt.behind, tt.leeway)
	}
}

// A clock that was set back brings no expired token to life beyond its iat, and
// one that jumps ahead kills early: both fail closed.
func TestAClockThatSteps(t *testing.T) {
	t.Parallel()
	now := issuedAt()
	cfg := config(t)
	cfg.Now = func() time.Time { return now }
	s := newSigner(t, cfg)
	raw := issue(t, s, token.Reset, ann(), time.Hour).Reveal()
	now = issuedAt().Add(2 * time.Hour)
	require.Equal(t, token.ReasonExpired, verifyAt(t, s, raw))
	now = issuedAt().Add(-time.Hour)
	require.Equal(t, token.ReasonNotYetValid, verifyAt(t, s, raw))
	now = issuedAt().Add(30 * time.Minute)
	require.Empty(t, verifyAt(t, s, raw))
	now = time.Unix(0, 0)
	require.Equal(t, token.ReasonNotYetValid, verifyAt(t, s, raw))
	now = time.Time{}
	require.Equal(t, token.ReasonNotYetValid, verifyAt(t, s, raw))
}

func TestAVerifierWithAShorterMaximumRejectsLongTokens(t *testing.T) {
	t.Parallel()
	issuer := newSigner(t, config(t))
	cfg := config(t)
	cfg.Purposes = map[token.Purpose]token.Lifetime{token.Reset: {Max: 10 * time.Minute}}
	strict := newSigner(t, cfg)
	for lifetime, want := range map[time.Duration]token.Reason{
		10*time.Minute - time.Second: "",
		10 * time.Minute:             "",
		10*time.Minute + time.Second: token.ReasonTooLongLived,
		24 * time.Hour:               token.ReasonTooLongLived,
	} {
		require.Equal(t, want, verifyAt(t, strict, issue(t, issuer, token.Reset, ann(), lifetime).Reveal()), lifetime)
	}
}

func TestTimeZonesDoNotMatter(t *testing.T) {
	t.Parallel()
	var first token.Token
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600), time.FixedZone("odd", 3600+17)} {
		cfg := config(t)
		cfg.Now = func() time.Time { return issuedAt().In(zone) }
		s := newSigner(t, cfg)
		issued := issue(t, s, token.Reset, ann(), time.Hour)
		if first.IsZero() {
			first = issued
		}
		require.Equal(t, first.Reveal(), issued.Reveal())
		require.Equal(t, time.UTC, issued.ExpiresAt().Location())
		require.Empty(t, verifyAt(t, s, first.Reveal()))
	}
}

func TestTheClockIsTimeNowUnlessConfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := config(t)
		cfg.Now = nil
		s := newSigner(t, cfg)
		raw := issue(t, s, token.Reset, ann(), time.Minute).Reveal()
		<-time.After(time.Minute - time.Second)
		require.Empty(t, verifyAt(t, s, raw))
		<-time.After(time.Second)
		require.Equal(t, token.ReasonExpired, verifyAt(t, s, raw))
	})
}
