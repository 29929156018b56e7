package sqlstore_test

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newTrail(t *testing.T, f *fakeDB) *sqlstore.Audit {
	t.Helper()
	audit, err := sqlstore.NewAudit(f.open(t), sqlstore.AuditConfig{Dialect: sqlstore.SQLite, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	return audit
}

func TestNewAuditAndNewBlocksRefuseWhatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	db := (&fakeDB{}).open(t)
	_, err := sqlstore.NewAudit(nil, sqlstore.AuditConfig{Dialect: sqlstore.SQLite})
	require.ErrorContains(t, err, "database is nil")
	_, err = sqlstore.NewAudit(db, sqlstore.AuditConfig{})
	require.ErrorContains(t, err, "Dialect")
	_, err = sqlstore.NewAudit(db, sqlstore.AuditConfig{Dialect: sqlstore.SQLite, Table: "app." + strings.Repeat("a", 41)})
	require.ErrorContains(t, err, "40 characters")
	_, err = sqlstore.NewAudit(db, sqlstore.AuditConfig{Dialect: sqlstore.SQLite, Table: "app." + strings.Repeat("a", 40)})
	require.NoError(t, err)
	_, err = sqlstore.NewBlocks(nil, sqlstore.BlocksConfig{Dialect: sqlstore.SQLite})
	require.ErrorContains(t, err, "database is nil")
	_, err = sqlstore.NewBlocks(db, sqlstore.BlocksConfig{})
	require.ErrorContains(t, err, "Dialect")
	_, err = sqlstore.NewBlocks(db, sqlstore.BlocksConfig{Dialect: sqlstore.SQLite, RefreshEvery: time.Second - 1})
	require.ErrorContains(t, err, "RefreshEvery")
}

func TestAuditStoresNoErrorText(t *testing.T) {
	t.Parallel()
	var got []any
	f := &fakeDB{exec: func(_ string, args []any) (int64, error) {
		got = args
		return 1, nil
	}}
	newTrail(t, f).Record(t.Context(), reset.Event{
		Outcome: reset.OutcomeMailFailed, Time: noon, Client: netip.MustParseAddr("2001:db8::1").WithZone("eth0"), UserID: "7",
		RequestID: "r", TokenID: "t", Purpose: "reset", Reason: "gave-up", Err: errors.New("550 no such user ann@example.org"),
	})
	require.Equal(t, []any{
		noon.UnixMilli(), "mail-failed", "reset", "gave-up", "2001:db8::1", "2001:db8::/64", "7", "r", "t", int64(1),
	}, got)
}

func TestEventThatCannotBeStoredIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := &fakeDB{exec: func(string, []any) (int64, error) { return 0, errors.New("disk is full") }}
	audit, err := sqlstore.NewAudit(f.open(t), sqlstore.AuditConfig{Dialect: sqlstore.SQLite, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeConfirmed, UserID: "7"})
	require.Contains(t, log.String(), "disk is full")
}

func TestAuditCountsExactlyUnderConcurrency(t *testing.T) {
	t.Parallel()
	var (
		mu   sync.Mutex
		hits int64
	)
	f := &fakeDB{exec: func(_ string, args []any) (int64, error) {
		mu.Lock()
		defer mu.Unlock()
		for i := 9; i < len(args); i += 10 {
			hits += args[i].(int64)
		}
		return 1, nil
	}}
	audit := newTrail(t, f)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 500 {
				audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled, Reason: reset.Reason(strconv.Itoa(i % 3))})
			}
			_ = audit.Flush(t.Context())
		})
	}
	wg.Wait()
	require.NoError(t, audit.Flush(t.Context()))
	require.EqualValues(t, 4000, hits)
}

func TestAuditCountsTheEventsThatWereLost(t *testing.T) {
	t.Parallel()
	var got []any
	f := &fakeDB{exec: func(_ string, args []any) (int64, error) {
		got = args
		return 1, nil
	}}
	audit := newTrail(t, f)
	for range 2 {
		audit.Record(t.Context(), reset.Event{Outcome: reset.OutcomeEventsLost, Time: noon, Count: 475})
	}
	require.NoError(t, audit.Flush(t.Context()))
	require.Equal(t, []any{
		noon.UnixMilli(), "events-lost", "", "", "", "", "", "", "", int64(950),
	}, got)
}

