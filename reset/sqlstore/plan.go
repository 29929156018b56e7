package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lostkey-go/lostkey/reset/internal/sqldialect"
)

// A plan is how the database would look an address up.
type plan struct {
	// readsAll says that it reads every row.
	readsAll bool
	// keys are what it compares by index, or, on MySQL, the names of the
	// indexes it may use. There, nil means that it has found no row already.
	keys []string
}

// plannedAddress is what the plan is made for. Nobody has it.
const plannedAddress = "nobody@lostkey.invalid"

// plan asks the database how it would run a query. It depends on the indexes
// and not on how many rows there are.
func (s *Store) plan(
	ctx context.Context, query string, args []any,
) (plan, error) {
	switch s.dialect {
	case sqldialect.PostgreSQL:
		return s.planPostgreSQL(ctx, query, args)
	case sqldialect.MySQL:
		return s.planMySQL(ctx, query, args)
	default:
		return s.planSQLite(ctx, query, args)
	}
}

func (s *Store) planSQLite(
	ctx context.Context, query string, args []any,
) (plan, error) {
	found := plan{keys: []string{}}
	err := s.each(ctx, s.db, func(row map[string]string) {
		switch detail := row["detail"]; {
		case strings.HasPrefix(detail, "SCAN (subquery"),
			strings.HasPrefix(detail, "SCAN SUBQUERY"):
			// It is of what the lines before it have found.
		case strings.HasPrefix(detail, "SCAN "):
			found.readsAll = true
		case strings.HasPrefix(detail, "SEARCH "):
			_, compared, _ := strings.Cut(detail, "(")
			found.keys = append(found.keys, compared)
		}
	}, "EXPLAIN QUERY PLAN "+query, args...)
	return found, err
}

// planMySQL looks at what the optimiser may use, because on a small table it
// prefers to read all.
func (s *Store) planMySQL(
	ctx context.Context, query string, args []any,
) (plan, error) {
	var found plan
	err := s.each(ctx, s.db, func(row map[string]string) {
		switch {
		case row["type"] == "": // It has found that there is none.
		case row["possible_keys"] == "":
			found.readsAll = true
		default:
			found.keys = append(
				found.keys, strings.Split(row["possible_keys"], ",")...,
			)
		}
	}, "EXPLAIN "+query, args...)
	return found, err
}

// planPostgreSQL forbids reading the whole table, which the planner then does
// only where nothing else is left. Nothing of that outlives the transaction.
func (s *Store) planPostgreSQL(
	ctx context.Context, query string, args []any,
) (plan, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return plan{}, err
	}
	defer tx.Rollback() //nolint:errcheck // it has written nothing.

	if _, err := tx.ExecContext(
		ctx, "SET LOCAL enable_seqscan = off",
	); err != nil {
		return plan{}, err
	}

	var text string
	if err := s.each(ctx, tx, func(row map[string]string) {
		for _, value := range row {
			text += value
		}
	}, "EXPLAIN (FORMAT JSON) "+query, args...); err != nil {
		return plan{}, err
	}

	var plans []struct{ Plan planNode }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		return plan{}, fmt.Errorf("read the query plan: %w", err)
	}
	found := plan{keys: []string{}}
	for _, p := range plans {
		p.Plan.visit(&found)
	}
	return found, nil
}

// A planNode is one of PostgreSQL's, as far as it matters here.
type planNode struct {
	Kind  string     `json:"Node Type"`
	Cond  string     `json:"Index Cond"`
	Plans []planNode `json:"Plans"`
}

func (n planNode) visit(found *plan) {
	if n.Cond != "" {
		found.keys = append(found.keys, n.Cond)
	}
	if n.Kind == "Seq Scan" ||
		strings.Contains(n.Kind, "Index") && n.Cond == "" {
		found.readsAll = true
	}
	for _, child := range n.Plans {
		child.visit(found)
	}
}
