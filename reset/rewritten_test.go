package reset_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// A scanner that opens a million rewritten links must not write a million
// lines.
func TestRewrittenLinksAreOneEventAMinuteWithTheirNumber(t *testing.T) {
	t.Parallel()
	sc := newFixture(t, nil)
	client := netip.MustParseAddr("192.0.2.1")
	for range 1000 {
		sc.LinkRewritten(client)
	}
	mapped := netip.MustParseAddr("::ffff:192.0.2.1") // the same one.
	sc.clock.advance(time.Minute - time.Second)
	sc.LinkRewritten(client)
	sc.clock.advance(time.Second)
	sc.LinkRewritten(mapped)
	sc.drain(t)

	var counts []int
	for _, event := range sc.events.all() {
		if event.Outcome == reset.OutcomeLinkRewritten {
			require.Equal(t, client, event.Client)
			counts = append(counts, event.Count)
		}
	}
	require.Equal(t, []int{1, 1001}, counts)
}