// Whatever an id holds, a stored text is one line of printable characters.
func FuzzStoredTextsAreOnePrintableLine(f *testing.F) {
	for _, text := range []string{"7", "a\r\nforged: yes", "\x1b[31m", "\u202eevil", "\u2028", "\xff\xfe", "dé", `"quoted"`, strings.Repeat("é", 200), "\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got []any
		db := &fakeDB{exec: func(_ string, args []any) (int64, error) {
			got = args
			return 1, nil
		}}
		newTrail(t, db).Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeMailed, UserID: text, TokenID: text, RequestID: text, Reason: reset.Reason(text),
		})
		if text == "" {
			return
		}
		for column, limit := range map[int]int{3: 64, 6: 255, 7: 64, 8: 64} {
			stored := got[column].(string)
			require.LessOrEqual(t, len(stored), limit)
			require.True(t, utf8.ValidString(stored))
			require.NotContains(t, stored, "\ufffd")
			for _, r := range stored {
				require.True(t, strconv.IsPrint(r), "%q", stored)
			}
		}
	})
}

func TestBlockListNeverWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang, asked := make(chan struct{}), 0
		f := &fakeDB{query: func(string, []any) ([][]driver.Value, error) {
			asked++
			<-hang
			return [][]driver.Value{{"203.0.113.7/32", "", int64(0), int64(0)}}, nil
		}}
		blocks, err := sqlstore.NewBlocks(f.open(t), sqlstore.BlocksConfig{Dialect: sqlstore.SQLite})
		require.NoError(t, err)
		for range 10 {
			for range 100 {
				require.False(t, blocks.Blocked(netip.MustParseAddr("203.0.113.7")))
			}
			synctest.Wait()
			<-time.After(30 * time.Second)
		}
		close(hang)
		synctest.Wait()
		require.Equal(t, 1, asked, "one refresh at a time")
		require.True(t, blocks.Blocked(netip.MustParseAddr("203.0.113.7")))
		synctest.Wait()
		require.Equal(t, 2, asked, "and another one when it is due")
	})
}

func TestBlockListKeepsItsLastCopy(t *testing.T) {
	t.Parallel()
	var fail error
	f := &fakeDB{query: func(string, []any) ([][]driver.Value, error) {
		return [][]driver.Value{{"203.0.113.0/24", "", int64(0), int64(0)}}, fail
	}}
	blocks, err := sqlstore.NewBlocks(f.open(t), sqlstore.BlocksConfig{Dialect: sqlstore.SQLite, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	require.NoError(t, blocks.Refresh(t.Context()))
	fail = errors.New("the database is away")
	require.ErrorIs(t, blocks.Refresh(t.Context()), fail)
	require.True(t, blocks.Blocked(netip.MustParseAddr("203.0.113.7")))
}

func TestBlockListRefusesPrefixesThatCoverRegions(t *testing.T) {
	t.Parallel()
	f := &fakeDB{}
	blocks, err := sqlstore.NewBlocks(f.open(t), sqlstore.BlocksConfig{Dialect: sqlstore.SQLite, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for _, prefix := range []netip.Prefix{
		{},
		netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("10.0.0.0/7"),
		netip.MustParsePrefix("::/0"), netip.MustParsePrefix("2000::/15"), netip.MustParsePrefix("::ffff:0.0.0.0/96"),
	} {
		require.Error(t, blocks.Add(t.Context(), prefix, "", time.Time{}), "%v", prefix)
		require.Error(t, blocks.Remove(t.Context(), prefix), "%v", prefix)
	}
	require.Empty(t, f.sent())
	for _, prefix := range []string{"10.0.0.0/8", "2001::/16", "::ffff:10.0.0.0/104", "203.0.113.7/32"} {
		require.NoError(t, blocks.Add(t.Context(), netip.MustParsePrefix(prefix), "", time.Time{}))
	}
}

func TestSchemaHasAStatementForEachDialect(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[sqlstore.Dialect]string{
		sqlstore.SQLite: "AUTOINCREMENT", sqlstore.PostgreSQL: "GENERATED ALWAYS AS IDENTITY", sqlstore.MySQL: "AUTO_INCREMENT",
	} {
		audit, err := sqlstore.NewAudit((&fakeDB{}).open(t), sqlstore.AuditConfig{Dialect: dialect, Table: "app.trail"})
		require.NoError(t, err)
		require.Contains(t, audit.Schema()[0], want)
		require.Contains(t, audit.Schema()[0], "CREATE TABLE IF NOT EXISTS ")
	}
}
