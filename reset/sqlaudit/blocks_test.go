package sqlaudit_test

import (
	"database/sql/driver"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestNewBlocksRefusesWhatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)
	_, err := sqlaudit.NewBlocks(
		nil, sqlaudit.BlocksConfig{Dialect: sqlstore.SQLite},
	)
	require.ErrorContains(t, err, "database is nil")
	_, err = sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{})
	require.ErrorContains(t, err, "BlocksConfig.Dialect")
	_, err = sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{
		Dialect: sqlstore.SQLite, RefreshEvery: time.Second - 1,
	})
	require.ErrorContains(t, err, "RefreshEvery")

	for _, name := range sqltest.HostileNames {
		_, err = sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{
			Dialect: sqlstore.SQLite, Table: name,
		})
		require.ErrorContains(t, err, "BlocksConfig.Table", "%q", name)
	}
}

func TestBlockListNeverWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang, queries := make(chan struct{}), 0
		f := &sqltest.DB{
			Query: func(string, []any) ([][]driver.Value, error) {
				queries++
				<-hang
				return [][]driver.Value{
					{"203.0.113.7/32", "", int64(0), int64(0)},
				}, nil
			},
		}
		blocks := newBlocks(t, f, func(cfg *sqlaudit.BlocksConfig) {
			cfg.Now = nil // that of the bubble
		})

		client := netip.MustParseAddr("203.0.113.7")
		for range 10 {
			for range 100 {
				require.False(t, blocks.Blocked(client))
			}
			synctest.Wait()
			<-time.After(30 * time.Second)
		}

		close(hang)
		synctest.Wait()
		require.Equal(t, 1, queries, "one refresh at a time")
		require.True(t, blocks.Blocked(client))
		synctest.Wait()
		require.Equal(t, 2, queries, "and another one when it is due")
	})
}

func TestBlockListKeepsItsLastCopy(t *testing.T) {
	t.Parallel()
	var fail error
	f := &sqltest.DB{Query: func(string, []any) ([][]driver.Value, error) {
		return [][]driver.Value{
			{"203.0.113.0/24", "", int64(0), int64(0)},
		}, fail
	}}
	blocks := newBlocks(t, f)

	require.NoError(t, blocks.Refresh(t.Context()))
	fail = errors.New("the database is away")
	require.ErrorIs(t, blocks.Refresh(t.Context()), fail)
	require.True(t, blocks.Blocked(netip.MustParseAddr("203.0.113.7")))
}

func TestBlockListRefusesPrefixesThatCoverRegions(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{}
	blocks := newBlocks(t, f)
	for _, prefix := range []netip.Prefix{
		{},
		netip.MustParsePrefix("0.0.0.0/0"),
		netip.MustParsePrefix("10.0.0.0/7"),
		netip.MustParsePrefix("::/0"),
		netip.MustParsePrefix("2000::/15"),
		netip.MustParsePrefix("::ffff:0.0.0.0/96"),
	} {
		err := blocks.Add(t.Context(), prefix, "", time.Time{})
		require.Error(t, err, "%v", prefix)
		require.Error(t, blocks.Remove(t.Context(), prefix), "%v", prefix)
	}
	require.Empty(t, f.Sent())

	for _, text := range []string{
		"10.0.0.0/8", "2001::/16", "::ffff:10.0.0.0/104", "203.0.113.7/32",
	} {
		prefix := netip.MustParsePrefix(text)
		err := blocks.Add(t.Context(), prefix, "", time.Time{})
		require.NoError(t, err, text)
	}
}
