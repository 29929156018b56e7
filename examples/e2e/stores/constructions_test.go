package stores_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// The ways in which a construction differs from the usual store.

func countStamp(e engine, cfg *sqlstore.Config) {
	end := cfg.InTx
	cfg.InTx = func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
		if err := end(ctx, tx, seen); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx,
			e.bind("UPDATE users SET session_version = session_version + 1 "+
				"WHERE id = ?"), seen.ID)
		return err
	}
}

func plainStatements(e engine, cfg *sqlstore.Config) {
	cfg.Table, cfg.Queries = sqlstore.Table{}, ownStatements(e)
}

// hideDeleted makes statements of one's own from those of the table.
func hideDeleted(e engine, cfg *sqlstore.Config) {
	queries, err := cfg.Table.Queries(e.dialect)
	if err != nil {
		panic(err)
	}
	for _, text := range []*string{&queries.ByEmail, &queries.ByRecovery} {
		order := strings.LastIndex(*text, " ORDER BY CASE")
		*text = (*text)[:order] + " AND deleted_at IS NULL" + (*text)[order:]
	}
	queries.ByID += " AND deleted_at IS NULL"
	queries.Replace += " AND deleted_at IS NULL"
	cfg.Table, cfg.Queries = sqlstore.Table{}, queries
}

func disabledAt(_ engine, cfg *sqlstore.Config) {
	cfg.Table.Disabled, cfg.Table.DisabledAt = "", "deleted_at"
}

func matchColumn(_ engine, cfg *sqlstore.Config) {
	cfg.Table.EmailMatch = sqlstore.MatchColumn
}

func matchLowered(_ engine, cfg *sqlstore.Config) {
	cfg.Table.EmailMatch = sqlstore.MatchLowered
}

func matchFolded(_ engine, cfg *sqlstore.Config) {
	cfg.Table.EmailMatch = sqlstore.MatchFolded
}

// collations are MariaDB's, for addresses and hashes alike. Those that compare
// bytes need lower on both sides to find another spelling.
func collations() []construction {
	var list []construction
	for _, name := range []string{
		"utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_unicode_520_ci",
		"utf8mb4_uca1400_ai_ci", "utf8mb4_bin", "utf8mb4_nopad_bin",
		"utf8mb3_general_ci", "utf8mb3_bin", "latin1_swedish_ci", "latin1_bin",
		"ascii_bin",
	} {
		set, _, _ := strings.Cut(name, "_")
		column := "VARCHAR(255) CHARACTER SET " + set + " COLLATE " + name
		c := construction{
			name: name + ", MariaDB", engine: 2, email: column, hash: column,
		}
		if strings.HasSuffix(name, "_bin") {
			c.change = matchFolded
		}
		list = append(list, c)
	}
	return list
}

func softDelete(e engine, db *sql.DB, f *resettest.Fixture) {
	f.Delete = execWithID(e, db,
		"UPDATE users SET deleted_at = '2026-11-21' WHERE id = ?")
	if e.dialect == sqlstore.MySQL { // the one column is the mark of both
		f.Disable = f.Delete
	}
}

func storeEmpty(e engine, db *sql.DB, f *resettest.Fixture) {
	f.ClearPassword = execWithID(e, db,
		"UPDATE users SET password_hash = '' WHERE id = ?")
}

func clearWith(marker string) func(engine, *sql.DB, *resettest.Fixture) {
	return func(e engine, db *sql.DB, f *resettest.Fixture) {
		f.ClearPassword = execWithID(e, db,
			"UPDATE users SET password_hash = "+marker+" WHERE id = ?")
	}
}

func uniqueEmail(_ engine, _ *sql.DB, f *resettest.Fixture) {
	f.UniqueEmail = true
}

func lowercase(_ engine, _ *sql.DB, f *resettest.Fixture) {
	f.LowercaseEmail = true
}

// replicated reads from a copy of the table and writes to the table.
func replicated(t *testing.T, e engine, db *sql.DB, primary *sqlstore.Store) reset.Store {
	t.Helper()
	mustExec(t, db, "CREATE TABLE replica (LIKE users)")
	table := users
	table.Name = "replica"
	replica, err := sqlstore.New(db,
		sqlstore.Config{Dialect: e.dialect, Table: table})
	require.NoError(t, err)
	return split{replica, primary}
}

// split is what the documentation of sqlstore advises: two Stores in one.
type split struct{ replica, primary *sqlstore.Store }

func (s split) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	return s.replica.FindByEmail(ctx, email)
}

func (s split) FindByID(ctx context.Context, id string) (reset.User, error) {
	return s.replica.FindByID(ctx, id)
}

func (s split) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	return s.primary.ReplaceHash(ctx, seen, encoded)
}

func replicate(_ engine, db *sql.DB, f *resettest.Fixture) {
	var one sync.Mutex
	f.CatchUp = func(ctx context.Context) error {
		one.Lock()
		defer one.Unlock()
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do.
		for _, statement := range []string{
			"DELETE FROM replica",
			"INSERT INTO replica SELECT * FROM users",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}

		return tx.Commit()
	}
}
