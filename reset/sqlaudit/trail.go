package sqlaudit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Config configures a [Trail] and says where the trail is kept.
type Config struct {
	// Dialect is required.
	Dialect sqlstore.Dialect
	// Table is the name of the trail's table. Empty means lostkey_audit. It
	// follows the rules of [sqlstore.Table] and has at most 40 characters after
	// the dot, because the names of its indexes are made from it.
	Table string
	// Logger hears of events that could not be written. Nil means
	// slog.Default().
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

const (
	defaultTrailTable = "lostkey_audit"
	maxIndexedTable   = 40
)

// Trail is a [reset.Sink] that keeps events in a table: who asked, when and
// from where, what became of it, when the link was used and from where, and
// what was refused and why. An event carries no address, token, password or
// hash, and the trail stores none. Its Err is not stored, because it holds
// whatever a driver says. Nothing in a row can break out of its line, because
// texts with control or bidirectional characters are stored quoted.
//
// Record writes at once, within the five seconds package reset gives it, in the
// worker and in confirmations. What Request records arrives from a background
// goroutine, so that visitors wait for no row. Events that a visitor can cause
// over and over (throttled attempts, refused links and passwords) are counted
// in memory. They are written about every ten seconds, by whichever call comes
// next, so call Flush before the program ends. They make one row for each kind
// and network, an IPv4 /24 or an IPv6 /48, however many addresses of it took
// part. A customer of an access provider often holds a whole /48, and whoever
// holds some addresses of a /24 can change between them. The row names the
// client when all of its hits came from one. Memory is bounded at some 300
// rows. Under a flood from more networks the rest is counted by /16 and /32,
// without user and link, and at last by outcome alone.
//
// A request that passes the limits makes a row, and so does what becomes of it.
// Run Prune from time to time.
//
// An event that cannot be written is logged and lost. A reset never fails
// because of the trail. What must never be missing belongs in the InTx of
// [sqlstore.Config]. All methods are safe for concurrent use.
type Trail struct {
	db      sqldialect.Handle
	dialect sqldialect.Dialect
	name    string
	logger  *slog.Logger
	now     func() time.Time

	mu      sync.Mutex // held only for work in memory.
	counted map[eventRow]rowCount
	flushed time.Time
}

var _ reset.Sink = (*Trail)(nil)

// New makes an audit trail. It does not talk to the database. Run the
// statements of Schema once, or put them into the application's migrations.
func New(db *sql.DB, cfg Config) (*Trail, error) {
	if cfg.Table == "" {
		cfg.Table = defaultTrailTable
	}
	if err := validate("Config", db, cfg.Dialect, cfg.Table); err != nil {
		return nil, err
	}
	if len(sqldialect.Unqualified(cfg.Table)) > maxIndexedTable {
		return nil, errors.New(
			"sqlaudit: Config.Table is too long, want at most 40 characters",
		)
	}

	t := &Trail{
		db:      sqldialect.HandleOf(db),
		dialect: sqldialect.Dialect(cfg.Dialect),
		name:    cfg.Table,
		logger:  cfg.Logger,
		now:     cfg.Now,
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

// Record stores ev. See [Trail].
func (t *Trail) Record(ctx context.Context, ev reset.Event) {
	at := ev.Time
	if at.IsZero() {
		at = t.now()
	}
	row := newEventRow(ev)
	n := row.times(eventsIn(ev), at)

	if !row.repeatable() {
		t.report(ctx, t.write(ctx, map[eventRow]rowCount{row: n}))
		return
	}
	if t.count(n, row, plainAddr(ev.Client)) {
		t.report(ctx, t.Flush(ctx))
	}
}

func (t *Trail) report(ctx context.Context, err error) {
	if err != nil {
		t.logger.ErrorContext(ctx, "audit event lost", "error", err)
	}
}
