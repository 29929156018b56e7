package entstore_test

import (
	"database/sql"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/stores/entstore"
	"github.com/lostkey-go/lostkey/examples/stores/entstore/ent"
	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/reset"
)

func TestStoreKeepsTheContract(t *testing.T) {
	kit.Postgres(t, func(t *testing.T, dsn string) reset.Store {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		db.SetMaxOpenConns(4)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return &entstore.Store{Client: ent.NewClient(
			ent.Driver(entsql.OpenDB(dialect.Postgres, db)))}
	})
}
