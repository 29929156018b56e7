// Package stores answers "how do I keep my users in a database?": its tests run
// package sqlstore on SQLite, PostgreSQL and MariaDB, each with the driver most
// programs use, and show what holds when many confirm one link at once, when the
// network loses a reply, and when the process is killed.
//
// How to open each of them:
//
//	sql.Open("sqlite", "file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
//	sql.Open("pgx", "postgres://app@db.internal/app")
//	sql.Open("mysql", "app@tcp(db.internal:3306)/app")
//
// SQLite needs the busy timeout: without it a second writer gets an error where it
// could have waited. PostgreSQL and MariaDB need nothing. Any isolation level is
// safe, the default best, and clientFoundRows makes no difference.
//
// The tests find their servers in LOSTKEY_POSTGRES and LOSTKEY_MYSQL, or on this
// machine, and are skipped without. Each makes a schema or database of its own and
// drops it.
package stores
