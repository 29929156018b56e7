package token_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// signerAfter returns a Signer whose clock shows d after the time of issue.
func signerAfter(t *testing.T, d, leeway time.Duration) *token.Signer {
	t.Helper()
	return newSignerWith(t, func(cfg *token.Config) {
		cfg.Leeway = leeway
		cfg.Now = func() time.Time { return issuedAt().Add(d) }
	})
}

// reasonOf verifies Ann's token and returns the reason of the rejection, or "".
// It asserts that the times come before the store.
func reasonOf(t *testing.T, s *token.Signer, raw string) token.Reason {
	t.Helper()
	users := tableOf(ann())
	claims, err := s.Verify(t.Context(), raw, token.PurposeReset, users.load)
	if err == nil {
		require.Equal(t, ann().UserID, claims.UserID)
		require.EqualValues(t, 1, users.loads.Load())
		return ""
	}

	require.Zero(t, users.loads.Load())
	require.ErrorIs(t, err, token.ErrRejected)
	var rejected *token.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, ann().UserID, rejected.UserID, "the MAC was good")
	return rejected.Reason
}

// annsToken returns a token for an hour.
func annsToken(t *testing.T) string {
	t.Helper()
	s := newSigner(t, config(t))
	return issue(t, s, token.PurposeReset, ann(), time.Hour).Reveal()
}

//lostkey:covers ASVS-6.5.5 ASVS-9.2.1 FP-CS-5
func TestExpiryIsExactToTheSecond(t *testing.T) {
	t.Parallel()

	raw := annsToken(t)
	for age, want := range map[time.Duration]token.Reason{
		0:                           "",
		time.Hour - time.Second:     "",
		time.Hour - time.Nanosecond: "",
		time.Hour:                   token.ReasonExpired,
		time.Hour + time.Nanosecond: token.ReasonExpired,
		time.Hour + time.Second:     token.ReasonExpired,
		100 * 365 * 24 * time.Hour:  token.ReasonExpired,
	} {
		require.Equal(t, want, reasonOf(t, signerAfter(t, age, 0), raw), age)
		// A leeway forgives a clock that is behind. It lengthens no life.
		require.Equal(t, want,
			reasonOf(t, signerAfter(t, age, time.Minute), raw), age)
	}
}

//lostkey:covers ASVS-16.2.2
func TestIssueInTheFutureIsForgivenUpToTheLeeway(t *testing.T) {
	t.Parallel()

	const second, minute = time.Second, time.Minute
	raw := annsToken(t)
	for _, tt := range []struct {
		behind, leeway time.Duration
		want           token.Reason
	}{
		{0, 0, ""},
		{1, 0, token.ReasonNotYetValid},
		{second, 0, token.ReasonNotYetValid},
		{4 * second, 5 * second, ""},
		{5 * second, 5 * second, ""},
		{5*second + 1, 5 * second, token.ReasonNotYetValid},
		{6 * second, 5 * second, token.ReasonNotYetValid},
		{minute, minute, ""},
		{minute + second, minute, token.ReasonNotYetValid},
		{24 * time.Hour, minute, token.ReasonNotYetValid},
	} {
		s := signerAfter(t, -tt.behind, tt.leeway)
		require.Equal(t, tt.want, reasonOf(t, s, raw),
			"%v behind, leeway %v", tt.behind, tt.leeway)
	}
}

// A clock that was set back brings no expired token to life beyond its iat, and
// one that jumps ahead kills early. Both fail closed.
func TestAClockThatSteps(t *testing.T) {
	t.Parallel()

	now := issuedAt()
	s := newSignerWith(t, func(cfg *token.Config) {
		cfg.Now = func() time.Time { return now }
	})
	raw := issue(t, s, token.PurposeReset, ann(), time.Hour).Reveal()

	for _, step := range []struct {
		now  time.Time
		want token.Reason
	}{
		{issuedAt().Add(2 * time.Hour), token.ReasonExpired},
		{issuedAt().Add(-time.Hour), token.ReasonNotYetValid},
		{issuedAt().Add(30 * time.Minute), ""},
		{time.Unix(0, 0), token.ReasonNotYetValid},
		{time.Time{}, token.ReasonNotYetValid},
	} {
		now = step.now
		require.Equal(t, step.want, reasonOf(t, s, raw), now)
	}
}

//lostkey:covers ASVS-9.2.1 63B-4.2.1.2-1
func TestAVerifierWithAShorterMaximumRejectsLongTokens(t *testing.T) {
	t.Parallel()

	issuer := newSigner(t, config(t))
	strict := newSignerWith(t, func(cfg *token.Config) {
		cfg.Purposes = map[token.Purpose]token.Lifetime{
			token.PurposeReset: {Max: 10 * time.Minute},
		}
	})
	for lifetime, want := range map[time.Duration]token.Reason{
		10*time.Minute - time.Second: "",
		10 * time.Minute:             "",
		10*time.Minute + time.Second: token.ReasonTooLongLived,
		24 * time.Hour:               token.ReasonTooLongLived,
	} {
		raw := issue(t, issuer, token.PurposeReset, ann(), lifetime).Reveal()
		require.Equal(t, want, reasonOf(t, strict, raw), lifetime)
	}
}

