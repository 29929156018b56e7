package stores_test

import (
	"context"
	"database/sql"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

var (
	asker = netip.MustParseAddr("203.0.113.7")
	user6 = netip.MustParseAddr("2001:db8:1:2::9")
	start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

func newAudit(
	t *testing.T, e engine, db *sql.DB, now func() time.Time,
) *sqlaudit.Trail {
	t.Helper()
	audit, err := sqlaudit.New(db,
		sqlaudit.Config{Dialect: e.dialect, Now: now})
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = audit.Shutdown(context.WithoutCancel(t.Context()))
	})
	for range 2 { // a second start finds the table there
		for _, statement := range audit.Schema() {
			mustExec(t, db, statement)
		}
	}
	return audit
}

//lostkey:covers ASVS-16.2.1 ASVS-16.3.1
func TestAuditTrailTellsTheStoryOfALink(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		var audit *sqlaudit.Trail
		app := newApplication(t, e, options{sink: func(db *sql.DB) reset.Sink {
			audit = newAudit(t, e, db, nil)
			return audit
		}})

		for _, addr := range []string{annAddress, "nobody@example.org"} {
			in := reset.RequestInput{Email: addr, Client: asker}
			require.NoError(t, app.service.Request(t.Context(), in))
		}
		messages, err := app.mailbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		raw := mailtest.Token(messages[0])
		for range 2 {
			_ = app.service.Confirm(t.Context(), reset.ConfirmInput{
				Token: raw, Password: newPassword, Client: user6,
			})
		}
		require.NoError(t, app.service.Shutdown(t.Context()))

		links, err := audit.Links(t.Context(),
			sqlaudit.Filter{UserID: app.ann.ID})
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, asker, links[0].AskedFrom)
		require.Equal(t, user6, links[0].UsedFrom)
		require.WithinDuration(t, time.Now(), links[0].AskedAt, time.Minute)
		require.False(t, links[0].UsedAt.Before(links[0].AskedAt))

		used, err := audit.List(t.Context(),
			sqlaudit.Filter{TokenID: links[0].TokenID})
		require.NoError(t, err)
		outcomes := map[reset.Outcome]sqlaudit.Entry{}
		for _, entry := range used {
			require.Equal(t, app.ann.ID, entry.UserID)
			outcomes[entry.Outcome] = entry
		}

		require.Equal(t, asker, outcomes[reset.OutcomeMailed].Client)
		require.Equal(t, user6, outcomes[reset.OutcomeConfirmed].Client)
		require.Equal(t, "stale", outcomes[reset.OutcomeRejected].Reason)

		require.Equal(t, 2, requestsIn(t, audit),
			"known and unknown addresses are recorded alike")
		requireNoSecrets(t, app.db, raw, app.storedHash(t),
			app.ann.PasswordHash)
	})
}

// requestsIn counts the requests in the trail, which name nobody.
func requestsIn(t *testing.T, audit *sqlaudit.Trail) int {
	t.Helper()
	all, err := audit.List(t.Context(), sqlaudit.Filter{})
	require.NoError(t, err)

	requests := 0
	for _, entry := range all {
		if entry.Outcome == reset.OutcomeRequested {
			requests++
			require.Equal(t, asker, entry.Client)
			require.Empty(t, entry.UserID)
		}
	}
	return requests
}

// requireNoSecrets looks through every text of the trail.
func requireNoSecrets(t *testing.T, db *sql.DB, more ...string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		"SELECT outcome, purpose, reason, client, client_net, user_id, "+
			"request_id, token_id FROM lostkey_audit")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()

	for rows.Next() {
		texts := make([]string, 8)
		require.NoError(t,
			rows.Scan(&texts[0], &texts[1], &texts[2], &texts[3], &texts[4],
				&texts[5], &texts[6], &texts[7]))
		for _, text := range texts {
			for _, secret := range append(more, annAddress,
				"nobody@example.org", oldPassword, newPassword) {
				require.NotContains(t, text, secret)
			}
		}
	}
	require.NoError(t, rows.Err())
}

