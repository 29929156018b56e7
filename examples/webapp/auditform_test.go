package main

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
)

// record puts events of one account into the trail, a second apart.
func (s *site) record(
	t *testing.T, n int, at time.Time, event reset.Event,
) {
	t.Helper()
	for i := range n {
		event.Time = at.Add(time.Duration(i) * time.Second)
		event.RequestID = rand.Text()
		s.trail.Record(t.Context(), event)
	}
	require.NoError(t, s.trail.Flush(t.Context()))
}

func TestAuditFilterShowsWhatFitsAndKeepsTheForm(t *testing.T) {
	onEveryEngine(t, testAuditFilterShowsWhatFitsAndKeepsTheForm)
}

func testAuditFilterShowsWhatFitsAndKeepsTheForm(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	at := time.Now().UTC().Truncate(time.Hour).Add(-48 * time.Hour)
	s.record(t, 1, at, reset.Event{
		Outcome: reset.OutcomeMailed, UserID: "first", Reason: "one",
		Client: netip.MustParseAddr("203.0.113.7"),
	})
	s.record(t, 1, at.Add(time.Hour), reset.Event{
		Outcome: reset.OutcomeConfirmed, UserID: "second", Reason: "two",
		Client: netip.MustParseAddr("2001:db8:1:2::9"),
	})

	hour := at.Add(time.Hour).Format(timeInForm)
	b := s.browser(t)
	for _, c := range []struct {
		query       string
		first, next bool
	}{
		{"", true, true},
		{"outcome=&user=&network=&from=&until=", true, true},
		{"outcome=mailed", true, false},
		{"user=second", false, true},
		{"network=203.0.113.0/24", true, false},
		{"network=::ffff:203.0.113.7", true, false},
		{"network=2001:db8:1:2::9", false, true},
		{"network=2001:db8::/32", false, true},
		{"from=" + hour, false, true},
		{"until=" + hour, true, false},
		{"outcome=mailed&user=second", false, false},
	} {
		res := b.get("/audit?" + c.query)
		require.Equal(t, http.StatusOK, res.status, c.query)
		require.Equal(
			t, c.first, strings.Contains(res.body, "<td>one</td>"), c.query,
		)
		require.Equal(
			t, c.next, strings.Contains(res.body, "<td>two</td>"), c.query,
		)
	}

	body := b.get("/audit?outcome=mailed&user=a%22b&network=203.0.113.7&from=" +
		hour).body
	for _, kept := range []string{
		"<option selected>mailed</option>", `value="a&#34;b"`,
		`value="203.0.113.7"`, `value="` + hour + `"`, "No event fits",
	} {
		require.Contains(t, body, kept)
	}
}

func TestAuditFilterRefusesJunkInWords(t *testing.T) {
	onEveryEngine(t, testAuditFilterRefusesJunkInWords)
}

func testAuditFilterRefusesJunkInWords(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	s.record(t, 1, time.Now(), reset.Event{
		Outcome: reset.OutcomeMailed, UserID: "1", Reason: "shown",
	})

	b := s.browser(t)
	for query, want := range map[string]string{
		"outcome=<script>":                             "Choose an event from the list",
		"outcome=Mailed":                               "Choose an event from the list",
		"user=" + strings.Repeat("a", 256):             "A user id has at most 255 bytes",
		"network=junk":                                 "Give an address",
		"network=10.0.0.0/23":                          "Give an address",
		"network=::/0":                                 "Give an address",
		"network=fe80::1%eth0":                         "Give an address",
		"network=::ffff:10.0.0.0/120":                  "Give an address",
		"from=yesterday":                               "Give the start like",
		"until=2026-02-30T00:00":                       "Give the end like",
		"before=0":                                     "There is no such page",
		"before=1' OR '1'='1":                          "There is no such page",
		"from=2026-11-21T10:00&until=2026-11-21T10:00": "must be after",
	} {
		query = strings.NewReplacer(
			"%", "%25", " ", "+", "<", "%3C", ">", "%3E",
		).Replace(query)
		res := b.get("/audit?" + query)
		require.Equal(t, http.StatusBadRequest, res.status, query)
		require.Contains(t, res.body, "There is a problem")
		require.Contains(t, res.body, want, query)
		require.NotContains(t, res.body, "<script>")
		require.NotContains(t, res.body, "shown", "no rows beside a problem")
	}

	form, _, problems := parseAuditForm("user=%zz")
	require.False(t, form.Any())
	require.Len(t, problems, 1)
	require.Equal(t, http.StatusOK, b.get("/audit?unknown=1").status)
}

