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

//go:embed schema.sql
var schema string

// openDatabase opens the SQLite file at path, makes it and its folder when they
// are missing, and creates the tables. The folder and the file are for this
// user alone: the file holds password hashes.
func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}

	settings := url.Values{
		"_journal_mode": {"WAL"},  // readers do not wait for the writer
		"_busy_timeout": {"5000"}, // a writer waits for the other, in milliseconds
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
	db.SetMaxOpenConns(16) // each takes some megabytes, and one at a time writes
	db.SetMaxIdleConns(16)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("create the tables: %w", err), db.Close())
	}
	return db, nil
}
