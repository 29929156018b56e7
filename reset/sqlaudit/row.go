package sqlaudit

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/reset"
)

// An eventRow is an event in the form it is stored in, apart from its time.
type eventRow struct {
	outcome, purpose, reason   string
	client, clientNet          string
	userID, requestID, tokenID string
	site                       string
}

// repeatable reports whether a visitor can cause equal events as often as they
// can send requests. A request for a link is not among them, because the limits
// are in front.
func (r eventRow) repeatable() bool {
	switch reset.Outcome(r.outcome) {
	case reset.OutcomeThrottled, reset.OutcomeBlocked,
		reset.OutcomeDropped, reset.OutcomeCheckRejected,
		reset.OutcomeRejected, reset.OutcomePasswordRefused:
		return true
	}
	return r.userID == "" && r.requestID == "" && r.tokenID == ""
}

func newEventRow(ev reset.Event) eventRow {
	row := eventRow{
		outcome:   printable(string(ev.Outcome), 32),
		purpose:   printable(string(ev.Purpose), 32),
		reason:    printable(string(ev.Reason), 64),
		userID:    printable(ev.UserID, 255),
		requestID: printable(ev.RequestID, 64),
		tokenID:   printable(ev.TokenID, 64),
		site:      printable(ev.SiteName, 64),
	}

	if ev.Outcome == reset.OutcomeDropped {
		// The id of a request that nothing came of would only keep equal rows
		// apart.
		row.requestID = ""
	}

	if client := plainAddr(ev.Client); client.IsValid() {
		row.client, row.clientNet = client.String(),
			prefixOf(client, clientBits).String()
	}
	return row
}

// plainAddr drops the zone and the IPv6 form of an IPv4 address, because both
// are spellings of the same client.
func plainAddr(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// printable returns text that is safe in a terminal, a log and a page of plain
// text, of at most limit bytes. A user id with a line break or a bidirectional
// override would otherwise forge a line for whoever reads the trail.
func printable(text string, limit int) string {
	if strings.ContainsFunc(text, func(r rune) bool {
		return !strconv.IsPrint(r) || r == utf8.RuneError
	}) {
		text = strconv.QuoteToASCII(text)
	}

	if len(text) <= limit {
		return text
	}

	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

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
