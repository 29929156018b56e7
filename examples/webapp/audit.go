package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

const (
	auditRows = 100 // how much of the trail one page shows
	auditDays = 90  // how long it is kept; older rows go at the next start

	busiestRows = 10
	busiestFor  = 24 * time.Hour
)

// openTrail makes the audit trail and its table.
func (app *application) openTrail(ctx context.Context) error {
	var err error
	app.trail, err = sqlaudit.New(app.db, sqlaudit.Config{
		Dialect: sqlstore.SQLite, Logger: app.log,
	})
	if err != nil {
		return err
	}
	if err := createTables(ctx, app.db, app.trail.Schema()); err != nil {
		return err
	}

	// Addresses of visitors are personal data.
	_, err = app.trail.Prune(ctx, time.Now().AddDate(0, 0, -auditDays))
	return err
}

func createTables(ctx context.Context, db *sql.DB, schema []string) error {
	for _, statement := range schema {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the tables of the audit: %w", err)
		}
	}
	return nil
}

// auditView is what the page shows. The trail knows accounts by their id alone.
// Address says whose they are today.
type auditView struct {
	Links   []sqlaudit.Link
	Events  []sqlaudit.Entry
	Address map[string]string

	Busiest []busyNetwork
	Blocks  []sqlaudit.Block
}

func (app *application) auditPage(w http.ResponseWriter, r *http.Request) {
	view, err := app.readAudit(r.Context())
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	app.show(w, r, http.StatusOK, "audit", page{
		Title: "Audit trail", Content: view,
	})
}

func (app *application) readAudit(ctx context.Context) (auditView, error) {
	var (
		view   auditView
		err    error
		newest = sqlaudit.Filter{Limit: auditRows}
	)
	if view.Links, err = app.trail.Links(ctx, newest); err != nil {
		return view, err
	}
	if view.Events, err = app.trail.List(ctx, newest); err != nil {
		return view, err
	}
	// Requests are recorded after their answer, so their rows may come late.
	slices.SortStableFunc(view.Events, func(a, b sqlaudit.Entry) int {
		return b.Time.Compare(a.Time)
	})

	if view.Address, err = app.addresses(ctx, view.Events); err != nil {
		return view, err
	}
	if view.Blocks, err = app.blocks.List(ctx); err != nil {
		return view, err
	}
	view.Busiest, err = app.busiestNetworks(ctx, view.Blocks)
	return view, err
}

// addresses returns the addresses of the accounts that the events are about.
func (app *application) addresses(
	ctx context.Context, events []sqlaudit.Entry,
) (map[string]string, error) {
	found := map[string]string{}
	for _, event := range events {
		if _, known := found[event.UserID]; known || event.UserID == "" {
			continue
		}
		a, err := app.users.byID(ctx, event.UserID)
		if err != nil && !errors.Is(err, errNoAccount) {
			return nil, err
		}
		found[event.UserID] = a.Email
	}
	return found, nil
}

// clientText is empty for a client that is not known.
func clientText(client netip.Addr) string {
	if !client.IsValid() {
		return ""
	}
	return client.String()
}

// outcomeClass picks the colour of an event.
func outcomeClass(outcome reset.Outcome) string {
	switch outcome {
	case reset.OutcomeConfirmed:
		return "good"
	case reset.OutcomeRejected, reset.OutcomeCheckRejected,
		reset.OutcomeLostRace, reset.OutcomeThrottled, reset.OutcomeBlocked,
		reset.OutcomeMailFailed, reset.OutcomeConfirmFailed:
		return "bad"
	default:
		return ""
	}
}
