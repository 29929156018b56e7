package sqlaudit

import (
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

const (
	// countFor is how long repeatable events are counted before they are
	// written.
	countFor = 10 * time.Second
	// maxCounted is how many rows of networks are counted at once. maxWide is
	// how many there are with the rows of wider networks, which count the rest.
	maxCounted = 256
	maxWide    = maxCounted + 64
)

// A rowCount is how many events were like one row, when the last of them was,
// and whom they came from. That is the client and its prefix while there is one
// client, and then a network.
type rowCount struct {
	hits, at          int64
	client, clientNet string
}

// eventsIn returns how many events ev stands for.
func eventsIn(ev reset.Event) int64 { return max(1, int64(ev.Count)) }

// times returns the count of a row that stands for n events.
func (r eventRow) times(n int64, at time.Time) rowCount {
	return rowCount{
		hits:      n,
		at:        at.UnixMilli(),
		client:    r.client,
		clientNet: r.clientNet,
	}
}

// count counts n more events like row and reports whether it is time to write.
// t.mu is held.
func (t *Trail) count(n rowCount, row eventRow, client netip.Addr) bool {
	key := t.countedAs(row, client)
	if before, known := t.counted[key]; known {
		n.hits += before.hits
		if n.client != before.client {
			n.client = ""
		}
		if n.clientNet != before.clientNet {
			n.clientNet = key.clientNet
		}
	}
	t.counted[key] = n

	age := t.now().Sub(t.flushed)
	// A clock that was set back must not stop the writing.
	return age >= countFor || age < 0
}

// countedAs returns the row that row is counted in. It is that of its network,
// or, when there are too many of those, that of a wider one, or at last that of
// its outcome.
func (t *Trail) countedAs(row eventRow, client netip.Addr) eventRow {
	row.client, row.clientNet = "", ""
	if client.IsValid() {
		row.clientNet = prefixOf(client, networkBits).String()
	}
	if t.hasRoom(row, maxCounted) {
		return row
	}

	row.userID, row.requestID, row.tokenID = "", "", ""
	if client.IsValid() {
		row.clientNet = prefixOf(client, wideBits).String()
	}
	if t.hasRoom(row, maxWide) {
		return row
	}
	return eventRow{outcome: row.outcome}
}

func (t *Trail) hasRoom(row eventRow, bound int) bool {
	_, known := t.counted[row]
	return known || len(t.counted) < bound
}

// addCounted has what was counted written, and begins anew. Where it finds no
// room, the counting goes on. t.mu is held.
func (t *Trail) addCounted() {
	if t.held()+len(t.counted) > t.room && !t.closed {
		return
	}
	for row, n := range t.counted {
		t.add(storedRow{eventRow: row, n: n})
	}
	t.counted, t.flushed = map[eventRow]rowCount{}, t.now()
}