// A trail that cannot be written right now must not show in the answer.
func TestForgotRequestDoesNotWaitForTheAuditTrail(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		var (
			audit *sqlaudit.Trail
			trail *sql.DB
		)
		app := newApplication(t, e, options{sink: func(*sql.DB) reset.Sink {
			trail = openDB(t, e.driver, e.prepare(t))
			trail.SetMaxOpenConns(1)
			audit = newAudit(t, e, trail, nil)
			return audit
		}})
		held, err := trail.Conn(t.Context())
		require.NoError(t, err)

		in := reset.RequestInput{Email: annAddress, Client: asker}
		for range 20 {
			require.NoError(t, app.service.Request(t.Context(), in))
		}
		require.NoError(t, held.Close())
		require.NoError(t, app.service.Shutdown(t.Context()))
		require.Eventually(t, func() bool {
			all, err := audit.List(t.Context(), sqlaudit.Filter{})
			return err == nil && len(all) >= 20
		}, 10*time.Second, 10*time.Millisecond)
	})
}

func TestAuditCountsWhatAVisitorCanRepeat(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		now := start
		audit := newAudit(t, e, db, func() time.Time { return now })
		rows := func() int {
			return queryInt(t, db, "SELECT COUNT(*) FROM lostkey_audit")
		}
		becomes := func(want int) { eventually(t, rows, want) }

		record := func(n int, ev reset.Event) {
			for range n {
				ev.Time = now
				audit.Record(t.Context(), ev)
			}
		}

		throttled := reset.Event{
			Outcome: reset.OutcomeThrottled, Reason: "client",
			Client: asker,
		}
		record(700, throttled)
		record(300, reset.Event{
			Outcome: reset.OutcomeCheckRejected, Reason: "malformed",
			Client: user6,
		})
		record(3, reset.Event{
			Outcome: reset.OutcomeRejected, Reason: "stale", Client: user6,
			UserID: "1", TokenID: "t",
		})
		require.Zero(t, rows(), "written before it was time")
		now = now.Add(10*time.Second - time.Millisecond)
		record(1, throttled)
		require.Zero(t, rows(), "written before it was time")
		now = now.Add(time.Millisecond)
		record(1, throttled)
		becomes(3)

		now = now.Add(time.Second)
		record(5, reset.Event{
			Outcome: reset.OutcomeRequested, RequestID: "r",
			Client: netip.MustParseAddr("::ffff:203.0.113.7"),
		})
		becomes(8)

		clients, err := audit.BusiestClients(t.Context(), start, 10)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.ClientCount{
			{Prefix: netip.MustParsePrefix("203.0.113.7/32"), Requests: 707},
			{Prefix: netip.MustParsePrefix("2001:db8:1:2::/64"), RefusedLinks: 303},
		}, clients)
		clients, err = audit.BusiestClients(t.Context(), now, 1)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.ClientCount{
			{Prefix: netip.MustParsePrefix("203.0.113.7/32"), Requests: 5},
		}, clients)

		// A clock that is set back does not stop the writing for hours.
		now = now.Add(-time.Hour)
		record(1, reset.Event{Outcome: reset.OutcomeThrottled, Client: asker})
		becomes(9)
	})
}

// eventually waits for rows that nobody asks to be written.
func eventually(t *testing.T, rows func() int, want int) {
	t.Helper()
	require.Eventually(t, func() bool { return rows() == want },
		10*time.Second, 5*time.Millisecond)
}

// sources are networks of one attacker each, with the n-th address in each.
var sources = []struct {
	network string
	client  func(n int) netip.Addr
}{
	{"2001:db8:1:2::/64", func(n int) netip.Addr {
		return netip.AddrFrom16([16]byte{
			0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 14: byte(n >> 8), 15: byte(n),
		})
	}},
	{"2001:db8:2::/48", func(n int) netip.Addr {
		return netip.AddrFrom16([16]byte{
			0x20, 1, 0xd, 0xb8, 0, 2, byte(n >> 8), byte(n), 15: 9,
		})
	}},
	{"203.0.113.0/24", func(n int) netip.Addr {
		return netip.AddrFrom4([4]byte{203, 0, 113, byte(n)})
	}},
}

