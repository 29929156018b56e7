package sqlaudit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

const (
	// rowsPerStatement keeps a statement below every engine's bound on
	// parameters. The lowest is 999, that of SQLite before 3.32.
	rowsPerStatement = 90

	columnNames = "at_ms, outcome, purpose, reason, client, client_net," +
		" user_id, request_id, token_id, hits"
	columnCount = 10

	// writeTimeout bounds one attempt.
	writeTimeout = 5 * time.Second
	// keepFor and retryAfter, which doubles, keep rows for half a minute while
	// a database is restarted: six attempts, and those that Flush asks for.
	keepFor    = 31 * time.Second
	retryAfter = time.Second
)

// errUnknown says that a transaction may have been committed. Its rows are not
// written again, since they would stand in the trail twice.
var errUnknown = errors.New("the commit was not answered")

// run writes rows while there are any.
func (t *Trail) run(ctx context.Context) {
	for t.more() {
		t.wait(t.every)
		t.deliver(ctx)
	}
}

// more reports whether a row is in memory. Otherwise the writer has ended, and
// the next row starts another.
func (t *Trail) more() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held() > 0 {
		return true
	}

	t.running = false
	t.abandon()
	return false
}

// wait returns after d, or earlier and false when somebody is in a hurry.
func (t *Trail) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.wake:
		return false
	}
}

// deliver writes what waits. What came since is written with the next attempt.
func (t *Trail) deliver(ctx context.Context) {
	var (
		batch  []storedRow
		closed bool
	)
	//nolint:forbidigo // how long a database is away is real time.
	start, pause := time.Now(), retryAfter
	for {
		batch, closed = t.take(batch)
		err := t.write(ctx, batch)
		if err == nil {
			t.settle(batch, nil, nil)
			return
		}

		last := closed || time.Since(start) >= keepFor ||
			errors.Is(err, errUnknown)
		t.logger.ErrorContext(
			ctx, "audit events not written",
			"error", err, "rows", len(batch), "tried_again", !last,
		)
		if last {
			t.settle(batch, t.writeSingly(ctx, batch, err), err)
			return
		}
		t.settle(nil, nil, err)
		if t.wait(pause) {
			pause *= 2
		}
	}
}

// writeSingly writes the rows of a batch that failed, so that one that the
// database can never hold does not take the others with it. It returns those
// that are lost.
func (t *Trail) writeSingly(
	ctx context.Context, batch []storedRow, err error,
) (lost []storedRow) {
	if len(batch) == 1 || errors.Is(err, errUnknown) {
		return batch
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()

	for i := range batch {
		if ctx.Err() != nil {
			return append(lost, batch[i:]...)
		}
		if t.write(ctx, batch[i:i+1]) != nil {
			lost = append(lost, batch[i])
		}
	}
	return lost
}

// write stores rows in one transaction. After an error other than errUnknown
// none of them is in the table.
func (t *Trail) write(ctx context.Context, rows []storedRow) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()

	withSite, err := t.hasSite(ctx)
	if err != nil {
		return fmt.Errorf("sqlaudit: write audit trail: %w", err)
	}

	var full *sql.Stmt
	if t.dialect == sqldialect.SQLite && len(rows) >= rowsPerStatement {
		// A third of what this statement costs is that SQLite reads it. Kept,
		// it takes about 100 KiB a connection.
		full, err = t.db.Kept(ctx, t.insertion(rowsPerStatement, withSite))
		if err != nil {
			return fmt.Errorf("sqlaudit: write audit trail: %w", err)
		}
	}

	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlaudit: write audit trail: %w", err)
	}

	for chunk := range slices.Chunk(rows, rowsPerStatement) {
		if err := t.insert(ctx, tx, full, chunk, withSite); err != nil {
			_ = tx.Rollback() // whether or not the connection is gone.
			return fmt.Errorf("sqlaudit: write audit trail: %w", err)
		}
	}

	err = tx.Commit()
	if err != nil && !t.dialect.Conflict(err) {
		err = fmt.Errorf("%w: %w", errUnknown, err)
	}
	if err != nil {
		return fmt.Errorf("sqlaudit: write audit trail: %w", err)
	}
	return nil
}

// insert writes rows, with the statement for rowsPerStatement of them where
// there is one.
func (t *Trail) insert(
	ctx context.Context, tx *sql.Tx, full *sql.Stmt, rows []storedRow,
	withSite bool,
) error {
	args := make([]any, 0, (columnCount+1)*len(rows))
	for _, r := range rows {
		args = append(
			args,
			r.n.at, r.outcome, r.purpose, r.reason, r.n.client, r.n.clientNet,
			r.userID, r.requestID, r.tokenID, r.n.hits,
		)
		if withSite {
			args = append(args, r.site)
		}
	}

	var err error
	if full != nil && len(rows) == rowsPerStatement {
		_, err = tx.StmtContext(ctx, full).ExecContext(ctx, args...)
	} else {
		_, err = tx.ExecContext(ctx, t.insertion(len(rows), withSite), args...)
	}
	return err
}

// insertion is the statement that inserts so many rows.
func (t *Trail) insertion(rows int, withSite bool) string {
	names, count := columnNames, columnCount
	if withSite {
		names, count = names+", site", count+1
	}

	values := make([]string, 0, rows)
	for first := 1; len(values) < rows; first += count {
		values = append(
			values, "("+t.dialect.Params(first, first+count-1)+")",
		)
	}

	// SQLite copies every page it changes, to undo a statement of many rows by
	// itself, unless its failure is the end of the transaction.
	verb := "INSERT INTO "
	if t.dialect == sqldialect.SQLite {
		verb = "INSERT OR ROLLBACK INTO "
	}
	return verb + t.dialect.Quote(t.name) +
		" (" + names + ") VALUES " + strings.Join(values, ", ")
}
