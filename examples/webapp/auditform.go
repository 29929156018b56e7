package main

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// timeInForm is how browsers send a date and a time.
const timeInForm = "2006-01-02T15:04"

// maxUserID is how much of a user id the trail keeps, in bytes.
const maxUserID = 255

// auditForm is the filter of the audit page as it was typed.
type auditForm struct {
	Outcome, User, Network, From, Until string
}

// parseAuditForm reads the filter out of a query. Fields without a value select
// everything, and unknown ones are ignored.
func parseAuditForm(raw string) (auditForm, sqlaudit.Filter, []problem) {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return auditForm{}, sqlaudit.Filter{}, []problem{
			{"", "The address of this page cannot be read"},
		}
	}

	form := auditForm{
		Outcome: query.Get("outcome"), User: query.Get("user"),
		Network: query.Get("network"),
		From:    query.Get("from"), Until: query.Get("until"),
	}
	filter, problems := form.filter()

	if before := query.Get("before"); before != "" {
		filter.BeforeID, err = strconv.ParseInt(before, 10, 64)
		if err != nil || filter.BeforeID < 1 {
			problems = append(problems, problem{
				"", "There is no such page of events",
			})
		}
	}
	return form, filter, problems
}

// filter checks the form. It empties a time that is none, which browsers do not
// take as a value.
func (f *auditForm) filter() (sqlaudit.Filter, []problem) {
	var problems []problem
	refuse := func(field, text string) {
		problems = append(problems, problem{field, text})
	}

	filter := sqlaudit.Filter{
		UserID: f.User, Outcome: reset.Outcome(f.Outcome), Limit: auditRows,
	}
	if f.Outcome != "" && !slices.Contains(f.Outcomes(), f.Outcome) {
		refuse("outcome", "Choose an event from the list")
	}
	if len(f.User) > maxUserID {
		refuse("user", "A user id has at most 255 bytes")
	}

	var ok bool
	if filter.Network, ok = networkInForm(f.Network); !ok {
		refuse("network", "Give an address, an IPv4 /24 or /16,"+
			" or an IPv6 /64, /48 or /32")
	}
	if filter.Since, ok = parseFormTime(f.From); !ok {
		f.From = ""
		refuse("from", "Give the start like 2026-11-21T09:30")
	}
	if filter.Until, ok = parseFormTime(f.Until); !ok {
		f.Until = ""
		refuse("until", "Give the end like 2026-11-21T09:30")
	}

	if !filter.Since.IsZero() && !filter.Until.IsZero() &&
		!filter.Since.Before(filter.Until) {
		refuse("until", "The end must be after the start")
	}
	return filter, problems
}

// networkInForm returns the network or client in text, and the zero Prefix for
// no text. It reports whether the trail can be filtered by it.
func networkInForm(text string) (netip.Prefix, bool) {
	if text == "" {
		return netip.Prefix{}, true
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), addr.Zone() == ""
	}

	prefix, err := netip.ParsePrefix(text)
	if err != nil || prefix.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	lengths := []int{16, 24, 32}
	if prefix.Addr().Is6() {
		lengths = []int{32, 48, 64, 128}
	}
	return prefix, slices.Contains(lengths, prefix.Bits())
}

// parseFormTime returns the zero Time for no text.
func parseFormTime(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(timeInForm, text)
	return at, err == nil
}

// Outcomes are the events to choose from.
func (auditForm) Outcomes() []string {
	var names []string
	for _, outcome := range reset.Outcomes() {
		names = append(names, string(outcome))
	}
	return names
}

// Any says whether anything is filtered.
func (f auditForm) Any() bool { return f != auditForm{} }

// older returns where the events before the one with this id are.
func (f auditForm) older(id int64) string {
	query := url.Values{"before": {strconv.FormatInt(id, 10)}}
	for name, value := range map[string]string{
		"outcome": f.Outcome, "user": f.User, "network": f.Network,
		"from": f.From, "until": f.Until,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return "/audit?" + query.Encode() + "#events"
}
