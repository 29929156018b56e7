package stores_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// furtherAddresses is the table of the addresses that accounts have beside the
// one in users.
var furtherAddresses = sqlstore.RecoveryTable{
	Name: "addresses", UserID: "user_id", Email: "email",
	ConfirmedAt: "confirmed_at",
}

func createFurther(t testing.TB, e engine, db *sql.DB, userID, email string) {
	t.Helper()
	create := "CREATE TABLE addresses (id " + e.id + ", user_id " + userID +
		" NOT NULL, email " + email + " NOT NULL, confirmed_at VARCHAR(30)"
	if e.dialect == sqlstore.MySQL { // each statement is a file that is synced
		mustExec(t, db, create+", INDEX addresses_user (user_id), "+
			"INDEX addresses_email (email))")
		return
	}

	mustExec(t, db, create+")")
	mustExec(t, db, "CREATE INDEX addresses_user ON addresses (user_id)")
	mustExec(t, db, "CREATE INDEX addresses_email ON addresses (lower(email))")
}

// changeFurther is what an application's page of addresses does. Beside them
// it leaves one that nobody has confirmed.
func changeFurther(
	e engine, db *sql.DB,
) func(ctx context.Context, id string, addrs []string) error {
	return func(ctx context.Context, id string, addrs []string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do.

		if _, err := tx.ExecContext(ctx,
			e.bind("DELETE FROM addresses WHERE user_id = ?"), id); err != nil {
			return err
		}
		insert := e.bind("INSERT INTO addresses (user_id, email, " +
			"confirmed_at) VALUES (?, ?, ?)")
		if _, err := tx.ExecContext(ctx, insert, id, "ana@unconfirmed.example",
			nil); err != nil {
			return err
		}
		for _, addr := range addrs {
			if _, err := tx.ExecContext(
				ctx, insert, id, addr, "2026-11-21",
			); err != nil {
				return err
			}
		}

		return tx.Commit()
	}
}

// addressList is how a program that knows its database reads all further
// addresses of an account as one text.
var addressList = map[sqlstore.Dialect]string{
	sqlstore.SQLite: "(SELECT group_concat(a, char(10)) FROM (SELECT email AS a" +
		" FROM addresses WHERE user_id = users.id AND confirmed_at IS NOT NULL" +
		" ORDER BY email))",
	sqlstore.PostgreSQL: "(SELECT string_agg(email, chr(10) ORDER BY email)" +
		" FROM addresses WHERE user_id = users.id AND confirmed_at IS NOT NULL)",
	sqlstore.MySQL: "(SELECT GROUP_CONCAT(email ORDER BY email SEPARATOR '\n')" +
		" FROM addresses WHERE user_id = users.id AND confirmed_at IS NOT NULL)",
}

// hasAddress is the condition that an account has the parameter as one of its
// further addresses.
const hasAddress = "id IN (SELECT user_id FROM addresses WHERE " +
	"LOWER(email) = LOWER(?) AND confirmed_at IS NOT NULL)"

// ownStatements are complete statements, as a program that knows its database
// writes them.
func ownStatements(e engine) sqlstore.Queries {
	columns := "SELECT id, email, password_hash, session_version, locale, " +
		"disabled, label, " + addressList[e.dialect] + " FROM users WHERE "
	byEmail, exact, stamp := "lower(email) = lower(?)", "", "session_version"
	switch e.dialect {
	case sqlstore.SQLite:
		byEmail, stamp = "email = ? COLLATE NOCASE", "CAST(session_version AS TEXT)"
	case sqlstore.MySQL:
		byEmail, exact = "email = ?", "BINARY "
	}

	return sqlstore.Queries{
		ByEmail:    e.bind(columns + byEmail),
		ByRecovery: e.bind(columns + hasAddress),
		ByID:       e.bind(columns + "id = ?"),
		Replace: e.bind("UPDATE users SET password_hash = ? WHERE id = ? AND " +
			"COALESCE(password_hash, '') = " + exact + "? AND " + exact +
			"email = ? AND " + stamp + " = ? AND NOT disabled AND COALESCE(" +
			addressList[e.dialect] + ", '') = " + exact + "?"),
	}
}

func splitAddresses(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, "\n")
}
