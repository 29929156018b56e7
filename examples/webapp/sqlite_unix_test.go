//go:build unix

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatabaseInAFolderOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	// Whoever runs this: root owns the root folder, and root can give one away.
	folder := "/"
	if os.Geteuid() == 0 {
		folder = t.TempDir()
		require.NoError(t, os.Chown(folder, 65534, 65534))
	}
	_, err := openDatabase(t.Context(), filepath.Join(folder, "webapp.db"))
	require.ErrorContains(t, err, "belongs to another user")
	require.ErrorContains(t, err, folder)
	_, err = os.Stat(filepath.Join(folder, "webapp.db"))
	require.ErrorIs(t, err, os.ErrNotExist, "nothing was left there")
}

func TestDatabaseWhereOthersCanWriteIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{
		0o777 | os.ModeSticky, 0o777, 0o770, 0o720, 0o702,
	} {
		folder := filepath.Join(t.TempDir(), "folder")
		require.NoError(t, os.Mkdir(folder, 0o700))
		require.NoError(t, os.Chmod(folder, mode))
		_, err := openDatabase(t.Context(), filepath.Join(folder, "webapp.db"))
		require.ErrorContains(t, err, "others may write", mode)
	}
	for _, mode := range []os.FileMode{0o700, 0o755, 0o711} {
		folder := filepath.Join(t.TempDir(), "folder")
		require.NoError(t, os.Mkdir(folder, 0o700))
		require.NoError(t, os.Chmod(folder, mode))
		db, err := openDatabase(t.Context(), filepath.Join(folder, "webapp.db"))
		require.NoError(t, err, mode)
		require.NoError(t, db.Close())
	}
}

func TestDatabaseThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o602, 0o620} {
		path := filepath.Join(t.TempDir(), "folder", "webapp.db")
		require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chmod(path, mode))
		_, err := openDatabase(t.Context(), path)
		require.ErrorContains(t, err, "chmod 600", mode)
	}
}

// A link that another user made can lead somewhere else a moment later.
func TestDatabaseBehindALinkIsRefused(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	link := folder + "-link"
	require.NoError(t, os.Symlink(folder, link))
	_, err := openDatabase(t.Context(), filepath.Join(link, "webapp.db"))
	require.ErrorContains(t, err, "is not a folder")

	require.NoError(t, os.WriteFile(folder+"/other.db", nil, 0o600))
	require.NoError(t, os.Symlink(folder+"/other.db", folder+"/webapp.db"))
	_, err = openDatabase(t.Context(), folder+"/webapp.db")
	require.ErrorContains(t, err, "is not a file")
}
