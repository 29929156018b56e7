package sqlaudit_test

import (
	"database/sql/driver"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestDailyAsksForCountsInEveryDialect(t *testing.T) {
	t.Parallel()
	midnight := noon.Add(-12 * time.Hour)
	for _, c := range []struct {
		dialect            sqlstore.Dialect
		from, since, limit string
	}{
		{sqlstore.SQLite, "`lostkey_audit`", "?", "?"},
		{sqlstore.PostgreSQL, `"lostkey_audit"`, "$1", "$2"},
		{sqlstore.MySQL, "`lostkey_audit`", "?", "?"},
	} {
		f := &sqltest.DB{Query: func(
			q string, args []any,
		) ([][]driver.Value, error) {
			require.Contains(t, q, "FROM "+c.from+" WHERE at_ms >= "+c.since+" ")
			require.Contains(t, q, "LIMIT "+c.limit)
			require.Equal(t, []any{noon.UnixMilli(), int64(1000)}, args)
			return [][]driver.Value{
				{midnight.UnixMilli(), "confirmed", int64(2)},
				{midnight.AddDate(0, 0, -1).UnixMilli(), "rejected", "700"},
			}, nil
		}}
		trail := newTrail(t, f, func(cfg *sqlaudit.Config) {
			cfg.Dialect = c.dialect
		})

		days, err := trail.Daily(t.Context(), noon)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.DayCount{
			{Day: midnight, Outcome: reset.OutcomeConfirmed, Count: 2},
			{
				Day:     midnight.AddDate(0, 0, -1),
				Outcome: reset.OutcomeRejected, Count: 700,
			},
		}, days)
	}
}

func TestDailyReportsWhatFails(t *testing.T) {
	t.Parallel()
	f := &sqltest.DB{Query: func(string, []any) ([][]driver.Value, error) {
		return nil, errors.New("gone")
	}}
	_, err := newTrail(t, f).Daily(t.Context(), noon)
	require.ErrorContains(t, err, "sqlaudit: count by day: gone")
}

// A network that the trail does not count by must not select the wrong rows.
func TestFilterRefusesANetworkOfAnotherLength(t *testing.T) {
	t.Parallel()
	trail := newTrail(t, &sqltest.DB{})
	for _, text := range []string{
		"203.0.113.0/23", "203.0.113.0/25", "0.0.0.0/0", "::/0",
		"2001:db8::/47", "2001:db8::/56", "::ffff:203.0.113.7/128",
	} {
		f := sqlaudit.Filter{Network: netip.MustParsePrefix(text)}
		_, err := trail.List(t.Context(), f)
		require.ErrorContains(t, err, "Filter.Network is "+text)
		_, err = trail.Links(t.Context(), f)
		require.ErrorContains(t, err, "Filter.Network is "+text)
	}

	invalid := netip.PrefixFrom(netip.MustParseAddr("203.0.113.7"), 99)
	_, err := trail.List(t.Context(), sqlaudit.Filter{Network: invalid})
	require.ErrorContains(t, err, "Filter.Network")
}
