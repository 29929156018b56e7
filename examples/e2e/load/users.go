package main

import (
	"context"
	"database/sql"
	"fmt"
)

// makeUsers makes the table of the web application, with users in it.
func makeUsers(
	ctx context.Context, db *sql.DB, postgres bool, users int,
) error {
	for _, statement := range []string{
		"CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY," +
			" email TEXT NOT NULL, password_hash TEXT NOT NULL," +
			" password_version BIGINT NOT NULL DEFAULT 0," +
			" created_at BIGINT NOT NULL)",
		"CREATE UNIQUE INDEX users_email ON users (lower(email))",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return addUsers(ctx, db, postgres, users)
}

// addUsers adds user0@example.org and so on.
func addUsers(
	ctx context.Context, db *sql.DB, postgres bool, users int,
) error {
	const hash = "$argon2id$v=19$m=65536,t=1,p=1" +
		"$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	numbers := fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL"+
		" SELECT n + 1 FROM s WHERE n < %d)", users-1)
	from := "s"
	if postgres {
		numbers, from = "", fmt.Sprintf("generate_series(0, %d) AS s(n)", users-1)
	}

	_, err := db.ExecContext(ctx, numbers+
		" INSERT INTO users (id, email, password_hash, created_at)"+
		" SELECT 'u' || n, 'user' || n || '@example.org', $1, 0 FROM "+from,
		hash)
	if err != nil || !postgres {
		return err
	}
	_, err = db.ExecContext(ctx, "ANALYZE users")
	return err
}
