package sqlaudit

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
	"github.com/lostkey-go/lostkey/token"
)

// Entry is one row of the trail.
type Entry struct {
	ID      int64
	Time    time.Time // to the millisecond, in UTC.
	Outcome reset.Outcome
	Purpose token.Purpose
	Reason  string
	// Client is the zero Addr when it was not known, and when the row stands
	// for hits of several clients.
	Client netip.Addr
	// Network is what all hits came from: an IPv4 address or IPv6 /64, a /24 or
	// /48, or a /16 or /32. It is the zero Prefix when it was not known.
	Network                    netip.Prefix
	UserID, RequestID, TokenID string
	// SiteName is the name of the [reset.Site], and empty for the Service that
	// reset.New made.
	SiteName string
	// Hits is how many equal events the row stands for. Time is that of the
	// last of them.
	Hits int64
}

// List returns rows, newest first. ctx governs the query.
func (t *Trail) List(ctx context.Context, f Filter) ([]Entry, error) {
	if err := t.Flush(ctx); err != nil {
		return nil, err
	}

	where, args, err := f.conditions(t.dialect, "e", "1 = 1")
	if err != nil {
		return nil, err
	}
	site, err := t.siteOf(ctx, "e", f)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: list audit trail: %w", err)
	}
	query := "SELECT e.id, e.at_ms, e.outcome, e.purpose, e.reason," +
		" e.client, e.client_net, e.user_id, e.request_id, e.token_id, e.hits," +
		" " + site +
		" FROM " + t.dialect.Quote(t.name) + " e" + where

	scan := func(row *sql.Rows) (Entry, error) {
		var (
			e               Entry
			at              int64
			client, network string
		)
		err := row.Scan(
			&e.ID, &at, &e.Outcome, &e.Purpose, &e.Reason,
			&client, &network,
			&e.UserID, &e.RequestID, &e.TokenID, &e.Hits, &e.SiteName,
		)
		e.Time = time.UnixMilli(at).UTC()
		e.Client, e.Network = storedAddr(client), storedPrefix(network)
		return e, err
	}

	entries, err := collect(ctx, t.db, query, args, scan)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: list audit trail: %w", err)
	}

	return entries, nil
}

// Link says what became of one link.
type Link struct {
	// ID is the row's id, for Filter.BeforeID.
	ID              int64
	UserID, TokenID string
	Purpose         token.Purpose
	// SiteName is as in [Entry].
	SiteName string
	// AskedAt is when a visitor asked. For a link nobody asked for, it is when
	// the link was made.
	AskedAt time.Time
	// AskedFrom is the zero Addr when it was not known.
	AskedFrom netip.Addr
	// UsedAt and UsedFrom are zero while the link is unused.
	UsedAt   time.Time
	UsedFrom netip.Addr
}

// Links returns the links that were mailed or made, newest first, each with its
// request and its use. ctx governs the query.
func (t *Trail) Links(ctx context.Context, f Filter) ([]Link, error) {
	if err := t.Flush(ctx); err != nil {
		return nil, err
	}

	table := t.dialect.Quote(t.name)
	where, args, err := f.conditions(
		t.dialect, "m", "m.outcome IN ('mailed', 'invited', 'link-made')",
	)
	if err != nil {
		return nil, err
	}
	site, err := t.siteOf(ctx, "m", f)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: list links: %w", err)
	}
	query := "SELECT m.id, m.user_id, m.token_id, m.purpose," +
		" COALESCE(r.at_ms, m.at_ms), COALESCE(r.client, m.client)," +
		" COALESCE(u.at_ms, 0), COALESCE(u.client, ''), " + site +
		" FROM " + table + " m" +
		" LEFT JOIN " + table + " r ON m.request_id <> ''" +
		" AND r.request_id = m.request_id AND r.outcome = 'requested'" +
		" LEFT JOIN " + table + " u ON m.token_id <> ''" +
		" AND u.token_id <> '' AND u.token_id = m.token_id" +
		" AND u.outcome = 'confirmed'" +
		where

	scan := func(row *sql.Rows) (Link, error) {
		var (
			l                   Link
			asked, used         int64
			askedFrom, usedFrom string
		)
		err := row.Scan(
			&l.ID, &l.UserID, &l.TokenID, &l.Purpose,
			&asked, &askedFrom, &used, &usedFrom, &l.SiteName,
		)
		l.AskedAt = time.UnixMilli(asked).UTC()
		l.AskedFrom = storedAddr(askedFrom)
		if used != 0 {
			l.UsedAt = time.UnixMilli(used).UTC()
			l.UsedFrom = storedAddr(usedFrom)
		}
		return l, err
	}

	links, err := collect(ctx, t.db, query, args, scan)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: list links: %w", err)
	}

	return links, nil
}

