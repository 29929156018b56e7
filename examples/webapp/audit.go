package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
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
	auditDays = 90  // how long the trail is kept; what is older goes at the next start
)

func openAudit(ctx context.Context, db *sql.DB, log *slog.Logger) (*sqlaudit.Trail, error) {
	audit, err := sqlaudit.New(db, sqlaudit.Config{Dialect: sqlstore.SQLite, Logger: log})
	if err != nil {
		return nil, err
	}
	for _, statement := range audit.Schema() {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("create the audit trail: %w", err)
		}
	}
	// Addresses of visitors are personal data.
	if _, err := audit.Prune(ctx, time.Now().AddDate(0, 0, -auditDays)); err != nil {
		return nil, err
	}
	return audit, nil
}

// auditView is what the page shows. The trail knows accounts by their id alone;
// Address says whose they are today.
type auditView struct {
	Links   []sqlaudit.Link
	Events  []sqlaudit.Entry
	Address map[string]string
}

func (app *application) auditPage(w http.ResponseWriter, r *http.Request) {
	view, err := app.readAudit(r.Context())
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	app.show(w, r, http.StatusOK, "audit", page{Title: "Audit trail", Content: view})
}

func (app *application) readAudit(ctx context.Context) (auditView, error) {
	view := auditView{Address: map[string]string{}}
	var err error
	if view.Links, err = app.audit.Links(ctx, sqlaudit.Filter{Limit: auditRows}); err != nil {
		return view, err
	}
	if view.Events, err = app.audit.List(ctx, sqlaudit.Filter{Limit: auditRows}); err != nil {
		return view, err
	}
	// Requests are recorded after their answer, so their rows may come late.
	slices.SortStableFunc(view.Events, func(a, b sqlaudit.Entry) int { return b.Time.Compare(a.Time) })
	for _, event := range view.Events {
		if _, known := view.Address[event.UserID]; known || event.UserID == "" {
			continue
		}
		a, err := app.users.byID(ctx, event.UserID)
		if err != nil && !errors.Is(err, errNoAccount) {
			return view, err
		}
		view.Address[event.UserID] = a.Email
	}
	return view, nil
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
	case reset.OutcomeRejected, reset.OutcomeCheckRejected, reset.OutcomeLostRace, reset.OutcomeThrottled,
		reset.OutcomeBlocked, reset.OutcomeMailFailed, reset.OutcomeConfirmFailed:
		return "bad"
	default:
		return ""
	}
}
