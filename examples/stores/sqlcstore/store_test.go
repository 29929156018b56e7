package sqlcstore_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/examples/stores/sqlcstore"
	"github.com/lostkey-go/lostkey/reset"
)

func TestStoreKeepsTheContract(t *testing.T) {
	kit.Postgres(t, func(t *testing.T, dsn string) reset.Store {
		pool, err := pgxpool.New(t.Context(), dsn)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return &sqlcstore.Store{Pool: pool}
	})
}
