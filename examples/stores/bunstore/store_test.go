package bunstore_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/lostkey-go/lostkey/examples/stores/bunstore"
	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/reset"
)

func TestStoreKeepsTheContractOnPostgreSQL(t *testing.T) {
	kit.Postgres(t, func(t *testing.T, dsn string) reset.Store {
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		db.SetMaxOpenConns(4)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return &bunstore.Store{DB: bun.NewDB(db, pgdialect.New())}
	})
}

func TestStoreKeepsTheContractOnMariaDB(t *testing.T) {
	kit.MariaDB(t, func(db *sql.DB) reset.Store {
		return &bunstore.Store{DB: bun.NewDB(db, mysqldialect.New())}
	})
}
