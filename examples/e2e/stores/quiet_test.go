package stores_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Asking for a link writes nothing, known address or not: there is no table
// that an anonymous flood could fill, and no difference that a database could
// show.
//
//lostkey:covers FP-CS-7 FP-CS-8
func TestForgotRequestWritesNothing(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		const each = 50
		app := newApplication(t, e, options{conns: 1})
		before := app.written(t)
		for range each {
			for _, addr := range []string{annAddress, "nobody@example.org"} {
				require.NoError(t,
					app.service.Request(t.Context(), reset.RequestInput{
						Email: addr,
					}))
			}
		}

		raw := app.link(t)
		require.NoError(t, app.service.Shutdown(t.Context()))
		links := 0
		for _, msg := range app.mailbox.Messages() {
			if msg.Kind == mail.KindReset {
				links++
			}
		}

		require.Equal(t, each, links, "the requests must have been worked on")
		require.Equal(t, before, app.written(t), "rows written by %d requests",
			2*each)

		// The counter must be one that counts: a confirmation changes the hash,
		// two sessions and the row that belongs to the change.
		require.NoError(t, confirm(t.Context(), app.service, raw))
		confirmed := app.written(t) - before
		require.Equal(t, 4, confirmed)
		t.Logf("%s: %d requests wrote 0 rows, one confirmation %d", e.name,
			2*each, confirmed)
	})
}

// written is the number of rows that the store's one connection has written so
// far.
func (a *application) written(t *testing.T) int {
	t.Helper()
	switch a.engine.dialect {
	case sqlstore.SQLite:
		return queryInt(t, a.pool, "SELECT total_changes()")
	case sqlstore.PostgreSQL:
		// The counters of a session reach the view with a delay, unless asked
		// to.
		var ignored sql.NullString
		require.NoError(t,
			a.pool.QueryRowContext(t.Context(),
				"SELECT pg_stat_force_next_flush()::text").Scan(&ignored))
		return queryInt(t, a.pool,
			"SELECT COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0)::int "+
				"FROM pg_stat_user_tables"+
				" WHERE schemaname = current_schema() AND relname IN ('users', 'sessions', 'changes')")
	default:
		rows, err := a.pool.QueryContext(t.Context(),
			"SHOW SESSION STATUS WHERE Variable_name IN ('Handler_write', "+
				"'Handler_update', 'Handler_delete')")
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		sum := 0

		for rows.Next() {
			var (
				name string
				n    int
			)
			require.NoError(t, rows.Scan(&name, &n))
			sum += n
		}
		require.NoError(t, rows.Err())
		return sum
	}
}
