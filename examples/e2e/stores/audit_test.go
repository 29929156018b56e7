package stores_test

import (
	"database/sql"
	"net/netip"
	"sync/atomic"
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

// A clock is set by hand, while a refresh in the background may be reading it.
type clock struct{ atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.set(start)
	return c
}

func (c *clock) now() time.Time           { return time.Unix(0, c.Load()).UTC() }
func (c *clock) set(to time.Time)         { c.Store(to.UnixNano()) }
func (c *clock) advance(by time.Duration) { c.Add(int64(by)) }

func newAudit(t *testing.T, e engine, db *sql.DB, now func() time.Time) *sqlaudit.Trail {
	t.Helper()
	audit, err := sqlaudit.New(db, sqlaudit.Config{Dialect: e.dialect, Now: now})
	require.NoError(t, err)
	for range 2 { // a second start finds the table there
		for _, statement := range audit.Schema() {
			mustExec(t, db, statement)
		}
	}
	return audit
}

func TestAuditTrailTellsTheStoryOfALink(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		var audit *sqlaudit.Trail
		app := newApplication(t, e, options{sink: func(db *sql.DB) reset.Sink {
			audit = newAudit(t, e, db, nil)
			return audit
		}})
		for _, addr := range []string{annAddress, "nobody@example.org"} {
			require.NoError(t, app.service.Request(t.Context(), reset.RequestInput{Email: addr, Client: asker}))
		}
		messages, err := app.mailbox.Wait(t.Context(), 1)
		require.NoError(t, err)
		raw := mailtest.Token(messages[0])
		for range 2 {
			_ = app.service.Confirm(t.Context(), reset.ConfirmInput{Token: raw, Password: newPassword, Client: user6})
		}
		require.NoError(t, app.service.Shutdown(t.Context()))

		links, err := audit.Links(t.Context(), sqlaudit.Filter{UserID: app.ann.ID})
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, asker, links[0].AskedFrom)
		require.Equal(t, user6, links[0].UsedFrom)
		require.WithinDuration(t, time.Now(), links[0].AskedAt, time.Minute)
		require.False(t, links[0].UsedAt.Before(links[0].AskedAt))

		used, err := audit.List(t.Context(), sqlaudit.Filter{TokenID: links[0].TokenID})
		require.NoError(t, err)
		outcomes := map[reset.Outcome]sqlaudit.Entry{}
		for _, entry := range used {
			require.Equal(t, app.ann.ID, entry.UserID)
			outcomes[entry.Outcome] = entry
		}
		require.Equal(t, asker, outcomes[reset.OutcomeMailed].Client)
		require.Equal(t, user6, outcomes[reset.OutcomeConfirmed].Client)
		require.Equal(t, "stale", outcomes[reset.OutcomeRejected].Reason)

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
		require.Equal(t, 2, requests, "known and unknown addresses are recorded alike")
		requireNoSecrets(t, app.db, raw, app.storedHash(t), app.ann.PasswordHash)
	})
}

// requireNoSecrets looks through every text of the trail.
func requireNoSecrets(t *testing.T, db *sql.DB, more ...string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT outcome, purpose, reason, client, client_net, user_id, request_id, token_id FROM lostkey_audit")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		texts := make([]string, 8)
		require.NoError(t, rows.Scan(&texts[0], &texts[1], &texts[2], &texts[3], &texts[4], &texts[5], &texts[6], &texts[7]))
		for _, text := range texts {
			for _, secret := range append(more, annAddress, "nobody@example.org", oldPassword, newPassword) {
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
		for range 20 {
			require.NoError(t, app.service.Request(t.Context(), reset.RequestInput{Email: annAddress, Client: asker}))
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
		rows := func() int { return queryInt(t, db, "SELECT COUNT(*) FROM lostkey_audit") }
		record := func(n int, ev reset.Event) {
			for range n {
				ev.Time = now
				audit.Record(t.Context(), ev)
			}
		}
		record(700, reset.Event{Outcome: reset.OutcomeThrottled, Reason: reset.LimitClient, Client: asker})
		record(300, reset.Event{Outcome: reset.OutcomeCheckRejected, Reason: "malformed", Client: user6})
		record(3, reset.Event{Outcome: reset.OutcomeRejected, Reason: "stale", Client: user6, UserID: "1", TokenID: "t"})
		require.Zero(t, rows(), "written before it was time")
		now = now.Add(10*time.Second - time.Millisecond)
		record(1, reset.Event{Outcome: reset.OutcomeThrottled, Reason: reset.LimitClient, Client: asker})
		require.Zero(t, rows(), "written before it was time")
		now = now.Add(time.Millisecond)
		record(1, reset.Event{Outcome: reset.OutcomeThrottled, Reason: reset.LimitClient, Client: asker})
		require.Equal(t, 3, rows())

		now = now.Add(time.Second)
		record(5, reset.Event{Outcome: reset.OutcomeRequested, RequestID: "r", Client: netip.MustParseAddr("::ffff:203.0.113.7")})
		require.Equal(t, 8, rows(), "a request is written at once")
		clients, err := audit.BusiestClients(t.Context(), start, 10)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.ClientCount{
			{Prefix: netip.MustParsePrefix("203.0.113.7/32"), Requests: 707},
			{Prefix: netip.MustParsePrefix("2001:db8:1:2::/64"), Refused: 303},
		}, clients)
		clients, err = audit.BusiestClients(t.Context(), now, 1)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.ClientCount{{Prefix: netip.MustParsePrefix("203.0.113.7/32"), Requests: 5}}, clients)

		// A clock that is set back does not stop the writing for hours.
		now = now.Add(-time.Hour)
		record(1, reset.Event{Outcome: reset.OutcomeThrottled, Client: asker})
		require.Equal(t, 9, rows())
	})
}

