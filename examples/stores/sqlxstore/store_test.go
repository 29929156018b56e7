package sqlxstore_test

import (
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/examples/stores/sqlxstore"
	"github.com/lostkey-go/lostkey/reset"
)

func TestStoreKeepsTheContract(t *testing.T) {
	kit.Postgres(t, func(t *testing.T, dsn string) reset.Store {
		db, err := sqlx.Open("pgx", dsn)
		require.NoError(t, err)
		db.SetMaxOpenConns(4)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return &sqlxstore.Store{DB: db}
	})
}
