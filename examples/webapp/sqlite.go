package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema/sqlite-upgrade.sql
var sqliteUpgrade string

// openSQLite opens the SQLite file at path, and makes it and its folder when
// they are missing. The folder and the file are for this user alone: the file
// holds password hashes. What another user made, or can write, is refused. Not
// looked at are the folders above, and access lists.
func openSQLite(ctx context.Context, path string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	if err := validateFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}

	// From here on nobody else can put anything into the folder.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := errors.Join(file.Close(), validateFile(path)); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}

	settings := url.Values{
		"_journal_mode": {"WAL"},  // readers do not wait for the writer
		"_busy_timeout": {"5000"}, // milliseconds a writer waits for the other
		"_foreign_keys": {"on"},
		// Take the write lock at BEGIN. A transaction that begins by reading
		// and writes later is refused at once, without waiting, when another
		// one has written in between.
		"_txlock": {"immediate"},
	}
	name := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	db, err := sql.Open("sqlite", "file:"+name+"?"+settings.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	// SQLite does not wait for another process that makes the file.
	err = upgradeSQLite(ctx, db)
	for attempt := 1; err != nil && attempt < maxAttempts; attempt++ {
		err = upgradeSQLite(ctx, db)
	}
	if err != nil {
		err = fmt.Errorf("upgrade the database: %w", err)
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// upgradeSQLite adds the columns that a file of an earlier version lacks.
func upgradeSQLite(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // what was committed stays

	var old bool
	err = tx.QueryRowContext(
		ctx, `SELECT count(*) > 0 AND sum(name = 'disabled') = 0
			FROM pragma_table_info('users')`,
	).Scan(&old)
	if err != nil || !old {
		return err
	}
	if _, err := tx.ExecContext(ctx, sqliteUpgrade); err != nil {
		return err
	}
	return tx.Commit()
}

// validateFolder refuses a folder in which another user could put a file of his
// own where SQLite looks for one of ours.
func validateFolder(folder string) error {
	info, err := os.Lstat(folder)
	switch {
	case err != nil:
		return fmt.Errorf("the folder of the database: %w", err)
	case !info.IsDir():
		return fmt.Errorf("the folder of the database: %s is not a folder, "+
			"perhaps a link to one: give -db the real path", folder)
	case !isOurs(info):
		return fmt.Errorf("the folder of the database: %s belongs to "+
			"another user: give -db another one", folder)
	case isOpenTo(info, 0o022):
		return fmt.Errorf("the folder of the database: others may write "+
			"to %s: give -db another one, or run chmod go-w", folder)
	}
	return nil
}

func validateFile(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case !isOurs(info):
		return fmt.Errorf("%s belongs to another user", path)
	case isOpenTo(info, 0o077):
		return fmt.Errorf("others may read or write %s: run chmod 600", path)
	}
	return nil
}