// Junk from one source must not fill the disk, and must show who sends it.
func TestRotatingSourceCostsARowAndIsFound(t *testing.T) {
	const junk = 30_000
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		now := start
		audit := newAudit(t, e, db, func() time.Time { return now })
		before := 0
		for _, c := range []struct {
			network string
			client  func(n int) netip.Addr
		}{
			{"2001:db8:1:2::/64", func(n int) netip.Addr {
				return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 14: byte(n >> 8), 15: byte(n)})
			}},
			{"2001:db8:2::/48", func(n int) netip.Addr {
				return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 2, byte(n >> 8), byte(n), 15: 9})
			}},
			{"203.0.113.0/24", func(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}) }},
		} {
			for n := range junk {
				audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRejected, Reason: "malformed", Client: c.client(n), Time: now})
			}
			require.NoError(t, audit.Flush(t.Context()))
			rows := queryInt(t, db, "SELECT COUNT(*) FROM lostkey_audit")
			t.Logf("%s: %d hits from %s made %d rows", e.name, junk, c.network, rows-before)
			require.Equal(t, 1, rows-before)
			before = rows

			last, err := audit.List(t.Context(), sqlaudit.Filter{Limit: 1})
			require.NoError(t, err)
			require.Equal(t, netip.MustParsePrefix(c.network), last[0].Network)
			require.Zero(t, last[0].Client)
			require.EqualValues(t, junk, last[0].Hits)
			busiest, err := audit.BusiestClients(t.Context(), now, 1)
			require.NoError(t, err)
			require.Equal(t, []sqlaudit.ClientCount{{Prefix: netip.MustParsePrefix(c.network), Refused: junk}}, busiest)
			now = now.Add(time.Second)
		}

		// What a flood from everywhere is counted in is too wide to be blocked.
		now = now.Add(time.Second)
		for n := range 1000 {
			audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRejected, Client: netip.AddrFrom4([4]byte{11, byte(n >> 8), byte(n)}), Time: now})
			wide := [16]byte{0x20, 1, 1, 0, byte(n >> 8), byte(n)}
			audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeRejected, Client: netip.AddrFrom16(wide), Time: now})
		}
		busiest, err := audit.BusiestClients(t.Context(), now, 1000)
		require.NoError(t, err)
		require.NotEmpty(t, busiest)
		for _, client := range busiest {
			require.Contains(t, []int{32, 64}, client.Prefix.Bits(), "%v", client)
			require.NotEqual(t, client.Prefix.Bits() == 32, client.Prefix.Addr().Is6(), "%v", client)
		}
	})
}

