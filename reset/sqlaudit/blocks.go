package sqlaudit

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// BlocksConfig configures [Blocks].
type BlocksConfig struct {
	// Dialect is required.
	Dialect sqlstore.Dialect
	// Table is the name of the list's table, as in [sqlstore.Table]. Empty
	// means lostkey_blocks.
	Table string
	// RefreshEvery is how old the copy in memory may get before a call of
	// Blocked has the table read anew, a second or more. Zero means 30 seconds.
	RefreshEvery time.Duration
	// Logger hears of a refresh that failed. Nil means slog.Default().
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

const (
	defaultBlocksTable = "lostkey_blocks"
	// A prefix shorter than these covers whole regions and is most likely a
	// mistake.
	minBitsIPv4, minBitsIPv6 = 8, 16
	// refreshWithin bounds a refresh in the background.
	refreshWithin = 5 * time.Second
)

// Block is one entry of the list.
type Block struct {
	Prefix netip.Prefix
	// Reason is for whoever reads the list.
	Reason string
	Since  time.Time
	// Until is zero for a block without an end.
	Until time.Time
}

// Blocks is a list of prefixes of clients that are refused, in a table that all
// processes share. Whole networks share one address, so a block with an end is
// kinder than one without. All methods are safe for concurrent use.
type Blocks struct {
	db      sqldialect.Handle
	dialect sqldialect.Dialect
	name    string
	every   time.Duration
	logger  *slog.Logger
	now     func() time.Time

	current    atomic.Pointer[blockSet]
	refreshing sync.Mutex
	next       atomic.Int64 // when Blocked refreshes, in Unix nanoseconds.
}

// A blockSet is a copy of the list that is never changed. It holds prefixes
// with the end of their block in Unix milliseconds, and the lengths that occur.
type blockSet struct {
	until map[netip.Prefix]int64
	bits4 []int
	bits6 []int
}

// NewBlocks makes a block list. It does not talk to the database. Call Refresh
// when the program starts, or the first visitors are not blocked.
func NewBlocks(db *sql.DB, cfg BlocksConfig) (*Blocks, error) {
	if cfg.Table == "" {
		cfg.Table = defaultBlocksTable
	}
	if err := validate(
		"BlocksConfig", db, cfg.Dialect, cfg.Table,
	); err != nil {
		return nil, err
	}

	if cfg.RefreshEvery == 0 {
		cfg.RefreshEvery = 30 * time.Second
	}
	if cfg.RefreshEvery < time.Second {
		return nil, fmt.Errorf(
			"sqlaudit: BlocksConfig.RefreshEvery is %v, want a second or more",
			cfg.RefreshEvery,
		)
	}

	b := &Blocks{
		db:      sqldialect.HandleOf(db),
		dialect: sqldialect.Dialect(cfg.Dialect),
		name:    cfg.Table,
		every:   cfg.RefreshEvery,
		logger:  cfg.Logger,
		now:     cfg.Now,
	}

	if b.logger == nil {
		b.logger = slog.Default()
	}
	if b.now == nil {
		b.now = time.Now //nolint:forbidigo // the one default of the clock.
	}

	b.current.Store(&blockSet{})
	return b, nil
}

// Blocked reports whether addr is on the list. It answers from memory and never
// waits. When the copy is older than RefreshEvery, a goroutine reads the table,
// for five seconds at most, so the first answer after a quiet time may be as
// old as the call before. When the table cannot be read, the last copy stays in
// force. The zero Addr is never blocked.
func (b *Blocks) Blocked(addr netip.Addr) bool {
	now := b.now()
	due := b.next.Load()
	if now.UnixNano() >= due &&
		b.next.CompareAndSwap(due, now.Add(b.every).UnixNano()) {
		go b.refreshInBackground()
	}
	return b.current.Load().contains(plainAddr(addr), now.UnixMilli())
}

func (s *blockSet) contains(addr netip.Addr, now int64) bool {
	lengths := s.bits4
	if addr.Is6() {
		lengths = s.bits6
	}

	for _, bits := range lengths {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			return false
		}
		if until, ok := s.until[prefix]; ok && (until == 0 || now < until) {
			return true
		}
	}
	return false
}

func (b *Blocks) refreshInBackground() {
	if !b.refreshing.TryLock() {
		return
	}
	defer b.refreshing.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), refreshWithin)
	defer cancel()
	if err := b.load(ctx); err != nil {
		b.logger.ErrorContext(ctx, "block list not refreshed", "error", err)
	}
}

// Refresh reads the table now. ctx governs the query.
func (b *Blocks) Refresh(ctx context.Context) error {
	b.refreshing.Lock()
	defer b.refreshing.Unlock()
	b.next.Store(b.now().Add(b.every).UnixNano())
	return b.load(ctx)
}

func (b *Blocks) load(ctx context.Context) error {
	blocks, err := b.List(ctx)
	if err != nil {
		return err
	}

	set := &blockSet{until: make(map[netip.Prefix]int64, len(blocks))}
	seen := map[netip.Prefix]bool{}
	for _, block := range blocks {
		until := int64(0)
		if !block.Until.IsZero() {
			until = block.Until.UnixMilli()
		}
		set.until[block.Prefix] = until

		// One zero prefix of each family and length stands for that length.
		length, err := zeroOf(block.Prefix)
		if err != nil || seen[length] {
			continue
		}

		seen[length] = true
		if block.Prefix.Addr().Is6() {
			set.bits6 = append(set.bits6, block.Prefix.Bits())
		} else {
			set.bits4 = append(set.bits4, block.Prefix.Bits())
		}
	}

	b.current.Store(set)
	return nil
}

func zeroOf(p netip.Prefix) (netip.Prefix, error) {
	zero := netip.IPv4Unspecified()
	if p.Addr().Is6() {
		zero = netip.IPv6Unspecified()
	}
	return zero.Prefix(p.Bits())
}
