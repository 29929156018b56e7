package sqlaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// rowsPerStatement keeps a statement far below every engine's bound on
// parameters.
const rowsPerStatement = 100

const (
	columnNames = "at_ms, outcome, purpose, reason, client, client_net," +
		" user_id, request_id, token_id, hits"
	columnCount = 10
)

// write stores rows. It is the only way into the table, for a single event and
// for what was counted, and makes a batch of as many rows as it is given. What
// cannot be written is lost.
func (t *Trail) write(ctx context.Context, rows map[eventRow]rowCount) error {
	args := make([]any, 0, columnCount*min(len(rows), rowsPerStatement))
	var failed error
	for r, n := range rows {
		args = append(
			args,
			n.at, r.outcome, r.purpose, r.reason, n.client, n.clientNet,
			r.userID, r.requestID, r.tokenID, n.hits,
		)
		if len(args) == columnCount*rowsPerStatement {
			failed = errors.Join(failed, t.insert(ctx, args))
			args = args[:0]
		}
	}

	if len(args) > 0 {
		failed = errors.Join(failed, t.insert(ctx, args))
	}
	return failed
}

func (t *Trail) insert(ctx context.Context, args []any) error {
	var values []string
	for first := 1; first < len(args); first += columnCount {
		values = append(
			values, "("+t.dialect.Params(first, first+columnCount-1)+")",
		)
	}

	_, err := t.db.ExecContext(ctx, "INSERT INTO "+t.dialect.Quote(t.name)+
		" ("+columnNames+") VALUES "+strings.Join(values, ", "), args...)
	if err != nil {
		return fmt.Errorf("sqlaudit: write audit trail: %w", err)
	}
	return nil
}

// Flush writes what has been counted so far. What cannot be written is lost.
func (t *Trail) Flush(ctx context.Context) error {
	now := t.now()
	t.mu.Lock()
	counted := t.counted
	t.counted, t.flushed = map[eventRow]rowCount{}, now
	t.mu.Unlock()

	return t.write(ctx, counted)
}
