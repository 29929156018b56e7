package sqlaudit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// Filter selects rows of the trail. The zero value selects the newest 50. Each
// field that is set leaves only the rows with its value.
type Filter struct {
	// UserID and TokenID select an account and a link.
	UserID, TokenID string
	// Outcome, for Links, is that of the row that made the link, such as
	// "mailed".
	Outcome reset.Outcome
	// SiteName selects a [reset.Site] by its name. It may point to "", for the
	// Service that reset.New made. Where the table lacks site, it is an error.
	SiteName *string
	// Network selects clients. It is a single address, an IPv4 /24 or /16, or
	// an IPv6 /64, /48 or /32. Another length is an error. A row that stands
	// for several clients of a wider network is not among them.
	Network netip.Prefix
	// Since and Until select from Since on and before Until, to the
	// millisecond.
	Since, Until time.Time
	// BeforeID selects smaller ids. That of the last row of one page brings the
	// next page.
	BeforeID int64
	// Limit is the number of rows, 1,000 at most. Zero means 50.
	Limit int
}

// conditions returns the WHERE clause for the rows of the table called alias,
// with always in front, and its parameters.
func (f Filter) conditions(
	d sqldialect.Dialect, alias, always string,
) (string, []any, error) {
	where, args := []string{always}, []any{}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, alias+"."+condition+d.Param(len(args)))
	}

	// What is said twice below lets the database see that an index of rows that
	// are not empty there will do.
	if f.UserID != "" {
		add("user_id <> '' AND "+alias+".user_id = ", printable(f.UserID, 255))
	}
	if f.TokenID != "" {
		add("token_id <> '' AND "+alias+".token_id = ", printable(f.TokenID, 64))
	}
	if f.Outcome != "" {
		add("outcome = ", printable(string(f.Outcome), 32))
	}
	if f.SiteName != nil {
		add("site = ", printable(*f.SiteName, 64))
	}
	if !f.Since.IsZero() {
		add("at_ms >= ", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		add("at_ms < ", f.Until.UnixMilli())
	}
	if f.BeforeID > 0 {
		add("id < ", f.BeforeID)
	}

	if f.Network != (netip.Prefix{}) {
		condition, patterns, err := f.inNetwork(d, alias, len(args)+1)
		if err != nil {
			return "", nil, err
		}
		where, args = append(where, condition), append(args, patterns...)
	}

	limit := f.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	args = append(args, min(limit, maxPage))

	return " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY " + alias + ".id DESC LIMIT " + d.Param(len(args)), args, nil
}

// inNetwork returns the condition for the rows of clients in f.Network, and its
// parameters, the first of which is the one with this number.
func (f Filter) inNetwork(
	d sqldialect.Dialect, alias string, first int,
) (string, []any, error) {
	network := f.Network.Masked()
	addr, length := network.Addr(), network.Bits()
	if addr.Is4In6() || !slices.Contains(lengths(addr), length) {
		return "", nil, fmt.Errorf(
			"sqlaudit: Filter.Network is %v, want an address, an IPv4 /24"+
				" or /16, or an IPv6 /64, /48 or /32", f.Network,
		)
	}

	if network.IsSingleIP() {
		return alias + ".client = " + d.Param(first), []any{addr.String()}, nil
	}

	column := alias + ".client_net"
	condition := column + " LIKE " + d.Param(first)
	args := []any{firstGroups(network) + "%"}
	if addr.Is6() {
		// Where the groups after a network are zero, its text ends early.
		for _, bits := range lengths(addr) {
			if bits < length || bits == addr.BitLen() {
				continue
			}
			args = append(args, netip.PrefixFrom(addr, bits).String())
			condition += " OR " + column + " = " + d.Param(first+len(args)-1)
		}
	}
	return "(" + condition + ")", args, nil
}

// lengths returns the lengths of a prefix in the family of addr that the trail
// counts by, and that of a single address.
func lengths(addr netip.Addr) []int {
	if addr.Is4() {
		return []int{wideBits.v4, networkBits.v4, clientBits.v4}
	}
	return []int{wideBits.v6, networkBits.v6, clientBits.v6, addr.BitLen()}
}

// firstGroups returns the start that the texts of all networks in this one have
// in common, such as "203.0.113." and "2001:db8:0:".
func firstGroups(network netip.Prefix) string {
	addr, length := network.Addr(), network.Bits()
	if addr.Is4() {
		groups := strings.SplitAfter(addr.String(), ".")
		return strings.Join(groups[:length/8], "")
	}

	var text strings.Builder
	b := addr.As16()
	for i := 0; i < length/8; i += 2 {
		fmt.Fprintf(&text, "%x:", uint(b[i])<<8|uint(b[i+1]))
	}
	return text.String()
}
