package stores_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// auditFlush is short, so that a kill often comes in a transaction.
const auditFlush = 5 * time.Millisecond

// numbered makes a row of its own.
func numbered(n int) reset.Event {
	return reset.Event{
		Outcome: reset.OutcomeRequested, Client: asker,
		RequestID: strconv.Itoa(n),
	}
}

// recordForever records some thousand events a second and says how many there
// were.
func recordForever(e engine, db *sql.DB, run string, out io.Writer) error {
	audit, err := sqlaudit.New(db, sqlaudit.Config{
		Dialect: e.dialect, FlushEvery: auditFlush,
	})
	if err != nil {
		return err
	}

	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; ; <-tick.C {
		for range 20 {
			ev := numbered(n)
			ev.UserID = run
			audit.Record(context.Background(), ev)
			n++
		}
		if _, err := fmt.Fprintln(out, n); err != nil {
			return err
		}
	}
}

// A kill costs the newest events and tears nothing: what is there is all that
// was recorded up to some moment, each event once.
func TestKilledProcessLosesTheNewestEventsOfTheTrailOnly(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		runs := 40
		if testing.Short() {
			runs = 4
		}
		db, dsn := e.open(t)
		newAudit(t, e, db, nil)
		worst, most := 0, 0

		for run := range runs {
			recorded := killWhileRecording(t, e, dsn, strconv.Itoa(run))
			kept := requireUnbroken(t, e, db, strconv.Itoa(run))
			worst, most = max(worst, recorded-kept), max(most, kept)
		}

		require.Positive(t, most, "no kill came late enough to prove anything")
		t.Logf("%s: %d kills: the worst lost %d events of 20,000 a second",
			e.name, runs, worst)
	})
}

// requireUnbroken returns how many events of a run are in the table.
func requireUnbroken(t *testing.T, e engine, db *sql.DB, run string) int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		e.bind("SELECT request_id FROM lostkey_audit WHERE user_id = ?"+
			" ORDER BY id"), run)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()

	kept := 0
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		require.Equal(t, strconv.Itoa(kept), id)
		kept++
	}
	require.NoError(t, rows.Err())
	return kept
}

// killWhileRecording returns how many events the process had recorded.
func killWhileRecording(t *testing.T, e engine, dsn, run string) int {
	t.Helper()
	c := startChild(t, order{Engine: e.name, DSN: dsn, Audit: run})
	_, err := c.out.ReadString('\n')
	require.NoError(t, err)
	<-time.After(rand.N(150 * time.Millisecond))
	require.NoError(t, c.cmd.Process.Kill())
	said, err := io.ReadAll(c.out)
	require.NoError(t, err)
	_ = c.cmd.Wait()

	recorded := 20
	for line := range strings.Lines(string(said)) {
		if n, err := strconv.Atoi(strings.TrimSuffix(line, "\n")); err == nil {
			recorded = n
		}
	}
	return recorded
}

// A full buffer is one transaction of as many statements as an engine's bound
// on parameters asks for.
func TestFullBufferOfTheTrailIsWrittenAtOnce(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		_, dsn := e.open(t)
		db := openDB(t, e.driver, dsn)
		db.SetMaxOpenConns(1)
		audit := newAudit(t, e, db, nil)
		held, err := db.Conn(t.Context())
		require.NoError(t, err)
		for n := range 5000 {
			audit.Record(t.Context(), numbered(n))
		}
		require.EqualValues(t, 904, audit.Stats().Lost)
		require.NoError(t, held.Close())
		require.NoError(t, audit.Shutdown(t.Context()))

		require.Equal(t, 4097,
			queryInt(t, db, "SELECT COUNT(*) FROM lostkey_audit"))
		require.Equal(t, 904, queryInt(t, db, "SELECT hits FROM lostkey_audit"+
			" WHERE outcome = 'events-lost'"))
		require.Equal(t, 4096, queryInt(t, db,
			"SELECT COUNT(DISTINCT request_id) FROM lostkey_audit"+
				" WHERE outcome = 'requested'"))
	})
}

func TestAuditFiltersBySite(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, nil)
		recordSites(t, audit)

		require.Equal(t, []string{"shop", "", "shop"}, sites(t, audit, nil))
		require.Equal(t, []string{"shop", "shop"}, sites(t, audit, new("shop")))
		require.Equal(t, []string{""}, sites(t, audit, new("")))
		require.Empty(t, sites(t, audit, new("shop%")))
	})
}

func recordSites(t *testing.T, audit *sqlaudit.Trail) {
	t.Helper()
	for _, site := range []string{"shop", "", "shop"} {
		audit.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeMailed, SiteName: site, UserID: "7",
		})
	}
}

// sites are those of the rows, newest first.
func sites(t *testing.T, audit *sqlaudit.Trail, site *string) (found []string) {
	t.Helper()
	f := sqlaudit.Filter{SiteName: site}
	rows, err := audit.List(t.Context(), f)
	require.NoError(t, err)
	links, err := audit.Links(t.Context(), f)
	require.NoError(t, err)
	require.Len(t, links, len(rows))
	for i, row := range rows {
		require.Equal(t, row.SiteName, links[i].SiteName)
		found = append(found, row.SiteName)
	}
	return found
}

// The statement is the one that the documentation of Schema has.
func TestAuditOnATableFromBeforeSites(t *testing.T) {
	const column = "site VARCHAR(64) NOT NULL DEFAULT ''"
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		before := newTrail(t, e, db)
		for _, statement := range before.Schema() {
			mustExec(t, db, strings.Replace(statement, ",\n\t"+column, "", 1))
		}
		recordSites(t, before)
		require.Equal(t, []string{"", "", ""}, sites(t, before, nil))
		_, err := before.List(t.Context(), sqlaudit.Filter{SiteName: new("shop")})
		require.ErrorContains(t, err, "ADD COLUMN "+column)

		// One process has been started anew, and another not yet.
		mustExec(t, db, "ALTER TABLE lostkey_audit ADD COLUMN "+column)
		after := newTrail(t, e, db)
		recordSites(t, after)
		recordSites(t, before)
		require.NoError(t, before.Flush(t.Context()))
		require.Equal(t, []string{"shop", "shop"}, sites(t, after, new("shop")))
		require.Len(t, sites(t, after, new("")), 7)
	})
}

func newTrail(t *testing.T, e engine, db *sql.DB) *sqlaudit.Trail {
	t.Helper()
	audit, err := sqlaudit.New(db, sqlaudit.Config{Dialect: e.dialect})
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = audit.Shutdown(context.WithoutCancel(t.Context()))
	})
	return audit
}
