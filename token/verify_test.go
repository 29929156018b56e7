package token_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

func TestAFailureOfTheStoreIsNoRejection(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection refused")
	claims, err := newSigner(t, config(t)).Verify(t.Context(),
		victimOf(t).raw, token.PurposeReset,
		func(context.Context, string) (token.State, error) {
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
	ctx := context.WithValue(t.Context(), key{}, "value")
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := newSigner(t, config(t)).Verify(ctx, victimOf(t).raw,
		token.PurposeReset,
		func(ctx context.Context, id string) (token.State, error) {
			require.Equal(t, "value", ctx.Value(key{}))
			require.Equal(t, ann().UserID, id)
			return token.State{}, ctx.Err()
		})
	require.ErrorIs(t, err, context.Canceled)
}

func TestVerifyWithoutALoadFunctionIsAMistakeOfTheCaller(t *testing.T) {
	t.Parallel()
	s, raw := newSigner(t, config(t)), victimOf(t).raw
	claims, err := s.Verify(t.Context(), raw, token.PurposeReset, nil)
	require.EqualError(t, err, "token: Verify was given no load function")
	require.Zero(t, claims)

	for _, purpose := range []token.Purpose{"", "email-change", "RESET"} {
		claims, err = verify(t, s, raw, purpose, ann())
		require.ErrorContains(t, err, "is not configured")
		require.True(t, strings.HasPrefix(err.Error(), "token: "))
		require.NotErrorIs(t, err, token.ErrRejected)
		require.Zero(t, claims)
	}
}

// Mail scanners open links, and people click twice.
func TestVerifyingDoesNotSpendAToken(t *testing.T) {
	t.Parallel()
	v, s := victimOf(t), newSigner(t, config(t))
	for range 100 {
		_, err := verify(t, s, v.raw, token.PurposeReset, v.state)
		require.NoError(t, err)
	}
}

func TestRejectedErrorNamesUserAndTokenOnceTheMACIsGood(t *testing.T) {
	t.Parallel()
	s, state := newSigner(t, config(t)), ann()
	issued := issue(t, s, token.PurposeReset, state, 0)
	state.PasswordHash = token.Hide("changed")
	claims, err := verify(t, s, issued.Reveal(), token.PurposeReset, state)
	requireRejected(t, token.ReasonStale, claims, err)

	rejected, _ := errors.AsType[*token.RejectedError](err)
	require.Equal(t, &token.RejectedError{
		Reason: token.ReasonStale, UserID: state.UserID, TokenID: issued.ID(),
	}, rejected)
	require.Equal(t, "stale", rejected.Reason.String())
}

// Whoever alters a RejectedError alters one of their own.
func TestARejectedErrorIsNotShared(t *testing.T) {
	t.Parallel()
	_, err := verify(t, newSigner(t, config(t)), "junk", token.PurposeReset,
		ann())
	first, _ := errors.AsType[*token.RejectedError](err)
	first.Reason = "altered"
	second, _ := errors.AsType[*token.RejectedError](err)
	require.Equal(t, token.ReasonMalformed, second.Reason)
	var path *fs.PathError
	require.False(t, errors.As(err, &path))
}
