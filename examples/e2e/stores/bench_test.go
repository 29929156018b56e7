package stores_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// What the database adds to a confirmation, beside what the hash costs.

func BenchmarkReplaceHash(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			store, seen := benchStore(b, e)
			for i := 0; b.Loop(); i++ {
				encoded := fmt.Sprintf("hash %d", i)
				require.NoError(b,
					store.ReplaceHash(b.Context(), seen, encoded))
				seen.PasswordHash = encoded
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	hasher, err := hash.New(hash.Config{})
	require.NoError(b, err)
	for b.Loop() {
		_, err := hasher.Hash(b.Context(), newPassword)
		require.NoError(b, err)
	}
}

func benchStore(b *testing.B, e engine) (*sqlstore.Store, reset.User) {
	b.Helper()
	db, _ := e.open(b)
	createTables(b, e, db)
	mustExec(b, db,
		"INSERT INTO users (email, password_hash) VALUES ('ann@example.org', 'hash')")
	store, err := sqlstore.New(db, sqlstore.Config{
		Dialect: e.dialect, Table: users, InTx: endSessions(e),
	})
	require.NoError(b, err)
	seen, err := store.FindByID(b.Context(), "1")
	require.NoError(b, err)
	return store, seen
}

// A full buffer of the audit trail, written at once.
func BenchmarkTrail(b *testing.B) {
	const rows = 4096
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			db, _ := e.open(b)
			audit, err := sqlaudit.New(db, sqlaudit.Config{Dialect: e.dialect})
			require.NoError(b, err)
			for _, statement := range audit.Schema() {
				mustExec(b, db, statement)
			}

			for b.Loop() {
				for n := range rows {
					audit.Record(b.Context(), numbered(n))
				}
				require.NoError(b, audit.Flush(b.Context()))
			}
			b.ReportMetric(
				float64(b.Elapsed().Microseconds())/float64(b.N*rows), "us/row",
			)
		})
	}
}
