package sqlaudit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/internal/sqltest"
	"github.com/lostkey-go/lostkey/reset/sqlaudit"
)

var errDown = errors.New("connection refused")

// numbered returns an event that makes a row of its own.
func numbered(n int) reset.Event {
	return reset.Event{
		Outcome: reset.OutcomeRequested, Time: noon.Add(time.Duration(n) * time.Hour),
		RequestID: strconv.Itoa(n),
	}
}

func recordNumbered(trail *sqlaudit.Trail, from, to int) {
	for n := from; n < to; n++ {
		trail.Record(context.Background(), numbered(n))
	}
}

// requireNumbered requires rows of the first n events in their order, each once
// and with its own time.
func requireNumbered(t *testing.T, n int, rows [][]any) {
	t.Helper()
	require.Len(t, rows, n)
	for i, row := range rows {
		require.Equal(t, strconv.Itoa(i), row[colRequestID])
		require.Equal(t, numbered(i).Time.UnixMilli(), row[0])
	}
}

// failing returns a database that refuses statements while fail returns an
// error.
func (w *written) failing(fail func() error) *sqltest.DB {
	db := w.database()
	store := db.Exec
	db.Exec = func(statement string, args []any) (int64, error) {
		if err := fail(); err != nil {
			return 0, err
		}
		return store(statement, args)
	}
	return db
}

// unreachable returns a database that refuses statements while it is dead.
func (w *written) unreachable(dead *atomic.Bool) *sqltest.DB {
	return w.failing(func() error {
		if dead.Load() {
			return errDown
		}
		return nil
	})
}

func silent(cfg *sqlaudit.Config) {
	cfg.Logger = slog.New(slog.DiscardHandler)
}

func logTo(log *bytes.Buffer) func(*sqlaudit.Config) {
	return func(cfg *sqlaudit.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
	}
}

func TestBurstIsOneTransactionInTheOrderOfTheEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &written{}
		db := w.database()
		trail := newTrail(t, db)

		var wg sync.WaitGroup
		barrier := make(chan struct{})
		for worker := range 8 {
			wg.Go(func() {
				<-barrier
				for n := range 50 {
					trail.Record(t.Context(), reset.Event{
						Outcome: reset.OutcomeMailed, Time: noon,
						UserID:    strconv.Itoa(worker),
						RequestID: strconv.Itoa(n),
					})
				}
			})
		}
		close(barrier)
		wg.Wait()

		time.AfterFunc(99*time.Millisecond, func() {
			require.Empty(t, db.Sent(), "it is not time yet")
		})
		<-time.After(100 * time.Millisecond)
		synctest.Wait()
		require.Equal(
			t, "SELECT BEGIN INSERT INSERT INSERT INSERT INSERT COMMIT",
			db.Sent(),
		)
		require.Len(t, w.stored(), 400)
		require.LessOrEqual(t, w.longest, 999, "SQLite's bound before 3.32")
		next := map[any]int{}
		for _, row := range w.stored() {
			worker := row[colUserID]
			require.Equal(t, strconv.Itoa(next[worker]), row[colRequestID])
			next[worker]++
		}
	})
}

func TestFullBatchDoesNotWaitForItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &written{}
		trail := newTrail(t, w.database())
		recordNumbered(trail, 0, 2047)
		synctest.Wait()
		require.Empty(t, w.stored())
		recordNumbered(trail, 2047, 2048)
		synctest.Wait()
		requireNumbered(t, 2048, w.stored())
	})
}

func TestFlushEveryIsHowLongAnEventWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &written{}
		trail := newTrail(t, w.database(), func(cfg *sqlaudit.Config) {
			cfg.FlushEvery = 7 * time.Second
		})
		recordNumbered(trail, 0, 1)
		<-time.After(7*time.Second - 1)
		synctest.Wait()
		require.Empty(t, w.stored())
		<-time.After(1)
		synctest.Wait()
		requireNumbered(t, 1, w.stored())
	})
}

