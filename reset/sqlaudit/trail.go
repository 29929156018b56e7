package sqlaudit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Config configures a [Trail].
type Config struct {
	// Dialect is required.
	Dialect sqlstore.Dialect
	// Table is the name of the trail's table, of at most 40 characters after
	// the dot and else as in [sqlstore.Table]. Empty means lostkey_audit.
	Table string
	// FlushEvery is how long an event waits for others that are written with
	// it, 1 ms to 10 s. Zero means 100 ms.
	FlushEvery time.Duration
	// Buffer is how many rows wait at most while the database is slow or away,
	// 512 to 65,536. Zero means 4,096, which take some 3 MiB at most.
	Buffer int
	// Logger hears of events that could not be written. Nil means
	// slog.Default().
	Logger *slog.Logger
	// Now is the clock of events without a time. Nil means time.Now.
	Now func() time.Time
}

const (
	defaultTrailTable = "lostkey_audit"
	maxIndexedTable   = 40

	defaultFlushEvery = 100 * time.Millisecond
	minFlushEvery     = time.Millisecond
	maxFlushEvery     = 10 * time.Second

	defaultBuffer = 4096
	minBuffer     = 512 // more than are counted at once.
	maxBuffer     = 65536
)

// Trail is a [reset.Sink] that keeps events in a table: who asked, when and
// from where, what became of it, and when and from where the link was used. It
// does not store Event.Err, because that holds whatever a driver says. Texts
// with control or bidirectional characters are stored quoted. All methods are
// safe for concurrent use.
//
// Record waits for nothing. A goroutine, which runs while rows wait, writes
// what has come within FlushEvery, or 2,048 rows if that is sooner, in one
// transaction and in the order of the calls. Methods that read flush first, and
// fail where that fails. Call Shutdown before the program ends. A process that
// is killed loses the events of the last FlushEvery, the transaction under way,
// and what was counted.
//
// Events that a visitor can cause over and over (throttled attempts, refused
// links and passwords) are counted. The first of them after ten seconds has all
// written. They make one row for each kind, site and network, an IPv4 /24 or an
// IPv6 /48. The row names the client when all of its hits came from one. There
// are some 300 such rows at most. Under a flood of more, the rest is counted by
// /16 and /32, without user and link, and at last by outcome alone.
//
// A request that passes the limits makes a row, and so does what becomes of it.
// Run Prune from time to time.
//
// A transaction that fails is tried again after 1, 2, 4, 8 and 16 seconds.
// Events that find no room in Buffer, and those of a transaction that failed
// six times, are lost. The logger hears of each, Stats counts them, and a row
// with the outcome "events-lost" says how many. A reset never fails because of
// the trail. What must never be missing belongs in the InTx of
// [sqlstore.Config].
type Trail struct {
	db      sqldialect.Handle
	dialect sqldialect.Dialect
	name    string
	every   time.Duration
	room    int
	logger  *slog.Logger
	now     func() time.Time

	sites atomic.Int32  // what is known of the column site.
	wake  chan struct{} // ends a wait of the writer.

	mu      sync.Mutex // held only for work in memory.
	counted map[eventRow]rowCount
	flushed time.Time
	buffer
}

var _ reset.Sink = (*Trail)(nil)

// New makes an audit trail. It does not talk to the database, which needs the
// statements of Schema before the first event.
func New(db *sql.DB, cfg Config) (*Trail, error) {
	if cfg.Table == "" {
		cfg.Table = defaultTrailTable
	}
	if cfg.FlushEvery == 0 {
		cfg.FlushEvery = defaultFlushEvery
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = defaultBuffer
	}
	if err := cfg.validate(db); err != nil {
		return nil, err
	}

	t := &Trail{
		db:      sqldialect.HandleOf(db),
		dialect: sqldialect.Dialect(cfg.Dialect),
		name:    cfg.Table,
		every:   cfg.FlushEvery,
		room:    cfg.Buffer,
		logger:  cfg.Logger,
		now:     cfg.Now,
		wake:    make(chan struct{}, 1),
		counted: map[eventRow]rowCount{},
	}

	if t.logger == nil {
		t.logger = slog.Default()
	}
	if t.now == nil {
		t.now = time.Now //nolint:forbidigo // the one default of the clock.
	}

	t.flushed = t.now()
	return t, nil
}

func (cfg Config) validate(db *sql.DB) error {
	if err := validate("Config", db, cfg.Dialect, cfg.Table); err != nil {
		return err
	}

	switch {
	case len(sqldialect.Unqualified(cfg.Table)) > maxIndexedTable:
		return errors.New(
			"sqlaudit: Config.Table is too long, want at most 40 characters",
		)
	case cfg.FlushEvery < minFlushEvery || cfg.FlushEvery > maxFlushEvery:
		return fmt.Errorf(
			"sqlaudit: Config.FlushEvery is %v, want %v to %v",
			cfg.FlushEvery, minFlushEvery, maxFlushEvery,
		)
	case cfg.Buffer < minBuffer || cfg.Buffer > maxBuffer:
		return fmt.Errorf(
			"sqlaudit: Config.Buffer is %d, want %d to %d",
			cfg.Buffer, minBuffer, maxBuffer,
		)
	}
	return nil
}

// validate refuses what neither the trail nor the block list can work with.
func validate(
	config string, db *sql.DB, dialect sqlstore.Dialect, table string,
) error {
	switch {
	case db == nil:
		return errors.New("sqlaudit: the database is nil")
	case !sqldialect.Dialect(dialect).Known():
		return fmt.Errorf(
			"sqlaudit: %s.Dialect is %d, want SQLite, PostgreSQL or MySQL",
			config, dialect,
		)
	case !sqldialect.ValidTable(table):
		return fmt.Errorf(
			"sqlaudit: %s.Table is not a plain table name", config,
		)
	}
	return nil
}

// Record takes ev, which is written later. It neither waits nor looks at ctx.
// After Shutdown it loses ev.
func (t *Trail) Record(ctx context.Context, ev reset.Event) {
	at := ev.Time
	if at.IsZero() {
		at = t.now()
	}
	row := newEventRow(ev)
	n := row.times(eventsIn(ev), at)

	t.mu.Lock()
	closed := t.closed
	switch {
	case closed:
		t.lose(n.hits)
	case !row.repeatable():
		t.add(storedRow{eventRow: row, n: n})
	case t.count(n, row, plainAddr(ev.Client)):
		t.addCounted()
	}
	t.mu.Unlock()

	if closed {
		t.logger.ErrorContext(
			ctx, "audit event lost", "error", "it came after Shutdown",
		)
	}
}

// Stats are figures of a [Trail] for a metrics page.
type Stats struct {
	// Waiting is how many rows are in memory, at most Config.Buffer, and some
	// 300 for what is being counted.
	Waiting int
	// Lost is how many events were lost, ever. Those that a lost connection may
	// or may not have written are among them.
	Lost uint64
}

// Stats returns the figures as they are now.
func (t *Trail) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Stats{
		Waiting: t.held() + len(t.counted),
		Lost:    t.lost,
	}
}