// ClientCount is how much one client has asked, or several clients of one
// network that took turns.
type ClientCount struct {
	// Prefix is what [Blocks.Add] takes. It is the IPv4 address or IPv6 /64 of
	// a client, or the /24 or /48 in which several clients were refused within
	// the same seconds. Strangers may live in a /24, so block it for a short
	// time.
	Prefix netip.Prefix
	// Requests counts requests for a link, with those refused by a limit.
	Requests int64
	// RefusedLinks counts uses and checks of links that do not work.
	RefusedLinks int64
}

// BusiestClients returns the n clients, 1,000 at most, with the most requests
// and refused links since then, busiest first. It omits clients that were not
// known, and what a flood had counted by /16 and /32. ctx governs the query,
// which reads every row since then.
func (t *Trail) BusiestClients(
	ctx context.Context, since time.Time, n int,
) ([]ClientCount, error) {
	if err := t.Flush(ctx); err != nil {
		return nil, err
	}

	d := t.dialect
	const refused = "('rejected', 'check-rejected')"
	query := "SELECT client_net," +
		" SUM(CASE WHEN outcome IN " + refused + " THEN 0 ELSE hits END)," +
		" SUM(CASE WHEN outcome IN " + refused + " THEN hits ELSE 0 END)" +
		" FROM " + d.Quote(t.name) +
		" WHERE at_ms >= " + d.Param(1) + " AND client_net <> ''" +
		" AND client_net NOT LIKE '%/16' AND client_net NOT LIKE '%:/32'" +
		" AND outcome IN ('requested', 'throttled', 'blocked', 'dropped'," +
		" 'rejected', 'check-rejected')" +
		" GROUP BY client_net ORDER BY SUM(hits) DESC, client_net LIMIT " +
		d.Param(2)

	counts, err := collect(
		ctx, t.db, query,
		[]any{since.UnixMilli(), min(max(n, 0), maxPage)},
		func(row *sql.Rows) (ClientCount, error) {
			var (
				c    ClientCount
				text string
			)
			if err := row.Scan(&text, &c.Requests, &c.RefusedLinks); err != nil {
				return c, err
			}

			prefix, err := netip.ParsePrefix(text)
			c.Prefix = prefix
			return c, err
		},
	)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: busiest clients: %w", err)
	}

	return counts, nil
}

// Prune deletes the rows older than before and returns their number. ctx
// governs the statement.
func (t *Trail) Prune(ctx context.Context, before time.Time) (int64, error) {
	res, err := t.db.ExecContext(
		ctx,
		"DELETE FROM "+t.dialect.Quote(t.name)+
			" WHERE at_ms < "+t.dialect.Param(1),
		before.UnixMilli(),
	)
	if err != nil {
		return 0, fmt.Errorf("sqlaudit: prune audit trail: %w", err)
	}
	return res.RowsAffected()
}

// storedAddr parses an address of the trail. It returns the zero Addr for "",
// the client that was not known.
func storedAddr(text string) netip.Addr {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// storedPrefix parses a prefix of the trail. It returns the zero Prefix for "".
func storedPrefix(text string) netip.Prefix {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

func collect[T any](
	ctx context.Context,
	db sqldialect.Handle,
	query string,
	args []any,
	scan func(*sql.Rows) (T, error),
) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err below reports what matters.

	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}
