package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/stretchr/testify/require"
)

func fixture(*testing.T) resettest.Fixture {
	store := memstore.New()
	return resettest.Fixture{
		Store: store,
		Create: func(_ context.Context, user reset.User) (string, error) {
			return user.ID, store.Add(user)
		},
		Disable: func(_ context.Context, id string) error {
			return store.Update(
				id, func(user *reset.User) { user.Disabled = true },
			)
		},
		ChangeEmail: func(_ context.Context, id, value string) error {
			return store.Update(
				id, func(user *reset.User) { user.Email = value },
			)
		},
		ChangeStamp: func(_ context.Context, id, value string) error {
			return store.Update(
				id, func(user *reset.User) { user.Stamp = value },
			)
		},
		ChangeLabel: func(_ context.Context, id, value string) error {
			return store.Update(
				id, func(user *reset.User) { user.Label = value },
			)
		},
		ChangeRecovery: func(
			_ context.Context, id string, addrs []string,
		) error {
			return store.Update(
				id, func(user *reset.User) { user.Recovery = addrs },
			)
		},
		Delete: func(_ context.Context, id string) error {
			return store.Delete(id)
		},
		AddSession: func(_ context.Context, id string) error {
			store.AddSession(id)
			return nil
		},
		Sessions: func(_ context.Context, id string) (int, error) {
			return store.Sessions(id), nil
		},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	resettest.TestStore(t, fixture)
}

func TestAddRefusesEmptyAndTakenIDs(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.Error(t, store.Add(reset.User{Email: "ana@example.com"}))
	require.NoError(t, store.Add(reset.User{ID: "1", Email: "ana@example.com"}))
	require.Error(t, store.Add(reset.User{ID: "1", Email: "bob@example.com"}))
	found, err := store.FindByEmail(t.Context(), "bob@example.com")
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestUpdateAndDeleteOfNobody(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.ErrorIs(
		t, store.Update("1", func(*reset.User) {}), reset.ErrUserNotFound,
	)
	require.ErrorIs(t, store.Delete("1"), reset.ErrUserNotFound)
}

func TestUpdateKeepsTheID(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{ID: "1"}))
	require.NoError(
		t, store.Update("1", func(user *reset.User) { user.ID = "2" }),
	)
	user, err := store.FindByID(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, "1", user.ID)
}

// A login that has verified the old password must not bring its hash back over
// a reset that came in between.
func TestSwapLosesToAReset(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{ID: "1", PasswordHash: "old"}))
	seen, err := store.FindByID(t.Context(), "1")
	require.NoError(t, err)
	swap := store.SwapFor(seen)
	require.NoError(t, store.ReplaceHash(t.Context(), seen, "by the reset"))
	swapped, err := swap(t.Context(), "old", "old, hashed anew")
	require.NoError(t, err)
	require.False(t, swapped)
	seen, err = store.FindByID(t.Context(), "1")
	require.NoError(t, err)
	require.Equal(t, "by the reset", seen.PasswordHash)
}

func TestSwapEndsNoSession(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{ID: "1", PasswordHash: "old"}))
	store.AddSession("1")
	swapped, err := store.SwapFor(
		reset.User{ID: "1"},
	)(t.Context(), "old", "new")
	require.NoError(t, err)
	require.True(t, swapped)
	require.Equal(t, 1, store.Sessions("1"))
}

func TestSwapHeedsContext(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{ID: "1", PasswordHash: "old"}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	swapped, err := store.SwapFor(reset.User{ID: "1"})(ctx, "old", "new")
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, swapped)
}

func TestPrintsNobody(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{
		ID:           "1",
		Email:        "canary@example.com",
		PasswordHash: "canary",
	}))

	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, store), "canary")
		require.NotContains(
			t, fmt.Sprintf(verb, struct{ inner *memstore.Store }{store}),
			"canary",
		)
	}
}

// Whoever registers other spellings of an address first must not come first.
func TestExactSpellingComesFirst(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	for i, spelled := range []string{
		"ANA@example.com", "Ana@example.com", "ana@example.com",
		"aNa@example.com",
	} {
		require.NoError(
			t, store.Add(reset.User{ID: fmt.Sprint(i), Email: spelled}),
		)
	}

	for typed, want := range map[string]string{
		"ana@example.com": "[2 0 1 3]", "aNa@example.com": "[3 0 1 2]",
		"ana@EXAMPLE.com": "[0 1 2 3]",
	} {
		found, err := store.FindByEmail(t.Context(), typed)
		require.NoError(t, err)
		var ids []string
		for _, user := range found {
			ids = append(ids, user.ID)
		}
		require.Equal(t, want, fmt.Sprint(ids), typed)
	}
}

func Example() {
	store := memstore.New()
	if err := store.Add(reset.User{
		ID:           "1",
		Email:        "ana@example.com",
		PasswordHash: "$argon2id$...",
	}); err != nil {
		fmt.Println(err)
	}
	found, _ := store.FindByEmail(context.Background(), "ANA@example.com")
	_, err := store.FindByID(context.Background(), "2")
	fmt.Println(len(found), found[0].ID, errors.Is(err, reset.ErrUserNotFound))
	// Output: 1 1 true
}