// Junk from one source must not fill the disk, and must show who sends it.
func TestRotatingSourceCostsARowAndIsFound(t *testing.T) {
	const junk = 30_000
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		now := start
		audit := newAudit(t, e, db, func() time.Time { return now })

		before := 0
		for _, c := range sources {
			for n := range junk {
				audit.Record(t.Context(), reset.Event{
					Outcome: reset.OutcomeRejected, Reason: "malformed",
					Client: c.client(n), Time: now,
				})
			}
			require.NoError(t, audit.Flush(t.Context()))

			rows := queryInt(t, db, "SELECT COUNT(*) FROM lostkey_audit")
			t.Logf("%s: %d hits from %s made %d rows", e.name, junk, c.network,
				rows-before)
			require.Equal(t, 1, rows-before)
			before = rows

			last, err := audit.List(t.Context(), sqlaudit.Filter{Limit: 1})
			require.NoError(t, err)
			require.Equal(t, netip.MustParsePrefix(c.network), last[0].Network)
			require.Zero(t, last[0].Client)
			require.EqualValues(t, junk, last[0].Hits)

			busiest, err := audit.BusiestClients(t.Context(), now, 1)
			require.NoError(t, err)
			require.Equal(t, []sqlaudit.ClientCount{
				{Prefix: netip.MustParsePrefix(c.network), RefusedLinks: junk},
			}, busiest)
			now = now.Add(time.Second)
		}

		requireNarrowClients(t, audit, now.Add(time.Second))
	})
}

// requireNarrowClients floods the trail from everywhere. What such a flood is
// counted in is too wide to be blocked.
func requireNarrowClients(
	t *testing.T, audit *sqlaudit.Trail, now time.Time,
) {
	t.Helper()
	for n := range 1000 {
		high, low := byte(n>>8), byte(n)
		for _, client := range []netip.Addr{
			netip.AddrFrom4([4]byte{11, high, low}),
			netip.AddrFrom16([16]byte{0x20, 1, 1, 0, high, low}),
		} {
			audit.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeRejected, Client: client, Time: now,
			})
		}
	}

	busiest, err := audit.BusiestClients(t.Context(), now, 1000)
	require.NoError(t, err)
	require.NotEmpty(t, busiest)
	for _, client := range busiest {
		bits, six := client.Prefix.Bits(), client.Prefix.Addr().Is6()
		require.Contains(t, []int{32, 64}, bits, "%v", client)
		require.NotEqual(t, bits == 32, six, "%v", client)
	}
}

func TestAuditPagesAndPrunes(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, func() time.Time { return start })
		for i := range 120 {
			audit.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeMailed,
				Time:    start.Add(time.Duration(i) * time.Second),
				UserID:  []string{"1", "2", "dé\r\n\u202euser"}[i%3],
				TokenID: "t", RequestID: "r",
			})
		}

		first, err := audit.List(t.Context(), sqlaudit.Filter{})
		require.NoError(t, err)
		require.Len(t, first, 50)
		require.Equal(t, start.Add(119*time.Second), first[0].Time)

		next, err := audit.List(t.Context(),
			sqlaudit.Filter{BeforeID: first[49].ID, Limit: 100})
		require.NoError(t, err)
		require.Len(t, next, 70)
		require.Equal(t, start.Add(69*time.Second), next[0].Time)
		of, err := audit.List(t.Context(), sqlaudit.Filter{UserID: "2"})
		require.NoError(t, err)
		require.Len(t, of, 40)

		odd, err := audit.List(t.Context(),
			sqlaudit.Filter{UserID: "dé\r\n\u202euser"})
		require.NoError(t, err)
		require.Len(t, odd, 40)
		require.Equal(t, `"d\u00e9\r\n\u202euser"`, odd[0].UserID)

		deleted, err := audit.Prune(t.Context(), start.Add(119*time.Second))
		require.NoError(t, err)
		require.EqualValues(t, 119, deleted)
		links, err := audit.Links(t.Context(), sqlaudit.Filter{})
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, start.Add(119*time.Second), links[0].AskedAt)
		require.Zero(t, links[0].UsedAt)
	})
}

