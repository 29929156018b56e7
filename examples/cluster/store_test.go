package main

import (
	"context"
	"errors"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	riverjobs "github.com/lostkey-go/lostkey/examples/river"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

func TestStore(t *testing.T) {
	d := newDatabase(t)
	resettest.TestStore(t, func(t *testing.T) resettest.Fixture {
		_, err := d.pool.Exec(t.Context(), "TRUNCATE users")
		require.NoError(t, err)
		exec := func(ctx context.Context, query string, args ...any) error {
			_, err := d.pool.Exec(ctx, query, args...)
			return err
		}
		return resettest.Fixture{
			Store: &users{pool: d.pool},
			Create: func(
				ctx context.Context, u reset.User,
			) (string, error) {
				return u.ID, exec(ctx, `INSERT INTO users
					(id, email, password_hash) VALUES ($1, $2, $3)`,
					u.ID, u.Email, u.PasswordHash)
			},
			Disable: func(ctx context.Context, id string) error {
				return exec(ctx,
					"UPDATE users SET disabled = true WHERE id = $1", id)
			},
			ChangeEmail: func(ctx context.Context, id, email string) error {
				return exec(ctx,
					"UPDATE users SET email = $1 WHERE id = $2", email, id)
			},
			Delete: func(ctx context.Context, id string) error {
				return exec(ctx, "DELETE FROM users WHERE id = $1", id)
			},
			UniqueEmail: true,
		}
	})
}

// An instance that dies between the two would leave a new password that nobody
// is told of, or tell of one that is not there.
func TestNewPasswordAndItsNoticeAreOne(t *testing.T) {
	d := newDatabase(t)
	require.NoError(t, d.addUsers(t.Context(), 1))
	inserter, err := river.NewClient(riverpgxv5.New(d.pool), &river.Config{})
	require.NoError(t, err)
	insert, fault := riverjobs.Dispatch(inserter), errors.New("killed")
	store := &users{pool: d.pool}
	store.notify = func(ctx context.Context, userID string) error {
		changed, err := store.FindByID(ctx, userID)
		require.NoError(t, err)
		require.Equal(t, "new hash", changed.PasswordHash)
		require.NoError(t, insert(ctx, reset.Job{
			ID: "1", Kind: mail.KindPasswordChanged, UserID: userID,
		}))
		return fault
	}
	count := func() (changed, jobs int) {
		require.NoError(t, d.pool.QueryRow(t.Context(), `SELECT
			(SELECT count(*) FROM users WHERE password_hash = 'new hash'),
			(SELECT count(*) FROM river_job)`).Scan(&changed, &jobs))
		return changed, jobs
	}

	seen, err := store.FindByID(t.Context(), "1")
	require.NoError(t, err)
	require.ErrorIs(t, store.ReplaceHash(t.Context(), seen, "new hash"), fault)
	changed, jobs := count()
	require.Zero(t, changed)
	require.Zero(t, jobs)

	fault = nil
	require.NoError(t, store.ReplaceHash(t.Context(), seen, "new hash"))
	changed, jobs = count()
	require.Equal(t, 1, changed)
	require.Equal(t, 1, jobs)
	require.ErrorIs(t, store.ReplaceHash(t.Context(), seen, "new hash"),
		reset.ErrStale)
}
