package sqlaudit_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// sources are ways in which one source can spread its requests.
var sources = []struct {
	name   string
	client func(n int) netip.Addr
	rows   int
	source [2]any
}{
	{
		"one client",
		func(int) netip.Addr { return ipv4("203.0.113.7", 0) },
		1,
		[2]any{"203.0.113.7", "203.0.113.7/32"},
	},
	{
		"one IPv4 /24",
		func(n int) netip.Addr { return ipv4("203.0.113.0", n%256) },
		1,
		[2]any{"", "203.0.113.0/24"},
	},
	{
		"one IPv4 in two dresses",
		func(n int) netip.Addr {
			return []netip.Addr{
				ipv4("203.0.113.7", 0),
				netip.MustParseAddr("::ffff:203.0.113.7"),
			}[n%2]
		},
		1,
		[2]any{"203.0.113.7", "203.0.113.7/32"},
	},
	{
		"one /64",
		func(n int) netip.Addr { return ipv6("2001:db8:1:2::", 128, n) },
		1,
		[2]any{"", "2001:db8:1:2::/64"},
	},
	{
		"one /64 by privacy addresses",
		func(n int) netip.Addr { return ipv6("2001:db8:1:2::", 80, n) },
		1,
		[2]any{"", "2001:db8:1:2::/64"},
	},
	{
		"one /48",
		func(n int) netip.Addr { return ipv6("2001:db8:1::", 64, n) },
		1,
		[2]any{"", "2001:db8:1::/48"},
	},
	{
		"one IPv4 /16",
		func(n int) netip.Addr { return ipv4("203.0.0.0", n%65536) },
		118,
		[2]any{},
	},
	{
		"one /32",
		func(n int) netip.Addr { return ipv6("2001:db8::", 48, n) },
		257,
		[2]any{},
	},
	{
		"nobody known",
		func(int) netip.Addr { return netip.Addr{} },
		1,
		[2]any{"", ""},
	},
}

func TestOneSourceCostsARowHoweverItRotates(t *testing.T) {
	t.Parallel()
	const hits = 30_000
	for _, c := range sources {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &written{}
			trail := newTrail(t, w.database())
			for n := range hits {
				trail.Record(t.Context(), reset.Event{
					Outcome: reset.OutcomeRejected, Reason: "malformed",
					Client: c.client(n),
				})
			}
			require.NoError(t, trail.Flush(t.Context()))

			t.Logf("%d hits from %s: %d rows", hits, c.name, len(w.rows))
			require.EqualValues(t, hits, w.hits(), "none is lost")
			require.Len(t, w.rows, c.rows)
			require.LessOrEqual(t, w.longest, 1000)
			if c.source != [2]any{} {
				require.Equal(t, c.source, w.source(0))
			}
		})
	}
}

// A flood from everywhere costs neither memory nor rows without end, and what
// is known of others by then is kept.
func TestFloodFromManyNetworksIsCountedInWiderOnes(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	record := func(client netip.Addr, reason, userID, tokenID string) {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeRejected, Reason: reason,
			UserID: userID, TokenID: tokenID, Client: client,
		})
	}

	visitor := ipv4("192.0.2.1", 0)
	record(visitor, "stale", "7", "t")
	const flood = 100_000
	for n := range flood {
		source := ipv4("11.0.0.9", n/2<<8)
		if n%2 != 0 {
			source = ipv6("2001::", 32, n/2)
		}
		record(source, "malformed", "8", "u")
	}
	record(visitor, "stale", "7", "t")
	record(ipv4("192.0.2.200", 0), "stale", "7", "t")
	require.Empty(t, w.rows, "it is not time yet")

	require.NoError(t, trail.Flush(t.Context()))
	t.Logf("%d hits from %d networks: %d rows in %d statements",
		flood, flood, len(w.rows), w.statements)
	require.EqualValues(t, flood+3, w.hits(), "none is lost")
	require.LessOrEqual(t, len(w.rows), 256+64+1)

	lengths := map[int]int{}
	for i, row := range w.rows {
		switch {
		case row[colUserID] == "7":
			require.Equal(t, [2]any{"", "192.0.2.0/24"}, w.source(i))
			require.Equal(t, int64(3), row[colHits])
		case row[colClientNet] == "":
			require.Equal(t,
				[]any{"rejected", "", "", "", "", "", "", ""}, row[1:colHits])
			lengths[0]++
		default:
			network := netip.MustParsePrefix(row[colClientNet].(string))
			lengths[network.Bits()]++
		}
	}
	require.Equal(t, 1, lengths[0], "what no network has room for is one row")
	require.Positive(t, lengths[16])
	require.Positive(t, lengths[32])
}

// The client of a wider row stands in it while it is the only one.
func TestWiderRowKeepsItsOnlyClient(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	for n := range 256 {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeThrottled, Client: ipv4("11.0.0.9", n<<16),
		})
	}

	late := []netip.Addr{
		ipv4("198.51.100.7", 0), ipv6("2001:db8:1:2::", 128, 9),
	}
	for range 3 {
		for _, client := range late {
			trail.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeThrottled, Client: client, UserID: "7",
			})
		}
	}
	require.NoError(t, trail.Flush(t.Context()))

	require.Len(t, w.rows, 258)
	found := 0
	for i, row := range w.rows {
		if row[colHits] != int64(3) {
			continue
		}
		found++
		require.Contains(t, [][2]any{
			{"198.51.100.7", "198.51.100.7/32"},
			{"2001:db8:1:2::9", "2001:db8:1:2::/64"},
		}, w.source(i))
		require.Empty(t, row[colUserID], "a wider row is of no account")
	}
	require.Equal(t, 2, found)
}

// Each interval starts anew.
func TestFloodCostsItsRowsOncePerInterval(t *testing.T) {
	t.Parallel()
	w, now := &written{}, noon
	trail := newTrail(t, w.database(), func(cfg *sqlaudit.Config) {
		cfg.Now = func() time.Time { return now }
	})

	for n := range 60_000 {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeRejected,
			Client:  ipv6("2001:db8:1::", 64, n),
		})
		now = now.Add(time.Millisecond)
	}
	require.NoError(t, trail.Flush(t.Context()))

	t.Logf("a minute of 1,000 hits a second: %d rows", len(w.rows))
	require.Len(t, w.rows, 6)
	require.EqualValues(t, 60_000, w.hits())
}