func TestAuditCountsByDay(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, func() time.Time { return start })
		midnight := start.Add(-12 * time.Hour)
		record := func(n int, at time.Time, outcome reset.Outcome) {
			for range n {
				audit.Record(t.Context(), reset.Event{
					Outcome: outcome, Time: at, Client: asker, RequestID: "r",
				})
			}
		}

		// The last millisecond of a day and the first of the next are apart.
		record(2, midnight.Add(-time.Millisecond), reset.OutcomeRequested)
		record(3, midnight, reset.OutcomeRequested)
		record(700, start, reset.OutcomeRejected)
		record(1, midnight.AddDate(0, 0, -1).Add(-1), reset.OutcomeConfirmed)
		require.NoError(t, audit.Flush(t.Context()))

		days, err := audit.Daily(t.Context(), midnight.AddDate(0, 0, -1))
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.DayCount{
			{Day: midnight, Outcome: reset.OutcomeRejected, Count: 700},
			{Day: midnight, Outcome: reset.OutcomeRequested, Count: 3},
			{
				Day:     midnight.AddDate(0, 0, -1),
				Outcome: reset.OutcomeRequested, Count: 2,
			},
		}, days)
	})
}

// filtered are clients, each with the networks that hold it and others beside
// it, with zeros where the text of an IPv6 network is cut short.
var filtered = []struct{ client, in, beside []string }{
	{
		[]string{"203.0.113.7"},
		[]string{"203.0.113.7/32", "203.0.113.0/24", "203.0.0.0/16"},
		[]string{"203.0.113.70/32", "203.0.11.0/24", "20.0.0.0/16"},
	},
	{
		[]string{"2001:db8:1:2::9"},
		[]string{
			"2001:db8:1:2::9/128", "2001:db8:1:2::/64",
			"2001:db8:1::/48", "2001:db8::/32",
		},
		[]string{"2001:db8:1::/64", "2001:db8:12::/48", "2001:d::/32"},
	},
	{
		[]string{"2001:db8::9", "2001:db8:0:5::9"},
		[]string{"2001:db8::/48", "2001:db8::/32"},
		[]string{"2001:db8:1::/48", "2001:d::/32", "2001:db8:5::/48"},
	},
	{
		[]string{"2001::9"},
		[]string{"2001::/64", "2001::/48", "2001::/32"},
		[]string{"2001:1::/32", "2001:0:1::/48", "2001:0:0:1::/64"},
	},
}

func TestAuditFiltersByNetwork(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, func() time.Time { return start })
		list := func(network string) int {
			all, err := audit.List(t.Context(), sqlaudit.Filter{
				Network: netip.MustParsePrefix(network),
			})
			require.NoError(t, err, network)
			return len(all)
		}

		for _, c := range filtered {
			mustExec(t, db, "DELETE FROM lostkey_audit")
			for _, client := range c.client {
				audit.Record(t.Context(), reset.Event{
					Outcome: reset.OutcomeMailed, UserID: "1", Time: start,
					Client: netip.MustParseAddr(client),
				})
			}
			for _, network := range c.in {
				require.Equal(t, len(c.client), list(network), network)
			}
			for _, network := range c.beside {
				require.Zero(t, list(network), network)
			}
		}
	})
}

func TestAuditFiltersByOutcomeAndTime(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, func() time.Time { return start })
		for i := range 10 {
			audit.Record(t.Context(), reset.Event{
				Outcome: []reset.Outcome{
					reset.OutcomeMailed, reset.OutcomeConfirmed,
				}[i%2],
				UserID: "1", Time: start.Add(time.Duration(i) * time.Second),
			})
		}

		f := sqlaudit.Filter{
			Outcome: reset.OutcomeConfirmed,
			Since:   start.Add(3 * time.Second),
			Until:   start.Add(7 * time.Second),
		}
		found, err := audit.List(t.Context(), f)
		require.NoError(t, err)
		require.Len(t, found, 2)
		require.Equal(t, start.Add(5*time.Second), found[0].Time)
		require.Equal(t, start.Add(3*time.Second), found[1].Time)

		f.Outcome = ""
		links, err := audit.Links(t.Context(), f)
		require.NoError(t, err)
		require.Len(t, links, 2)
		require.Equal(t, start.Add(6*time.Second), links[0].AskedAt)
	})
}
