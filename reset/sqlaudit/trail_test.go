package sqlaudit_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

func TestNewRefusesWhatIsMissingOrWeak(t *testing.T) {
	t.Parallel()
	db := (&sqltest.DB{}).Open(t)
	_, err := sqlaudit.New(nil, sqlaudit.Config{Dialect: sqlstore.SQLite})
	require.ErrorContains(t, err, "database is nil")
	for _, unknown := range []sqlstore.Dialect{-1, 0, 4} {
		_, err = sqlaudit.New(db, sqlaudit.Config{Dialect: unknown})
		require.ErrorContains(t, err, "sqlaudit: Config.Dialect")
	}

	newWith := func(table string) error {
		_, err := sqlaudit.New(db, sqlaudit.Config{
			Dialect: sqlstore.SQLite, Table: table,
		})
		return err
	}
	require.NoError(t, newWith("app."+strings.Repeat("a", 40)))
	require.ErrorContains(
		t, newWith("app."+strings.Repeat("a", 41)), "40 characters",
	)
	for want, cfg := range map[string]sqlaudit.Config{
		"Config.FlushEvery is -1ns, want 1ms to 10s":          {FlushEvery: -1},
		"Config.FlushEvery is 10.000000001s, want":            {FlushEvery: 1e10 + 1},
		"Config.Buffer is -1, want 512 to 65536":              {Buffer: -1},
		"sqlaudit: Config.Buffer is 511, want 512 to 65536":   {Buffer: 511},
		"sqlaudit: Config.Buffer is 65537, want 512 to 65536": {Buffer: 65537},
	} {
		cfg.Dialect = sqlstore.SQLite
		_, err := sqlaudit.New(db, cfg)
		require.ErrorContains(t, err, want)
	}
	for _, name := range sqltest.HostileNames {
		require.ErrorContains(t, newWith(name), "Config.Table", "%q", name)
	}
}

func TestTrailStoresNoErrorText(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	trail.Record(t.Context(), reset.Event{
		Outcome: reset.OutcomeMailFailed, Time: noon, SiteName: "shop",
		Client: netip.MustParseAddr("2001:db8::1").WithZone("eth0"),
		UserID: "7", RequestID: "r", TokenID: "t", Purpose: "reset",
		Reason: "gave-up", Err: errors.New("550 no such user ann@example.org"),
	})
	require.NoError(t, trail.Flush(t.Context()))
	require.Equal(t, [][]any{{
		noon.UnixMilli(), "mail-failed", "reset", "gave-up",
		"2001:db8::1", "2001:db8::/64", "7", "r", "t", int64(1), "shop",
	}}, w.rows)
}

//lostkey:covers ASVS-16.3.4
func TestEventThatCannotBeStoredIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := &sqltest.DB{Exec: func(string, []any) (int64, error) {
		return 0, errors.New("disk is full")
	}}
	trail := newTrail(t, f, func(cfg *sqlaudit.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	trail.Record(
		t.Context(), reset.Event{Outcome: reset.OutcomeConfirmed, UserID: "7"},
	)
	require.ErrorContains(t, trail.Flush(t.Context()), "disk is full")
	require.Contains(t, log.String(), "disk is full")
}

func TestTrailCountsExactlyUnderConcurrency(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 500 {
				trail.Record(t.Context(), reset.Event{
					Outcome: reset.OutcomeThrottled,
					Reason:  reset.Reason(strconv.Itoa(i % 3)),
				})
			}
			_ = trail.Flush(t.Context())
		})
	}
	wg.Wait()

	require.NoError(t, trail.Flush(t.Context()))
	require.EqualValues(t, 4000, w.hits())
}

func TestTrailCountsTheEventsThatWereLost(t *testing.T) {
	t.Parallel()
	w := &written{}
	trail := newTrail(t, w.database())
	for range 2 {
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeEventsLost, Time: noon, Count: 475,
		})
	}

	require.NoError(t, trail.Flush(t.Context()))
	require.Equal(t, [][]any{{
		noon.UnixMilli(), "events-lost", "", "", "", "", "", "", "", int64(950), "",
	}}, w.rows)
}

// Whatever an id holds, a stored text is one line of printable characters.
//
//lostkey:covers ASVS-16.4.1 CWE-117
func FuzzStoredTextsAreOnePrintableLine(f *testing.F) {
	for _, text := range []string{
		"7", "a\r\nforged: yes", "\x1b[31m", "\u202eevil", "\u2028",
		"\xff\xfe", "dé", `"quoted"`, strings.Repeat("é", 200), "\ufffd",
	} {
		f.Add(text)
	}

	f.Fuzz(func(t *testing.T, text string) {
		w := &written{}
		trail := newTrail(t, w.database())
		trail.Record(t.Context(), reset.Event{
			Outcome: reset.OutcomeMailed, SiteName: text,
			UserID: text, TokenID: text, RequestID: text, Reason: reset.Reason(text),
		})
		require.NoError(t, trail.Flush(t.Context()))
		if text == "" {
			return
		}

		limits := map[int]int{3: 64, colUserID: 255, 7: 64, 8: 64, 10: 64}
		for column, limit := range limits {
			stored := w.rows[0][column].(string)
			require.LessOrEqual(t, len(stored), limit)
			require.True(t, utf8.ValidString(stored))
			require.NotContains(t, stored, "\ufffd")
			for _, r := range stored {
				require.True(t, strconv.IsPrint(r), "%q", stored)
			}
		}
	})
}

func TestSchemaHasAStatementForEachDialect(t *testing.T) {
	t.Parallel()
	for dialect, want := range map[sqlstore.Dialect]string{
		sqlstore.SQLite:     "AUTOINCREMENT",
		sqlstore.PostgreSQL: "GENERATED ALWAYS AS IDENTITY",
		sqlstore.MySQL:      "AUTO_INCREMENT",
	} {
		trail := newTrail(t, &sqltest.DB{}, func(cfg *sqlaudit.Config) {
			cfg.Dialect, cfg.Table = dialect, "app.trail"
		})
		require.Contains(t, trail.Schema()[0], want)
		require.Contains(t, trail.Schema()[0], "CREATE TABLE IF NOT EXISTS ")
	}
}

// A prepared statement takes a connection, which its transaction must leave.
func TestBurstsAreWrittenOverTheOnlyConnection(t *testing.T) {
	t.Parallel()
	w := &written{}
	db := w.database().Open(t)
	db.SetMaxOpenConns(1)
	trail, err := sqlaudit.New(db, sqlaudit.Config{Dialect: sqlstore.SQLite})
	require.NoError(t, err)

	for range 2 {
		for n := range 200 {
			trail.Record(t.Context(), reset.Event{
				Outcome: reset.OutcomeMailed, RequestID: strconv.Itoa(n),
			})
		}
		require.NoError(t, trail.Flush(t.Context()))
	}
	require.Len(t, w.stored(), 400)
	require.NoError(t, trail.Shutdown(t.Context()))
}
