package reset_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/stretchr/testify/require"
)

func TestRefusedPasswordSpendsNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	fx.store.AddSession("7")
	raw := fx.link(t, "7")
	for _, password := range []string{
		"", "short", strings.Repeat("x", 14), strings.Repeat("é", 600),
		"with\x00a NUL and long",
	} {
		err := fx.Confirm(
			t.Context(), reset.ConfirmInput{Token: raw, Password: password},
		)
		refused, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok, "%q: %v", password, err)
		require.NotEmpty(t, refused.Problems)
		require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	}

	require.Equal(
		t,
		[]string{
			"too-short", "too-short", "too-short", "too-long",
			"control-characters",
		},
		fx.events.reasons(reset.OutcomePasswordRefused),
	)

	require.Equal(t, 1, fx.store.Sessions("7"))
	require.NoError(t, fx.confirm(t, raw))
}

// The reason is a label. All codes are in the error.
func TestCodesOfAPolicyOfOnesOwnDoNotBecomeReasons(t *testing.T) {
	t.Parallel()
	for reason, problems := range map[string][]policy.Problem{
		"policy":  {{Code: "of-the-application"}, {Code: policy.CodeCommon}},
		"context": {{Code: policy.CodeContext}, {Code: "client"}},
	} {
		fx := newFixture(t, func(cfg *reset.Config) {
			cfg.Policy = policyFunc(
				func(context.Context, string, []string) error {
					return &policy.Error{Problems: problems}
				},
			)
		})
		require.Error(t, fx.confirm(t, fx.link(t, "7")))

		events := fx.events.of(reset.OutcomePasswordRefused)
		require.Len(t, events, 1)
		require.Equal(t, reset.Reason(reason), events[0].Reason)

		for _, problem := range problems {
			require.ErrorContains(t, events[0].Err, string(problem.Code))
		}
	}
}

//lostkey:covers 63B-3.1.1.2-1
func TestMFALowersTheMinimum(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Policy = mfaPolicy(t) })
	raw := fx.link(t, "7")
	err := fx.Confirm(
		t.Context(), reset.ConfirmInput{Token: raw, Password: "quokka7"},
	)
	require.Error(t, err)
	require.NoError(t, fx.Confirm(
		t.Context(), reset.ConfirmInput{Token: raw, Password: "quokka78"},
	))
}

//lostkey:covers ASVS-6.2.11 FP-CS-10
func TestPolicyIsGivenTheWordsOfSiteAndAccount(t *testing.T) {
	t.Parallel()
	var got []string
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Mail.Product = "Quillbox"
		cfg.Policy = policyFunc(
			func(_ context.Context, password string, words []string) error {
				require.Equal(t, "  kept as typed  ", password)
				got = words
				return nil
			},
		)
	})

	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    fx.link(t, "7"),
		Password: "  kept as typed  ",
	}))
	require.Equal(
		t, []string{"Quillbox", "app.example", "ana@example.com", "ana"}, got,
	)

	result, err := cheapHasher().Verify(
		t.Context(), "  kept as typed  ", fx.user(t, "7").PasswordHash,
	)
	require.NoError(t, err)
	require.True(t, result.OK)
}

func TestBoundsOfTheHasherAreRefusedPasswordsToo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(
			func(context.Context, string, []string) error { return nil },
		)
	})
	raw := fx.link(t, "7")

	for password, code := range map[string]policy.Code{
		"": policy.CodeTooShort,
		strings.Repeat("x", hash.MaxPasswordBytes+1): policy.CodeTooLong,
	} {
		err := fx.Confirm(
			t.Context(), reset.ConfirmInput{Token: raw, Password: password},
		)
		refused, ok := errors.AsType[*policy.Error](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, code, refused.Problems[0].Code)
	}

	require.NoError(t, fx.Confirm(t.Context(), reset.ConfirmInput{
		Token:    raw,
		Password: strings.Repeat("x", hash.MaxPasswordBytes),
	}))
}

func TestBusyHasherIsAnInternalError(t *testing.T) {
	t.Parallel()
	slots, err := hash.NewSlots(hash.SlotsConfig{Count: 1, Queue: 1})
	require.NoError(t, err)
	hasher, err := hash.New(hash.Config{Slots: slots})
	require.NoError(t, err)

	// Somebody else hashes without a pause, and somebody else waits: there is
	// no room.
	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for ctx.Err() == nil {
				_, _ = hasher.Hash(ctx, newPassword)
			}
		})
	}

	fx := newFixture(t, func(cfg *reset.Config) { cfg.Hasher = hasher })
	for {
		if err := fx.confirm(t, fx.link(t, "7")); err != nil {
			require.ErrorIs(t, err, hash.ErrBusy)
			require.NotErrorIs(t, err, reset.ErrRejected)
			break
		}
	}

	stop()
	others.Wait()
	require.Contains(t, fx.events.reasons(reset.OutcomeConfirmFailed), "busy")
}

// mfaPolicy is the default policy of an application that asks for a second
// factor.
func mfaPolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Config{MFA: true})
	require.NoError(t, err)
	return p
}

// The policy of an application may let a NUL pass; no format can hold one.
func TestAPasswordWithANULIsRefusedAndSpendsNothing(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) {
		cfg.Policy = policyFunc(
			func(context.Context, string, []string) error { return nil },
		)
	})
	raw := fx.link(t, "7")
	err := fx.Confirm(
		t.Context(),
		reset.ConfirmInput{Token: raw, Password: newPassword + "\x00"},
	)
	var refused *policy.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, policy.CodeControl, refused.Problems[0].Code)
	require.Equal(t, oldHash, fx.user(t, "7").PasswordHash)
	require.NoError(t, fx.confirm(t, raw))
}

// The other tests use cheap parameters; this one shows what an application gets
// that configures nothing.
func TestDefaultHasherIsArgon2idOfTheStatedCost(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, func(cfg *reset.Config) { cfg.Hasher = nil })
	require.NoError(t, fx.confirm(t, fx.link(t, "7")))
	require.Contains(
		t, fx.user(t, "7").PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$",
	)
	require.False(t, mustHasher(t).NeedsRehash(fx.user(t, "7").PasswordHash))
}

func mustHasher(t *testing.T) *hash.Hasher {
	t.Helper()
	h, err := hash.New(hash.Config{})
	require.NoError(t, err)
	return h
}

type policyFunc func(ctx context.Context, password string, words []string) error

func (f policyFunc) Check(
	ctx context.Context, password string, words []string,
) error {
	return f(ctx, password, words)
}
