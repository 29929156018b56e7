package sqlaudit

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"time"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// ErrPrefix says that a prefix is invalid, or too short for a block.
var ErrPrefix = fmt.Errorf(
	"sqlaudit: a block needs a prefix of at least /%d (IPv4) or /%d (IPv6)",
	minBitsIPv4, minBitsIPv6,
)

// Add puts prefix on the list, or changes the reason and the end of its block.
// A zero until means no end. This process knows at once, and others know within
// RefreshEvery. Prefixes shorter than /8 (IPv4) and /16 (IPv6) are refused with
// [ErrPrefix]. ctx governs both statements.
func (b *Blocks) Add(
	ctx context.Context, prefix netip.Prefix, reason string, until time.Time,
) error {
	prefix, err := plainPrefix(prefix)
	if err != nil {
		return err
	}

	end := int64(0)
	if !until.IsZero() {
		end = until.UnixMilli()
	}

	d := b.dialect
	statement := "INSERT INTO " + d.Quote(b.name) +
		" (prefix, reason, since_ms, until_ms) VALUES (" +
		d.Params(1, 4) + ") "
	if d == sqldialect.MySQL {
		statement += "ON DUPLICATE KEY UPDATE" +
			" reason = VALUES(reason), until_ms = VALUES(until_ms)"
	} else {
		statement += "ON CONFLICT (prefix) DO UPDATE SET" +
			" reason = excluded.reason, until_ms = excluded.until_ms"
	}

	_, err = b.db.ExecContext(
		ctx, statement,
		prefix.String(), printable(reason, 255), b.now().UnixMilli(), end,
	)
	if err != nil {
		return fmt.Errorf("sqlaudit: add block: %w", err)
	}

	return b.Refresh(ctx)
}

// Remove takes prefix off the list, which need not be on it. Others that cover
// the same addresses stay. It refuses what Add refuses. ctx governs both
// statements.
func (b *Blocks) Remove(ctx context.Context, prefix netip.Prefix) error {
	prefix, err := plainPrefix(prefix)
	if err != nil {
		return err
	}

	_, err = b.db.ExecContext(
		ctx,
		"DELETE FROM "+b.dialect.Quote(b.name)+
			" WHERE prefix = "+b.dialect.Param(1),
		prefix.String(),
	)
	if err != nil {
		return fmt.Errorf("sqlaudit: remove block: %w", err)
	}

	return b.Refresh(ctx)
}

// List returns the blocks in force, newest first. Rows with a prefix that
// cannot be read are omitted and logged. ctx governs the query.
func (b *Blocks) List(ctx context.Context) ([]Block, error) {
	query := "SELECT prefix, reason, since_ms, until_ms FROM " +
		b.dialect.Quote(b.name) +
		" WHERE until_ms = 0 OR until_ms > " + b.dialect.Param(1) +
		" ORDER BY since_ms DESC, prefix"

	rows, err := collect(
		ctx, b.db, query,
		[]any{b.now().UnixMilli()},
		func(row *sql.Rows) (Block, error) {
			var (
				block        Block
				text         string
				since, until int64
			)
			if err := row.Scan(
				&text, &block.Reason, &since, &until,
			); err != nil {
				return Block{}, err
			}
			block.Since = time.UnixMilli(since).UTC()
			if until != 0 {
				block.Until = time.UnixMilli(until).UTC()
			}

			parsed, err := netip.ParsePrefix(text)
			if err == nil {
				parsed, err = plainPrefix(parsed)
			}
			if err != nil {
				b.logger.ErrorContext(
					ctx, "block list has an unusable prefix",
					"prefix", printable(text, 49),
				)
				// One bad row must not disarm the others.
				return Block{}, nil //nolint:nilerr // it is logged above.
			}

			block.Prefix = parsed
			return block, nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: list blocks: %w", err)
	}

	blocks := rows[:0]
	for _, block := range rows {
		if block.Prefix.IsValid() {
			blocks = append(blocks, block)
		}
	}

	return blocks, nil
}

// Prune deletes the blocks that have ended and returns their number.
func (b *Blocks) Prune(ctx context.Context) (int64, error) {
	d := b.dialect
	res, err := b.db.ExecContext(
		ctx,
		"DELETE FROM "+d.Quote(b.name)+
			" WHERE until_ms <> 0 AND until_ms <= "+d.Param(1),
		b.now().UnixMilli(),
	)
	if err != nil {
		return 0, fmt.Errorf("sqlaudit: prune blocks: %w", err)
	}
	return res.RowsAffected()
}

// plainPrefix returns the one spelling of a prefix that the list holds. It is
// masked, and an IPv4 prefix in IPv6 form becomes IPv4.
func plainPrefix(p netip.Prefix) (netip.Prefix, error) {
	if p.IsValid() && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}

	shortest := minBitsIPv4
	if p.Addr().Is6() {
		shortest = minBitsIPv6
	}
	if !p.IsValid() || p.Bits() < shortest {
		return netip.Prefix{}, ErrPrefix
	}

	return p.Masked(), nil
}
