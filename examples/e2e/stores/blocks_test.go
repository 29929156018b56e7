package stores_test

import (
	"database/sql"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// A clock is set by hand, while a refresh in the background may be reading it.
type clock struct{ atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.set(start)
	return c
}

func (c *clock) now() time.Time           { return time.Unix(0, c.Load()).UTC() }
func (c *clock) set(to time.Time)         { c.Store(to.UnixNano()) }
func (c *clock) advance(by time.Duration) { c.Add(int64(by)) }

// openBlocks opens the block list as one process does when it starts.
func openBlocks(
	t *testing.T, e engine, db *sql.DB, c *clock,
) *sqlaudit.Blocks {
	t.Helper()
	blocks, err := sqlaudit.NewBlocks(db,
		sqlaudit.BlocksConfig{Dialect: e.dialect, Now: c.now})
	require.NoError(t, err)

	for _, statement := range blocks.Schema() {
		mustExec(t, db, statement)
	}
	require.NoError(t, blocks.Refresh(t.Context()))
	return blocks
}

func TestBlockListIsSharedAndEnds(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		c := newClock()
		here, there := openBlocks(t, e, db, c), openBlocks(t, e, db, c)
		require.False(t, here.Blocked(asker))
		require.False(t, here.Blocked(netip.Addr{}))

		ctx := t.Context()
		add := func(prefix, reason string, until time.Time) {
			require.NoError(t,
				here.Add(ctx, netip.MustParsePrefix(prefix), reason, until))
		}
		add("203.0.113.99/24", "many requests\nforged", start.Add(time.Hour))
		add("2001:db8:1:2::/64", "refused links", time.Time{})
		require.True(t, here.Blocked(asker))
		require.True(t, here.Blocked(netip.MustParseAddr("::ffff:203.0.113.7")))
		require.True(t, here.Blocked(user6.WithZone("eth0")))
		require.False(t, here.Blocked(netip.MustParseAddr("203.0.114.1")))
		require.False(t, here.Blocked(netip.MustParseAddr("2001:db8:1:3::1")))

		require.False(t, there.Blocked(asker),
			"another process has not read it yet")
		require.NoError(t, there.Refresh(ctx))
		require.True(t, there.Blocked(asker))

		list, err := there.List(ctx)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, sqlaudit.Block{
			Prefix: netip.MustParsePrefix("203.0.113.0/24"),
			Reason: `"many requests\nforged"`, Since: start,
			Until: start.Add(time.Hour),
		}, list[1])

		// The end needs no refresh.
		c.set(start.Add(time.Hour - time.Millisecond))
		require.True(t, here.Blocked(asker))
		c.set(start.Add(time.Hour))
		require.False(t, here.Blocked(asker))

		// Adding again changes the end of the same row.
		add("::ffff:203.0.113.0/120", "again", c.now().Add(time.Minute))
		require.True(t, here.Blocked(asker))
		require.Equal(t, 2,
			queryInt(t, db, "SELECT COUNT(*) FROM lostkey_blocks"))
		c.advance(time.Minute)
		pruned, err := here.Prune(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, pruned)

		network := netip.MustParsePrefix("2001:db8:1:2::5/64")
		require.NoError(t, here.Remove(ctx, network))
		require.False(t, here.Blocked(user6))
		require.NoError(t, here.Remove(ctx, network))
	})
}

func TestBlockListRefreshesItself(t *testing.T) {
	e := engines[0]
	db, _ := e.open(t)
	c := newClock()
	blocks := openBlocks(t, e, db, c)
	mustExec(t, db,
		"INSERT INTO lostkey_blocks VALUES ('203.0.113.7/32', '', 0, 0), "+
			"('nonsense', '', 0, 0)")
	c.advance(30*time.Second - time.Nanosecond)
	require.False(t, blocks.Blocked(asker))
	c.advance(time.Nanosecond)
	require.Eventually(t, func() bool { return blocks.Blocked(asker) },
		10*time.Second, time.Millisecond)
}
