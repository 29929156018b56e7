package sqlaudit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// DayCount is how often something happened on one day.
type DayCount struct {
	// Day is the start of the day, in UTC.
	Day     time.Time
	Outcome reset.Outcome
	// Count is the number of events, not of rows.
	Count int64
}

// Daily returns how many events there were for each outcome and day in UTC
// since then, newest day first. What did not happen on a day is not listed. At
// most 1,000 counts are read, about a month with every outcome on every day.
// ctx governs the query, which reads every row since then.
func (t *Trail) Daily(
	ctx context.Context, since time.Time,
) ([]DayCount, error) {
	if err := t.Flush(ctx); err != nil {
		return nil, err
	}

	// The remainder is the same in every dialect, and a quotient is not.
	d := t.dialect
	query := "SELECT at_ms - at_ms % 86400000, outcome, SUM(hits)" +
		" FROM " + d.Quote(t.name) + " WHERE at_ms >= " + d.Param(1) +
		" GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT " + d.Param(2)

	scan := func(row *sql.Rows) (DayCount, error) {
		var (
			c  DayCount
			at int64
		)
		err := row.Scan(&at, &c.Outcome, &c.Count)
		c.Day = time.UnixMilli(at).UTC()
		return c, err
	}

	counts, err := collect(
		ctx, t.db, query, []any{since.UnixMilli(), maxPage}, scan,
	)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: count by day: %w", err)
	}
	return counts, nil
}
