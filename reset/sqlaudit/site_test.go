package sqlaudit_test

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

// oldTable is a database whose table has no column site.
func oldTable(inserted *[]string) *sqltest.DB {
	refuse := func(statement string) error {
		if strings.Contains(statement, "site") {
			return errors.New("no such column: site")
		}
		return nil
	}
	return &sqltest.DB{
		Query: func(s string, _ []any) ([][]driver.Value, error) {
			return nil, refuse(s)
		},
		Exec: func(s string, args []any) (int64, error) {
			*inserted = append(*inserted, s)
			return int64(len(args)), refuse(s)
		},
	}
}

const howToAddSite = "ALTER TABLE `lostkey_audit`" +
	" ADD COLUMN site VARCHAR(64) NOT NULL DEFAULT ''"

func TestTrailWorksOnATableOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var inserted []string
	trail := newTrail(t, oldTable(&inserted), logTo(&log))
	for range 2 {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeMailed, SiteName: "shop", UserID: "7",
		})
		require.NoError(t, trail.Flush(t.Context()))
	}

	require.Len(t, inserted, 2)
	require.Zero(t, trail.Stats())
	require.Equal(t, 1, strings.Count(log.String(), howToAddSite), log.String())
	_, err := trail.List(t.Context(), sqlaudit.Filter{UserID: "7"})
	require.NoError(t, err)
	_, err = trail.Links(t.Context(), sqlaudit.Filter{UserID: "7"})
	require.NoError(t, err)

	_, err = trail.List(t.Context(), sqlaudit.Filter{SiteName: new("shop")})
	require.ErrorContains(t, err, howToAddSite)
	_, err = trail.Links(t.Context(), sqlaudit.Filter{SiteName: new("")})
	require.ErrorContains(t, err, howToAddSite)
}

// An outage must not pass for a column that is missing.
func TestOutageDoesNotMakeTheTrailForgetSites(t *testing.T) {
	t.Parallel()
	down := true
	w := &written{}
	db := w.database()
	db.Query = func(string, []any) ([][]driver.Value, error) {
		if down {
			return nil, errDown
		}
		return nil, nil
	}
	trail := newTrail(t, db)
	_, err := trail.List(t.Context(), sqlaudit.Filter{})
	require.ErrorIs(t, err, errDown)

	down = false
	trail.Record(t.Context(), reset.Event{
		Outcome: reset.OutcomeMailed, SiteName: "shop", UserID: "7",
	})
	require.NoError(t, trail.Flush(t.Context()))
	require.Equal(t, "shop", w.rows[0][columns-1])
}

// Two sites under one flood are two rows.
func TestCountsAreKeptBySite(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	for n := range 1000 {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeThrottled, Client: ipv4("203.0.113.7", 0),
			SiteName: []string{"", "shop"}[n%2],
		})
	}
	require.NoError(t, trail.Flush(t.Context()))
	require.Len(t, w.rows, 2)
	require.EqualValues(t, 1000, w.hits())
	require.ElementsMatch(
		t, []any{"", "shop"},
		[]any{w.rows[0][columns-1], w.rows[1][columns-1]},
	)
}
