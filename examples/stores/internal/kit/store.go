package kit

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/token"
)

// Store checks the stores of the fixtures, each of which is fresh.
func Store(t *testing.T, fixture func(t *testing.T) resettest.Fixture) {
	t.Helper()
	resettest.TestStore(t, fixture)
	t.Run("a link resets a password once and ends the sessions",
		func(t *testing.T) { resetsOnce(t, fixture(t)) })
}

// resetsOnce has a Service reset a password over the store.
func resetsOnce(t *testing.T, f resettest.Fixture) {
	t.Helper()
	keys, err := token.GenerateKeys("k1")
	require.NoError(t, err)
	hasher, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
	})
	require.NoError(t, err)
	mailbox := &mailtest.Recorder{}
	service, err := reset.New(reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: keys, Store: f.Store, Mailer: mailbox, Hasher: hasher,
		Sessions: reset.EndSessionsInStore(),
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, service.Shutdown(t.Context())) }()

	old, err := hasher.Hash(t.Context(), "the password she forgot")
	require.NoError(t, err)
	id, err := f.Create(t.Context(), reset.User{
		ID: "ada", Email: "Ada@example.com", PasswordHash: old, Stamp: "1",
		Label: "ada",
	})
	require.NoError(t, err)
	require.NoError(t, f.AddSession(t.Context(), id))
	require.NoError(t, service.Request(t.Context(),
		reset.RequestInput{Email: "ada@example.com"}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	mails, err := mailbox.Wait(ctx, 1)
	require.NoError(t, err)

	answer := reset.ConfirmInput{
		Token: mailtest.Token(mails[0]), Password: "seven wet umbrellas",
	}
	require.NoError(t, service.Confirm(t.Context(), answer))
	left, err := f.Sessions(t.Context(), id)
	require.NoError(t, err)
	require.Zero(t, left, "sessions after the reset")
	require.ErrorIs(t, service.Confirm(t.Context(), answer), reset.ErrRejected)

	user, err := f.Store.FindByID(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "ada", user.Label)
	ok, err := hasher.Verify(t.Context(), answer.Password, user.PasswordHash)
	require.NoError(t, err)
	require.True(t, ok.OK)
}

// NeedServer skips the test if err says that a server cannot be reached. Under
// LOSTKEY_REQUIRE_SERVICES=1 it fails the test.
func NeedServer(t *testing.T, err error, server, variable string) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1":
		t.Fatalf("no %s server (%s): %v", server, variable, err)
	default:
		t.Skipf("no %s server (set %s): %v", server, variable, err)
	}
}
