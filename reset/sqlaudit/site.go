package sqlaudit

import (
	"context"
	"fmt"
)

// What is known of the column site. Tables made before it was there lack it.
const (
	siteUnknown int32 = iota
	sitePresent
	siteMissing
)

// addSite returns the statement that adds the column. Processes of before go on
// writing to the table, because the column has a default.
func (t *Trail) addSite() string {
	return "ALTER TABLE " + t.dialect.Quote(t.name) +
		" ADD COLUMN " + siteColumn
}

// hasSite reports whether the table has the column site. It asks the database
// until it knows, and says in the log what to run when the column is missing.
func (t *Trail) hasSite(ctx context.Context) (bool, error) {
	if known := t.sites.Load(); known != siteUnknown {
		return known == sitePresent, nil
	}

	err := t.probe(ctx, "site")
	if err == nil {
		t.sites.Store(sitePresent)
		return true, nil
	}
	// Only a table that is there can lack a column.
	if t.probe(ctx, "hits") != nil {
		return false, err
	}

	if t.sites.CompareAndSwap(siteUnknown, siteMissing) {
		t.logger.WarnContext(
			ctx, "audit trail without sites: its table was made by an earlier"+
				" version", "run", t.addSite(), "error", err,
		)
	}
	return false, nil
}

func (t *Trail) probe(ctx context.Context, column string) error {
	rows, err := t.db.QueryContext(
		ctx, "SELECT "+column+" FROM "+t.dialect.Quote(t.name)+" WHERE 1 = 0",
	)
	if err != nil {
		return err
	}
	_ = rows.Close() // it has none.
	return rows.Err()
}

// siteOf returns the expression for the site of the row in the table called
// alias.
func (t *Trail) siteOf(
	ctx context.Context, alias string, f Filter,
) (string, error) {
	switch present, err := t.hasSite(ctx); {
	case err != nil:
		return "", err
	case present:
		return alias + ".site", nil
	case f.SiteName != nil:
		return "", fmt.Errorf(
			"Filter.SiteName needs a column that the table lacks: run %s and start"+
				" anew", t.addSite(),
		)
	}
	return "''", nil
}