func TestAuditPagesAndPrunes(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		audit := newAudit(t, e, db, func() time.Time { return start })
		for i := range 120 {
			audit.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeMailed, Time: start.Add(time.Duration(i) * time.Second),
				UserID: []string{"1", "2", "dé\r\n\u202euser"}[i%3], TokenID: "t", RequestID: "r",
			})
		}
		first, err := audit.List(t.Context(), sqlaudit.Filter{})
		require.NoError(t, err)
		require.Len(t, first, 50)
		require.Equal(t, start.Add(119*time.Second), first[0].Time)
		next, err := audit.List(t.Context(), sqlaudit.Filter{Before: first[49].ID, Limit: 100})
		require.NoError(t, err)
		require.Len(t, next, 70)
		require.Equal(t, start.Add(69*time.Second), next[0].Time)
		of, err := audit.List(t.Context(), sqlaudit.Filter{UserID: "2"})
		require.NoError(t, err)
		require.Len(t, of, 40)
		odd, err := audit.List(t.Context(), sqlaudit.Filter{UserID: "dé\r\n\u202euser"})
		require.NoError(t, err)
		require.Len(t, odd, 40)
		require.Equal(t, `"d\u00e9\r\n\u202euser"`, odd[0].UserID)

		deleted, err := audit.Prune(t.Context(), start.Add(119*time.Second))
		require.NoError(t, err)
		require.EqualValues(t, 119, deleted)
		left, err := audit.Links(t.Context(), sqlaudit.Filter{})
		require.NoError(t, err)
		require.Len(t, left, 1)
		require.Equal(t, start.Add(119*time.Second), left[0].AskedAt)
		require.Zero(t, left[0].UsedAt)
	})
}

func TestBlockListIsSharedAndEnds(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		c := newClock()
		open := func() *sqlaudit.Blocks {
			blocks, err := sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{Dialect: e.dialect, Now: c.now})
			require.NoError(t, err)
			for _, statement := range blocks.Schema() {
				mustExec(t, db, statement)
			}
			require.NoError(t, blocks.Refresh(t.Context()))
			return blocks
		}
		here, there := open(), open()
		require.False(t, here.Blocked(asker))
		require.False(t, here.Blocked(netip.Addr{}))

		ctx := t.Context()
		require.NoError(t, here.Add(ctx, netip.MustParsePrefix("203.0.113.99/24"), "many requests\nforged", start.Add(time.Hour)))
		require.NoError(t, here.Add(ctx, netip.MustParsePrefix("2001:db8:1:2::/64"), "refused links", time.Time{}))
		require.True(t, here.Blocked(asker))
		require.True(t, here.Blocked(netip.MustParseAddr("::ffff:203.0.113.7")))
		require.True(t, here.Blocked(user6.WithZone("eth0")))
		require.False(t, here.Blocked(netip.MustParseAddr("203.0.114.1")))
		require.False(t, here.Blocked(netip.MustParseAddr("2001:db8:1:3::1")))

		require.False(t, there.Blocked(asker), "another process has not read it yet")
		require.NoError(t, there.Refresh(ctx))
		require.True(t, there.Blocked(asker))

		list, err := there.List(ctx)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, sqlaudit.Block{
			Prefix: netip.MustParsePrefix("203.0.113.0/24"), Reason: `"many requests\nforged"`, Since: start, Until: start.Add(time.Hour),
		}, list[1])

		// The end needs no refresh.
		c.set(start.Add(time.Hour - time.Millisecond))
		require.True(t, here.Blocked(asker))
		c.set(start.Add(time.Hour))
		require.False(t, here.Blocked(asker))

		// Adding again changes the end of the same row.
		require.NoError(t, here.Add(ctx, netip.MustParsePrefix("::ffff:203.0.113.0/120"), "again", c.now().Add(time.Minute)))
		require.True(t, here.Blocked(asker))
		require.Equal(t, 2, queryInt(t, db, "SELECT COUNT(*) FROM lostkey_blocks"))
		c.advance(time.Minute)
		pruned, err := here.Prune(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, pruned)
		require.NoError(t, here.Remove(ctx, netip.MustParsePrefix("2001:db8:1:2::5/64")))
		require.False(t, here.Blocked(user6))
		require.NoError(t, here.Remove(ctx, netip.MustParsePrefix("2001:db8:1:2::5/64")))
	})
}

func TestBlockListRefreshesItself(t *testing.T) {
	e := engines[0]
	db, _ := e.open(t)
	c := newClock()
	blocks, err := sqlaudit.NewBlocks(db, sqlaudit.BlocksConfig{Dialect: e.dialect, Now: c.now})
	require.NoError(t, err)
	for _, statement := range blocks.Schema() {
		mustExec(t, db, statement)
	}
	require.NoError(t, blocks.Refresh(t.Context()))
	mustExec(t, db, "INSERT INTO lostkey_blocks VALUES ('203.0.113.7/32', '', 0, 0), ('nonsense', '', 0, 0)")
	c.advance(30*time.Second - time.Nanosecond)
	require.False(t, blocks.Blocked(asker))
	c.advance(time.Nanosecond)
	require.Eventually(t, func() bool { return blocks.Blocked(asker) }, 10*time.Second, time.Millisecond)
}