func TestAuditPagerKeepsTheFilter(t *testing.T) {
	onEveryEngine(t, testAuditPagerKeepsTheFilter)
}

func testAuditPagerKeepsTheFilter(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	at := time.Now().Add(-time.Hour)
	s.record(t, auditRows+5, at, reset.Event{
		Outcome: reset.OutcomeMailed, UserID: "a&b", Reason: "kept",
	})
	s.record(t, 3, at, reset.Event{
		Outcome: reset.OutcomeMailed, UserID: "else", Reason: "other",
	})

	b := s.browser(t)
	first := b.get("/audit?user=a%26b&outcome=mailed")
	require.Equal(t, auditRows, strings.Count(first.body, "<td>kept</td>"))
	_, after, found := strings.Cut(first.body, `<a href="/audit?before=`)
	require.True(t, found)
	link, _, _ := strings.Cut(after, `"`)
	link = strings.ReplaceAll(link, "&amp;", "&")
	query, err := url.ParseQuery("before=" + strings.TrimSuffix(link, "#events"))
	require.NoError(t, err)
	require.Equal(t, "a&b", query.Get("user"))
	require.Equal(t, "mailed", query.Get("outcome"))

	next := b.get("/audit?" + query.Encode())
	require.Equal(t, 5, strings.Count(next.body, "<td>kept</td>"))
	require.NotContains(t, next.body, "<td>other</td>")
	require.NotContains(t, next.body, "Older events")
}

func TestChartCountsTheLastDays(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	now := time.Now().UTC()
	today := now.Truncate(24 * time.Hour)
	s.record(t, 4, today, reset.Event{Outcome: reset.OutcomeRequested})
	s.record(t, 1, today, reset.Event{Outcome: reset.OutcomeConfirmed})
	s.record(t, 1, today, reset.Event{Outcome: reset.OutcomeSkipped})
	s.record(t, 300, today.AddDate(0, 0, 1-chartDays), reset.Event{
		Outcome: reset.OutcomeThrottled,
	})
	s.record(t, 7, today.AddDate(0, 0, -chartDays), reset.Event{
		Outcome: reset.OutcomeRequested,
	})

	drawn, err := s.dailyChart(t.Context(), now)
	require.NoError(t, err)
	require.Len(t, drawn.Days, chartDays)
	last := drawn.Days[chartDays-1]
	require.Equal(t, today.Format(time.DateOnly), last.Date)
	require.EqualValues(t, 4, last.Bars[0].Count)
	require.EqualValues(t, 1, last.Bars[1].Count)
	require.Equal(t, 2, last.Bars[1].Height, "it can be seen beside 300")
	require.Zero(t, last.Bars[2].Height)

	first := drawn.Days[0].Bars
	require.Zero(t, first[0].Count, "the day before is left out")
	require.EqualValues(t, 300, first[2].Count)
	require.Equal(t, chartTop, first[2].Y)
	require.Equal(t, chartBase-chartTop, first[2].Height)
	require.EqualValues(t, 300, drawn.Most)

	body := s.browser(t).get("/audit").body
	require.Contains(t, body, `<desc id="chart-text">4 links were requested, `+
		"1 confirmed and 300 ")
	require.Equal(t, 3, strings.Count(body, "<rect "))
	require.Contains(t, body, "<td>"+last.Date+"</td><td>"+
		strconv.Itoa(4)+"</td><td>1</td><td>0</td>")
	require.NotContains(t, body, "style=")
}
