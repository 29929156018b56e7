package sqlstore

import (
	"context"
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

// bits are the lengths of a prefix in both families.
type bits struct{ v4, v6 int }

var (
	// clientBits is what one client is taken to own at least: an IPv4 address,
	// or the /64 that an IPv6 host gets as a whole.
	clientBits = bits{32, 64}
	// networkBits is what one source can spread its hits over at no cost. It is
	// the /48 that an IPv6 site gets at most (RFC 6177), and the neighbourhood
	// of an IPv4 host.
	networkBits = bits{24, 48}
	// wideBits is what an access provider gets.
	wideBits = bits{16, 32}
)

// prefixOf returns the prefix of addr with the given length, and the zero
// Prefix for the zero Addr.
func prefixOf(addr netip.Addr, length bits) netip.Prefix {
	n := length.v4
	if addr.Is6() {
		n = length.v6
	}
	prefix, err := addr.Prefix(n)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// An auditCount is how many events were like one row, when the last of them
// was, and whom they came from. That is the client and its prefix while there
// is one client, and then a network.
type auditCount struct {
	hits, at          int64
	client, clientNet string
}

// eventsIn returns how many events ev stands for.
func eventsIn(ev reset.Event) int64 { return max(1, int64(ev.Count)) }

// times returns the count of a row that stands for n events.
func (r auditRow) times(n int64, at time.Time) auditCount {
	return auditCount{
		hits:      n,
		at:        at.UnixMilli(),
		client:    r.client,
		clientNet: r.clientNet,
	}
}

// add counts n more events like row and reports whether it is time to write.
func (a *Audit) add(n auditCount, row auditRow, client netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()

	key := a.countedAs(row, client)
	if before, known := a.counted[key]; known {
		n.hits += before.hits
		if n.client != before.client {
			n.client = ""
		}
		if n.clientNet != before.clientNet {
			n.clientNet = key.clientNet
		}
	}
	a.counted[key] = n

	age := a.now().Sub(a.flushed)
	// A clock that was set back must not stop the writing.
	return age >= countFor || age < 0
}

// countedAs returns the row that row is counted in. It is that of its network,
// or, when there are too many of those, that of a wider one, or at last that of
// its outcome.
func (a *Audit) countedAs(row auditRow, client netip.Addr) auditRow {
	row.client, row.clientNet = "", ""
	if client.IsValid() {
		row.clientNet = prefixOf(client, networkBits).String()
	}
	if a.hasRoom(row, maxCounted) {
		return row
	}

	row.userID, row.requestID, row.tokenID = "", "", ""
	if client.IsValid() {
		row.clientNet = prefixOf(client, wideBits).String()
	}
	if a.hasRoom(row, maxWide) {
		return row
	}
	return auditRow{outcome: row.outcome}
}

func (a *Audit) hasRoom(row auditRow, bound int) bool {
	_, known := a.counted[row]
	return known || len(a.counted) < bound
}

// Flush writes what has been counted so far. What cannot be written is lost.
func (a *Audit) Flush(ctx context.Context) error {
	now := a.now()
	a.mu.Lock()
	counted := a.counted
	a.counted, a.flushed = map[auditRow]auditCount{}, now
	a.mu.Unlock()

	return a.insert(ctx, counted)
}
