package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
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
	app.trail, err = sqlaudit.New(app.db.DB, sqlaudit.Config{
		Dialect: app.db.dialect, Logger: app.log,
	})
	if err != nil {
		return err
	}
	if err := app.db.createTables(ctx, app.trail.Schema()); err != nil {
		return err
	}

	// Addresses of visitors are personal data.
	_, err = app.trail.Prune(ctx, time.Now().AddDate(0, 0, -auditDays))
	return err
}

// auditView is what the page shows. The trail knows accounts by their id alone.
// Address says whose they are today.
type auditView struct {
	Form    auditForm
	Links   []sqlaudit.Link
	Events  []sqlaudit.Entry
	Older   string // where the events before these are; empty without any
	Address map[string]string

	Locked []account

	Chart   chart
	Busiest []busyNetwork
	Blocks  []sqlaudit.Block
}

// auditPage shows what the filter in the query selects. With a filter that
// means nothing it shows the form alone, and what to put right.
func (app *application) auditPage(w http.ResponseWriter, r *http.Request) {
	form, filter, problems := parseAuditForm(r.URL.RawQuery)
	if len(problems) > 0 {
		app.show(w, r, http.StatusBadRequest, "audit", page{
			Title: "Audit trail", Problems: problems,
			Content: auditView{Form: form},
		})
		return
	}

	view, err := app.readAudit(r.Context(), form, filter)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	app.show(w, r, http.StatusOK, "audit", page{
		Title: "Audit trail", Content: view,
	})
}

func (app *application) readAudit(
	ctx context.Context, form auditForm, filter sqlaudit.Filter,
) (auditView, error) {
	view := auditView{Form: form}
	var err error
	ofLinks := filter
	ofLinks.Outcome, ofLinks.BeforeID = "", 0
	if view.Links, err = app.trail.Links(ctx, ofLinks); err != nil {
		return view, err
	}
	if view.Events, err = app.trail.List(ctx, filter); err != nil {
		return view, err
	}
	if n := len(view.Events); n == filter.Limit {
		view.Older = form.older(view.Events[n-1].ID)
	}
	// Requests are recorded after their answer, so their rows may come late.
	slices.SortStableFunc(view.Events, func(a, b sqlaudit.Entry) int {
		return b.Time.Compare(a.Time)
	})

	view.Address, err = app.addresses(ctx, view.Links, view.Events)
	if err != nil {
		return view, err
	}
	if view.Chart, err = app.dailyChart(ctx, time.Now()); err != nil {
		return view, err
	}
	if view.Locked, err = app.users.locked(ctx); err != nil {
		return view, err
	}
	if view.Blocks, err = app.blocks.List(ctx); err != nil {
		return view, err
	}
	view.Busiest, err = app.busiestNetworks(ctx, view.Blocks)
	return view, err
}

// addresses returns the addresses of the accounts that the page is about.
func (app *application) addresses(
	ctx context.Context, links []sqlaudit.Link, events []sqlaudit.Entry,
) (map[string]string, error) {
	found := map[string]string{}
	for _, link := range links {
		found[link.UserID] = ""
	}
	for _, event := range events {
		found[event.UserID] = ""
	}
	delete(found, "")

	for id := range found {
		a, err := app.users.byID(ctx, id)
		if err != nil && !errors.Is(err, errNoAccount) {
			return nil, err
		}
		found[id] = a.Email
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
	case reset.OutcomeProofRefused, reset.OutcomeDisputed,
		reset.OutcomeRejected, reset.OutcomeCheckRejected,
		reset.OutcomeLostRace, reset.OutcomeThrottled, reset.OutcomeBlocked,
		reset.OutcomeMailFailed, reset.OutcomeConfirmFailed:
		return "bad"
	default:
		return ""
	}
}
