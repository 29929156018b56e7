package gormstore_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/lostkey-go/lostkey/examples/stores/gormstore"
	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/reset"
)

func TestStoreKeepsTheContractOnPostgreSQL(t *testing.T) {
	kit.Postgres(t, func(t *testing.T, dsn string) reset.Store {
		db, err := gorm.Open(postgres.Open(dsn),
			&gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		pool, err := db.DB()
		require.NoError(t, err)
		pool.SetMaxOpenConns(4)
		t.Cleanup(func() { require.NoError(t, pool.Close()) })
		return &gormstore.Store{DB: db}
	})
}

func TestStoreKeepsTheContractOnMariaDB(t *testing.T) {
	kit.MariaDB(t, func(pool *sql.DB) reset.Store {
		db, err := gorm.Open(mysql.New(mysql.Config{Conn: pool}),
			&gorm.Config{Logger: logger.Discard})
		require.NoError(t, err)
		return &gormstore.Store{DB: db}
	})
}