// A hung database costs bounded memory, and no caller any time.
func TestHungDatabaseNeitherBlocksNorGrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w, hung := &written{}, make(chan struct{})
		trail := newTrail(t, w.failing(func() error {
			<-hung
			return nil
		}), logTo(&log))
		release := sync.OnceFunc(func() { close(hung) })
		t.Cleanup(release)

		const recorded, room = 50_000, 4096
		recordNumbered(trail, 0, 1)
		<-time.After(time.Second)
		synctest.Wait() // it hangs.
		before := time.Now()
		recordNumbered(trail, 1, recorded)
		require.Zero(t, time.Since(before))
		require.Equal(
			t, sqlaudit.Stats{Waiting: room, Lost: recorded - room},
			trail.Stats(),
		)

		release()
		require.NoError(t, trail.Flush(t.Context()))
		require.EqualValues(t, recorded, w.hits(), "each is a row or told of")
		rows := w.stored()
		last := rows[len(rows)-1]
		require.Equal(t, "events-lost", last[1])
		require.Equal(t, int64(recorded-room), last[colHits])
		requireNumbered(t, room, rows[:room])
		require.Equal(t, sqlaudit.Stats{Lost: recorded - room}, trail.Stats())
	})
}

// What is counted takes no room, so it is counted on.
func TestCountsAreKeptWhileTheyFindNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, start := &written{}, time.Now()
		trail := newTrail(t, w.failing(func() error {
			if time.Since(start) < 25*time.Second {
				return errDown
			}
			return nil
		}), func(cfg *sqlaudit.Config) {
			cfg.Now, cfg.Buffer = time.Now, 512
			cfg.Logger = slog.New(slog.DiscardHandler)
		})

		recordNumbered(trail, 0, 512)
		for range 2 {
			trail.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled})
			<-time.After(11 * time.Second)
		}
		require.Equal(t, sqlaudit.Stats{Waiting: 513}, trail.Stats())
		<-time.After(11 * time.Second)
		require.NoError(t, trail.Flush(t.Context()))
		require.EqualValues(t, 514, w.hits())
		require.Zero(t, trail.Stats())
	})
}

func TestOutageOfHalfAMinuteLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w, start := &written{}, time.Now()
		trail := newTrail(t, w.failing(func() error {
			if time.Since(start) < 30*time.Second {
				return errDown
			}
			return nil
		}), logTo(&log))

		for n := range 60 {
			recordNumbered(trail, 10*n, 10*n+10)
			<-time.After(time.Second)
		}
		synctest.Wait()
		requireNumbered(t, 600, w.stored())
		require.Zero(t, trail.Stats())
		require.Equal(t, 5, strings.Count(log.String(), "connection refused"))
	})
}

// Whoever reloads the audit page meanwhile asks for an attempt each time.
func TestFlushesDuringAnOutageUseNoAttemptsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, start := &written{}, time.Now()
		trail := newTrail(t, w.failing(func() error {
			if time.Since(start) < 20*time.Second {
				return errDown
			}
			return nil
		}), silent)

		recordNumbered(trail, 0, 10)
		for range 20 {
			require.Error(t, trail.Flush(t.Context()))
			<-time.After(time.Second)
		}
		require.NoError(t, trail.Flush(t.Context()))
		requireNumbered(t, 10, w.stored())
		require.Zero(t, trail.Stats())
	})
}

func TestRowsOfADeadDatabaseAreGivenUpAndToldOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var dead atomic.Bool
		dead.Store(true)
		w := &written{}
		trail := newTrail(t, w.unreachable(&dead), logTo(&log))

		recordNumbered(trail, 0, 10)
		<-time.After(31 * time.Second)
		synctest.Wait()
		require.Equal(t, sqlaudit.Stats{Waiting: 10}, trail.Stats())
		<-time.After(time.Second)
		synctest.Wait()
		require.Equal(t, sqlaudit.Stats{Lost: 10}, trail.Stats())
		require.Equal(t, 6, strings.Count(log.String(), "connection refused"))

		dead.Store(false)
		recordNumbered(trail, 0, 1)
		require.NoError(t, trail.Flush(t.Context()))
		require.Len(t, w.stored(), 2)
		require.Equal(t, "events-lost", w.stored()[1][1])
		require.Equal(t, int64(10), w.stored()[1][colHits])
		require.Equal(t, sqlaudit.Stats{Lost: 10}, trail.Stats())
	})
}

