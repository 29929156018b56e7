package sqlstore_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A trail is what was written to an audit table.
type trail struct {
	statements, longest int
	rows                [][]any
}

func (w *trail) fake() *fakeDB {
	return &fakeDB{exec: func(_ string, args []any) (int64, error) {
		w.statements++
		w.longest = max(w.longest, len(args))
		for ; len(args) > 0; args = args[10:] {
			w.rows = append(w.rows, args[:10:10])
		}
		return 1, nil
	}}
}

func (w *trail) hits() (n int64) {
	for _, row := range w.rows {
		n += row[9].(int64)
	}
	return n
}

// whom returns the client and the network of a row.
func (w *trail) whom(row int) [2]any { return [2]any{w.rows[row][4], w.rows[row][5]} }

// ipv4 and ipv6 count through the addresses of a network: n is the part behind
// the prefix that steps by one.
func ipv4(prefix string, n int) netip.Addr {
	b := netip.MustParseAddr(prefix).As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}

func ipv6(prefix string, last uint, n int) netip.Addr {
	b := netip.MustParseAddr(prefix).As16()
	high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	if last <= 64 {
		high += uint64(n) << (64 - last)
	} else {
		low += uint64(n) << (128 - last)
	}
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], low)
	return netip.AddrFrom16(b)
}

func TestOneSourceCostsARowHoweverItRotates(t *testing.T) {
	t.Parallel()
	const hits = 30_000
	for _, c := range []struct {
		name   string
		client func(n int) netip.Addr
		rows   int
		whom   [2]any
	}{
		{"one client", func(int) netip.Addr { return ipv4("203.0.113.7", 0) }, 1, [2]any{"203.0.113.7", "203.0.113.7/32"}},
		{"one IPv4 /24", func(n int) netip.Addr { return ipv4("203.0.113.0", n%256) }, 1, [2]any{"", "203.0.113.0/24"}},
		{"one IPv4 in two dresses", func(n int) netip.Addr {
			return []netip.Addr{ipv4("203.0.113.7", 0), netip.MustParseAddr("::ffff:203.0.113.7")}[n%2]
		}, 1, [2]any{"203.0.113.7", "203.0.113.7/32"}},
		{"one /64", func(n int) netip.Addr { return ipv6("2001:db8:1:2::", 128, n) }, 1, [2]any{"", "2001:db8:1:2::/64"}},
		{"one /64 by privacy addresses", func(n int) netip.Addr { return ipv6("2001:db8:1:2::", 80, n) }, 1, [2]any{"", "2001:db8:1:2::/64"}},
		{"one /48", func(n int) netip.Addr { return ipv6("2001:db8:1::", 64, n) }, 1, [2]any{"", "2001:db8:1::/48"}},
		{"one IPv4 /16", func(n int) netip.Addr { return ipv4("203.0.0.0", n%65536) }, 118, [2]any{}},
		{"one /32", func(n int) netip.Addr { return ipv6("2001:db8::", 48, n) }, 257, [2]any{}},
		{"nobody known", func(int) netip.Addr { return netip.Addr{} }, 1, [2]any{"", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			written := &trail{}
			audit := newTrail(t, written.fake())
			for n := range hits {
				audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRejected, Reason: "malformed", Client: c.client(n)})
			}
			require.NoError(t, audit.Flush(t.Context()))
			t.Logf("%d hits from %s: %d rows", hits, c.name, len(written.rows))
			require.EqualValues(t, hits, written.hits(), "none is lost")
			require.Len(t, written.rows, c.rows)
			require.LessOrEqual(t, written.longest, 1000)
			if c.whom != [2]any{} {
				require.Equal(t, c.whom, written.whom(0))
			}
		})
	}
}

// A flood from everywhere costs neither memory nor rows without end, and what is
// known of others by then is kept.
func TestFloodFromManyNetworksIsCountedInWiderOnes(t *testing.T) {
	t.Parallel()
	written := &trail{}
	audit := newTrail(t, written.fake())
	record := func(client netip.Addr, ev reset.Event) {
		ev.Client = client
		audit.Record(t.Context(), ev)
	}
	link := reset.Event{Outcome: reset.OutcomeRejected, Reason: "stale", UserID: "7", TokenID: "t"}
	visitor := ipv4("192.0.2.1", 0)
	record(visitor, link)
	const flood = 100_000
	for n := range flood {
		junk := reset.Event{Outcome: reset.OutcomeRejected, Reason: "malformed", UserID: "8", TokenID: "u"}
		if n%2 == 0 {
			record(ipv4("11.0.0.9", n/2<<8), junk)
		} else {
			record(ipv6("2001::", 32, n/2), junk)
		}
	}
	record(visitor, link)
	record(ipv4("192.0.2.200", 0), link)
	require.Empty(t, written.rows, "it is not time yet")

	require.NoError(t, audit.Flush(t.Context()))
	t.Logf("%d hits from %d networks: %d rows in %d statements", flood, flood, len(written.rows), written.statements)
	require.EqualValues(t, flood+3, written.hits(), "none is lost")
	require.LessOrEqual(t, len(written.rows), 256+64+1)
	lengths := map[int]int{}
	for _, row := range written.rows {
		if row[6] == "7" {
			require.Equal(t, []any{"", "192.0.2.0/24", int64(3)}, []any{row[4], row[5], row[9]})
			continue
		}
		if row[5] == "" {
			require.Equal(t, []any{"rejected", "", "", "", "", "", "", ""}, row[1:9])
			lengths[0]++
			continue
		}
		lengths[netip.MustParsePrefix(row[5].(string)).Bits()]++
	}
	require.Equal(t, 1, lengths[0], "what no network has room for is one row")
	require.Positive(t, lengths[16])
	require.Positive(t, lengths[32])
}

// The client of a wider row stands in it while it is the only one.
func TestWiderRowKeepsItsOnlyClient(t *testing.T) {
	t.Parallel()
	written := &trail{}
	audit := newTrail(t, written.fake())
	for n := range 256 {
		audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled, Client: ipv4("11.0.0.9", n<<16)})
	}
	late := []netip.Addr{ipv4("198.51.100.7", 0), ipv6("2001:db8:1:2::", 128, 9)}
	for range 3 {
		for _, client := range late {
			audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled, Client: client, UserID: "7"})
		}
	}
	require.NoError(t, audit.Flush(t.Context()))
	require.Len(t, written.rows, 258)
	found := 0
	for i, row := range written.rows {
		if row[9] == int64(3) {
			found++
			require.Contains(t, [][2]any{{"198.51.100.7", "198.51.100.7/32"}, {"2001:db8:1:2::9", "2001:db8:1:2::/64"}}, written.whom(i))
			require.Empty(t, row[6], "a wider row is of no account")
		}
	}
	require.Equal(t, 2, found)
}

// Each interval starts anew.
func TestFloodCostsItsRowsOncePerInterval(t *testing.T) {
	t.Parallel()
	written := &trail{}
	now := noon
	audit, err := sqlstore.NewAudit(written.fake().open(t), sqlstore.AuditConfig{
		Dialect: sqlstore.SQLite, Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	for n := range 60_000 {
		audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRejected, Client: ipv6("2001:db8:1::", 64, n)})
		now = now.Add(time.Millisecond)
	}
	require.NoError(t, audit.Flush(t.Context()))
	t.Logf("a minute of 1,000 hits a second: %d rows", len(written.rows))
	require.Len(t, written.rows, 6)
	require.EqualValues(t, 60_000, written.hits())
}
