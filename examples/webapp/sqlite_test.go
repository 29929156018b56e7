package main

import (
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
)

// oldSchema is that of files made before there was a second factor.
const oldSchema = `
	CREATE TABLE users (
		id               TEXT    NOT NULL PRIMARY KEY,
		email            TEXT    NOT NULL,
		password_hash    TEXT    NOT NULL,
		password_version INTEGER NOT NULL DEFAULT 0,
		created_at       INTEGER NOT NULL
	) STRICT;
	CREATE UNIQUE INDEX users_email ON users (lower(email));`

func TestFileOfAnEarlierVersionIsUpgraded(t *testing.T) {
	t.Parallel()
	file := sqliteFile(t)
	require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
	old, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	encoded, err := hash.NewInsecureForTests().Hash(t.Context(), oldPassword)
	require.NoError(t, err)
	execute(t, old, oldSchema)
	_, err = old.ExecContext(
		t.Context(), "INSERT INTO users VALUES ('1', ?, ?, 0, 0)", ada, encoded,
	)
	require.NoError(t, err)
	require.NoError(t, old.Close())
	require.NoError(t, os.Chmod(file, 0o600))

	var starts sync.WaitGroup
	for range 4 {
		starts.Go(func() {
			db, err := openDatabase(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = db.Close() })
		})
	}
	starts.Wait()

	for range 2 {
		s := engines[0].startSite(t, func(o *options) { o.database = file })
		b := s.browser(t)
		require.Equal(
			t, http.StatusSeeOther, b.login(ada, oldPassword).status,
		)
		require.Contains(t, b.get("/account").body, "Not confirmed")
		require.NotContains(t, s.logs.text(), "users' table")
	}
}