// A leeway forgives a token from the future, also one whose expiry comes before
// its time of issue. Nobody issues such a token.
func TestATokenThatNeverLivedIsMalformed(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), signerAfter(t, 0, time.Minute)
	for _, tt := range []struct {
		exp, iat int64
		want     token.Reason
	}{
		{v.iat + 31, v.iat + 30, ""},
		{v.iat + 30, v.iat + 30, token.ReasonMalformed},
		{v.iat + 29, v.iat + 30, token.ReasonMalformed},
	} {
		claims := v.claimsWith(tt.exp, tt.iat, v.fingerprint, v.state.UserID)
		require.Equal(t, tt.want, reasonOf(t, s, v.sealed(claims)))
	}
}

// Another part of the program may have set golang-jwt's precision for dates.
// It must not move ours. Not parallel, because that is a global variable.
func TestThePrecisionOfGolangJWTDoesNotMatter(t *testing.T) {
	before := jwt.TimePrecision
	t.Cleanup(func() { jwt.TimePrecision = before })
	jwt.TimePrecision = 7 * time.Hour

	raw := annsToken(t)
	require.Equal(t, victimOf(t).raw, raw)
	for age, want := range map[time.Duration]token.Reason{
		-time.Second:            token.ReasonNotYetValid,
		0:                       "",
		time.Hour - time.Second: "",
		time.Hour:               token.ReasonExpired,
	} {
		require.Equal(t, want, reasonOf(t, signerAfter(t, age, 0), raw), age)
	}
}

func TestTimeZonesDoNotMatter(t *testing.T) {
	t.Parallel()
	first := issue(t, newSigner(t, config(t)), token.PurposeReset, ann(),
		time.Hour)
	for _, zone := range []*time.Location{
		time.UTC, time.FixedZone("east", 14*3600),
		time.FixedZone("west", -12*3600), time.FixedZone("odd", 3600+17),
	} {
		s := newSignerAt(t, issuedAt().In(zone))
		issued := issue(t, s, token.PurposeReset, ann(), time.Hour)
		require.Equal(t, first.Reveal(), issued.Reveal())
		require.Equal(t, time.UTC, issued.ExpiresAt().Location())
		require.Empty(t, reasonOf(t, s, first.Reveal()))
	}
}

func TestTheClockIsTimeNowUnlessConfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSignerWith(t, func(cfg *token.Config) { cfg.Now = nil })
		raw := issue(t, s, token.PurposeReset, ann(), time.Minute).Reveal()

		<-time.After(time.Minute - time.Second)
		require.Empty(t, reasonOf(t, s, raw))
		<-time.After(time.Second)
		require.Equal(t, token.ReasonExpired, reasonOf(t, s, raw))
	})
}

// The rules on exp and iat are those of a Validator that is set up here: exp
// without a leeway, since ours never lets a token live longer, and iat with it.
func TestTimesAgreeWithGolangJWTsValidator(t *testing.T) {
	t.Parallel()
	for _, leeway := range []time.Duration{
		0, time.Nanosecond, 999 * time.Millisecond, time.Second,
		1500 * time.Millisecond, time.Minute,
	} {
		for _, fraction := range []time.Duration{
			0, 1, time.Second / 2, time.Second - 1,
		} {
			requireTimesOfValidator(t, issuedAt().Add(fraction), leeway)
		}
	}
}

func requireTimesOfValidator(
	t *testing.T, now time.Time, leeway time.Duration,
) {
	t.Helper()
	clock := jwt.WithTimeFunc(func() time.Time { return now })
	expOnly := jwt.NewValidator(clock, jwt.WithExpirationRequired())
	iatToo := jwt.NewValidator(
		clock, jwt.WithIssuedAt(), jwt.WithLeeway(leeway))
	s := signerAfter(t, now.Sub(issuedAt()), leeway)

	for _, exp := range []int64{
		-3600, -60, -2, -1, 0, 1, 2, 59, 60, 61, 3600,
	} {
		for _, iat := range []int64{-3600, -1, 0, 1, 2, 3, 59, 60, 61, 3600} {
			reason, claims := s.ValidateTimes(
				now.Unix()+exp, now.Unix()+iat, token.PurposeReset)
			require.False(t, reason == "" && exp <= iat,
				"it never lived: exp %d, iat %d", exp, iat)
			require.Equal(t, expOnly.Validate(claims) != nil,
				reason == token.ReasonExpired, "exp %d, now %v", exp, now)

			if reason != token.ReasonExpired {
				// exp is in the future by now, so that only iat can fail.
				require.Equal(t, iatToo.Validate(claims) != nil,
					reason == token.ReasonNotYetValid,
					"iat %d, now %v, leeway %v", iat, now, leeway)
			}
		}
	}
}

func TestTimesNeverOverflow(t *testing.T) {
	t.Parallel()
	s := newSigner(t, config(t))
	times := []int64{0, 1, 999999999999, math.MaxInt32, math.MaxUint32}
	for _, exp := range times {
		for _, iat := range times {
			reason, _ := s.ValidateTimes(exp, iat, token.PurposeReset)
			require.NotEmpty(t, reason)
		}
	}
}