// Losing the row that tells of lost events loses no count.
func TestLostEventsAreCountedOnceHoweverOftenTheirRowIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dead atomic.Bool
		dead.Store(true)
		w := &written{}
		trail := newTrail(t, w.unreachable(&dead), silent)
		for n := range 3 {
			recordNumbered(trail, 0, 10)
			<-time.After(time.Minute)
			synctest.Wait()
			require.EqualValues(t, 10*(n+1), trail.Stats().Lost)
		}

		dead.Store(false)
		recordNumbered(trail, 0, 1)
		require.NoError(t, trail.Flush(t.Context()))
		require.Equal(t, int64(30), w.stored()[1][colHits])
		require.Equal(t, sqlaudit.Stats{Lost: 30}, trail.Stats())
	})
}

func TestRowThatNoDatabaseHoldsTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &written{}
		db := w.database()
		store := db.Exec
		db.Exec = func(statement string, args []any) (int64, error) {
			for _, arg := range args {
				if arg == "✓" {
					return 0, errors.New("no equivalent in encoding LATIN1")
				}
			}
			return store(statement, args)
		}
		trail := newTrail(t, db, silent)

		recordNumbered(trail, 0, 50)
		bad := numbered(0)
		bad.UserID = "✓"
		trail.Record(t.Context(), bad)
		recordNumbered(trail, 50, 100)
		<-time.After(time.Minute)
		synctest.Wait()
		requireNumbered(t, 100, w.stored())
		require.Equal(t, sqlaudit.Stats{Lost: 1}, trail.Stats())
	})
}

// Writing rows again whose commit was not answered could write them twice.
func TestUnansweredCommitIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &written{}
		db := w.database()
		db.Commit = func() error { return errors.New("connection reset") }
		trail := newTrail(t, db, silent)
		recordNumbered(trail, 0, 10)
		<-time.After(time.Minute)
		synctest.Wait()
		requireNumbered(t, 10, w.stored())
		require.Equal(t, sqlaudit.Stats{Lost: 10}, trail.Stats())
	})
}

func TestFlushReturnsWhenItsContextEndsAndTheWritingGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, hung := &written{}, make(chan struct{})
		trail := newTrail(t, w.failing(func() error {
			<-hung
			return nil
		}))
		recordNumbered(trail, 0, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, trail.Flush(ctx), context.DeadlineExceeded)

		close(hung)
		synctest.Wait()
		requireNumbered(t, 10, w.stored())
	})
}

func TestReadersSeeWhatWasRecordedBefore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, read := range map[string]func(*sqlaudit.Trail) error{
		"List": func(trail *sqlaudit.Trail) error {
			_, err := trail.List(ctx, sqlaudit.Filter{})
			return err
		},
		"Links": func(trail *sqlaudit.Trail) error {
			_, err := trail.Links(ctx, sqlaudit.Filter{})
			return err
		},
		"Daily": func(trail *sqlaudit.Trail) error {
			_, err := trail.Daily(ctx, noon)
			return err
		},
		"BusiestClients": func(trail *sqlaudit.Trail) error {
			_, err := trail.BusiestClients(ctx, noon, 1)
			return err
		},
	} {
		w := &written{}
		db := w.database()
		trail := newTrail(t, db)
		recordNumbered(trail, 0, 3)
		require.NoError(t, read(trail))
		require.True(t, strings.HasPrefix(
			db.Sent(), "SELECT BEGIN INSERT COMMIT SELECT",
		), name)
	}
}

func ExampleTrail_Shutdown() {
	trail, err := sqlaudit.New(openDatabase(), sqlaudit.Config{
		Dialect: 1, Now: atNoon,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	// In this order: the web server, the service, the trail, the database.
	if err := trail.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(trail.Stats().Lost)
	// Output: 0
}
