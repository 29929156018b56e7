package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/reset"
)

// AuditConfig configures an [Audit] and says where the trail is kept.
type AuditConfig struct {
	// Dialect is required.
	Dialect Dialect
	// Table is the name of the trail's table. Empty means lostkey_audit. It
	// follows the rules of Table.Name and has at most 40 characters after the
	// dot, because the names of its indexes are made from it.
	Table string
	// Logger hears of events that could not be written. Nil means
	// slog.Default().
	Logger *slog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

const (
	defaultAuditTable = "lostkey_audit"
	maxIndexedTable   = 40
	// rowsPerInsert keeps a statement far below every engine's bound on
	// parameters.
	rowsPerInsert = 100
)

// Audit is a [reset.Sink] that keeps events in a table: who asked, when and
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
// because of the trail. What must never be missing belongs in Config.InTx. All
// methods are safe for concurrent use.
type Audit struct {
	db      handle
	dialect Dialect
	name    string
	logger  *slog.Logger
	now     func() time.Time

	mu      sync.Mutex // held only for work in memory.
	counted map[auditRow]auditCount
	flushed time.Time
}

var _ reset.Sink = (*Audit)(nil)

// NewAudit makes an audit trail. It does not talk to the database. Run the
// statements of Schema once, or put them into the application's migrations.
func NewAudit(db *sql.DB, cfg AuditConfig) (*Audit, error) {
	if db == nil {
		return nil, errNoDatabase
	}
	if !cfg.Dialect.known() {
		return nil, errDialect
	}

	if cfg.Table == "" {
		cfg.Table = defaultAuditTable
	}
	if !validTable(cfg.Table) ||
		len(unqualified(cfg.Table)) > maxIndexedTable {
		return nil, errors.New(
			"sqlstore: AuditConfig.Table is not a plain table name of at most 40 characters",
		)
	}

	a := &Audit{
		db:      handleOf(db),
		dialect: cfg.Dialect,
		name:    cfg.Table,
		logger:  cfg.Logger,
		now:     cfg.Now,
		counted: map[auditRow]auditCount{},
	}

	if a.logger == nil {
		a.logger = slog.Default()
	}
	if a.now == nil {
		a.now = time.Now //nolint:forbidigo // the one default of the clock.
	}

	a.flushed = a.now()
	return a, nil
}

func unqualified(table string) string {
	return table[strings.LastIndexByte(table, '.')+1:]
}

// An auditRow is an event in the form it is stored in, apart from its time.
type auditRow struct {
	outcome, purpose, reason   string
	client, clientNet          string
	userID, requestID, tokenID string
}

// Record stores ev. See [Audit].
func (a *Audit) Record(ctx context.Context, ev reset.Event) {
	row, at := newAuditRow(ev), ev.Time
	if at.IsZero() {
		at = a.now()
	}

	if !row.repeatable() {
		a.report(ctx, a.insert(ctx, map[auditRow]auditCount{
			row: row.times(eventsIn(ev), at),
		}))
		return
	}

	if a.add(row.times(eventsIn(ev), at), row, plainAddr(ev.Client)) {
		a.report(ctx, a.Flush(ctx))
	}
}

// repeatable reports whether a visitor can cause equal events as often as they
// can send requests. A request for a link is not among them, because the limits
// are in front.
func (r auditRow) repeatable() bool {
	switch reset.Outcome(r.outcome) {
	case reset.OutcomeThrottled, reset.OutcomeBlocked,
		reset.OutcomeDropped, reset.OutcomeCheckRejected,
		reset.OutcomeRejected, reset.OutcomePasswordRefused:
		return true
	}
	return r.userID == "" && r.requestID == "" && r.tokenID == ""
}

func (a *Audit) report(ctx context.Context, err error) {
	if err != nil {
		a.logger.ErrorContext(ctx, "audit event lost", "error", err)
	}
}

const (
	auditColumns = "at_ms, outcome, purpose, reason, client, client_net, user_id, request_id, token_id, hits"
	auditWidth   = 10
)

func (a *Audit) insert(
	ctx context.Context, rows map[auditRow]auditCount,
) error {
	args := make([]any, 0, auditWidth*min(len(rows), rowsPerInsert))
	var failed error
	for r, n := range rows {
		args = append(
			args,
			n.at, r.outcome, r.purpose, r.reason, n.client, n.clientNet,
			r.userID, r.requestID, r.tokenID, n.hits,
		)
		if len(args) == auditWidth*rowsPerInsert {
			failed = errors.Join(failed, a.insertValues(ctx, args))
			args = args[:0]
		}
	}

	if len(args) > 0 {
		failed = errors.Join(failed, a.insertValues(ctx, args))
	}
	return failed
}

func (a *Audit) insertValues(ctx context.Context, args []any) error {
	var values []string
	for first := 1; first < len(args); first += auditWidth {
		values = append(
			values, "("+a.dialect.params(first, first+auditWidth-1)+")",
		)
	}

	_, err := a.db.ExecContext(ctx, "INSERT INTO "+a.dialect.quote(a.name)+
		" ("+auditColumns+") VALUES "+strings.Join(values, ", "), args...)
	if err != nil {
		return fmt.Errorf("sqlstore: write audit trail: %w", err)
	}
	return nil
}

func newAuditRow(ev reset.Event) auditRow {
	row := auditRow{
		outcome:   printable(string(ev.Outcome), 32),
		purpose:   printable(string(ev.Purpose), 32),
		reason:    printable(string(ev.Reason), 64),
		userID:    printable(ev.UserID, 255),
		requestID: printable(ev.RequestID, 64),
		tokenID:   printable(ev.TokenID, 64),
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
