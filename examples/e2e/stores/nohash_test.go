package stores_test

import (
	"crypto/rand"
	"database/sql"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// An account without a hash is NULL in one application and "" in another. Both
// must give way to a marker or a hash once: a marker in their place keeps the
// state of a used invitation from coming back when the hash is cleared again.
func TestRowWithoutAHashIsReplacedOnce(t *testing.T) {
	columns := map[sqlstore.Dialect]string{
		sqlstore.SQLite: "BLOB", sqlstore.PostgreSQL: "VARCHAR(128)", sqlstore.MySQL: "VARCHAR(128) CHARACTER SET ascii",
	}
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for _, column := range []string{e.text, columns[e.dialect]} {
			db, _ := e.open(t)
			createUsers(t, e, db, column)
			store, err := sqlstore.New(db, sqlstore.Config{Dialect: e.dialect, Table: users})
			require.NoError(t, err)
			mustExec(t, db, "INSERT INTO users (email) VALUES ('"+annAddress+"')")
			id := strconv.Itoa(queryInt(t, db, "SELECT id FROM users"))
			for _, none := range []sql.NullString{{}, {Valid: true}} {
				mustExec(t, db, e.bind("UPDATE users SET password_hash = ?"), none)
				seen, err := store.FindByID(t.Context(), id)
				require.NoError(t, err)
				require.Empty(t, seen.PasswordHash)
				require.Equal(t, 1, replaceAtOnce(t, store, seen, 16), "%s, %+v", column, none)

				marked, err := store.FindByID(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, byte('!'), marked.PasswordHash[0])
				require.NoError(t, store.ReplaceHash(t.Context(), marked, "chosen with the invitation"))
				mustExec(t, db, e.bind("UPDATE users SET password_hash = ?"), none)
				require.ErrorIs(t, store.ReplaceHash(t.Context(), marked, "chosen again"), reset.ErrStale)
			}
		}
	})
}

// replaceAtOnce replaces what was seen by n markers at the same time and returns
// how many of them were stored.
func replaceAtOnce(t *testing.T, store reset.Store, seen reset.User, n int) (stored int) {
	t.Helper()
	var wg sync.WaitGroup
	results := make([]error, n)
	for i := range n {
		wg.Go(func() { results[i] = store.ReplaceHash(t.Context(), seen, "!"+rand.Text()) })
	}
	wg.Wait()
	for _, err := range results {
		if err == nil {
			stored++
			continue
		}
		require.ErrorIs(t, err, reset.ErrStale)
	}
	return stored
}
