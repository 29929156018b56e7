// Package stores answers "how do I keep my users in a database?": its tests run
// package sqlstore on SQLite (modernc, and in packages of their own mattn and
// ncruces), PostgreSQL (pgx and lib/pq) and MariaDB (go-sql-driver), and show
// what holds when many confirm one link at once, when the network loses a
// reply, and when the process is killed.
//
// How to open each of them, by the names that sql.Open takes (mattn needs a C
// compiler):
//
//	modernc  sqlite    file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)
//	ncruces  sqlite3   file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)
//	mattn    sqlite3   file:app.db?_busy_timeout=5000&_journal_mode=WAL
//	pgx      pgx       postgres://app@db.internal/app
//	lib/pq   postgres  postgres://app@db.internal/app
//	mysql    mysql     app@tcp(db.internal:3306)/app
//
// SQLite needs the busy timeout: without it a second writer gets an error where
// it could have waited. PostgreSQL and MariaDB need nothing. Any isolation
// level is safe, the default best, and clientFoundRows makes no difference.
//
// The tests find their servers in LOSTKEY_POSTGRES and LOSTKEY_MYSQL, or on
// this machine, and are skipped without. Each makes a schema or database of its
// own and drops it.
package stores
