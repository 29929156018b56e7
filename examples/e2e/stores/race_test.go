package stores_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

//lostkey:covers ASVS-2.3.4 ASVS-6.5.1 ASVS-15.4.2 CWE-362 CWE-367
func TestOfManyConfirmationsAtOnceOneSucceeds(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 64
	}
	for _, c := range connections {
		t.Run(c.name, func(t *testing.T) { raceOne(t, c.engine, n, c.more) })
	}
	t.Run("SQLite without a busy timeout", func(t *testing.T) {
		raceOne(t, engines[0], n, "&_pragma=busy_timeout(0)")
	})
}

func raceOne(t *testing.T, e engine, n int, moreDSN string) {
	t.Helper()
	var held *barrier
	app := newApplication(t, e, options{
		dsn: moreDSN, conns: 24,
		wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store {
			held = newBarrier(s, n, nil)
			return held
		},
	})
	sum := race(t.Context(), app.service, app.link(t), n, held)
	require.NoError(t, app.service.Shutdown(t.Context()))
	sum.Notices = notices(app.mailbox)
	require.Equal(t, tally{Won: 1, Stale: n - 1, Notices: 1}, sum)
	app.requireChanged(t)
	t.Logf("%s: %d at once: %+v", e.name, n, sum)
}

// tally counts the answers of many confirmations of one link.
type tally struct {
	Won, Stale, Notices int
	Odd                 string // an answer that should not be, if there was one
}

func (s *tally) add(err error) {
	switch {
	case err == nil:
		s.Won++
	case errors.Is(err, reset.ErrRejected):
		s.Stale++
	default:
		s.Odd = err.Error()
	}
}

// race confirms one link n times at once. held, if not nil, is the barrier that
// holds the writes.
func race(
	ctx context.Context,
	service *reset.Service,
	raw string,
	n int,
	held *barrier,
) tally {
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		sum tally
	)
	for range n {
		wg.Go(func() {
			err := confirm(ctx, service, raw)
			held.returned(err)
			mu.Lock()
			defer mu.Unlock()
			sum.add(err)
		})
	}

	wg.Wait()
	return sum
}

func notices(mailbox *mailtest.Recorder) int {
	n := 0
	for _, msg := range mailbox.Messages() {
		if msg.Kind == mail.KindPasswordChanged && msg.To == annAddress {
			n++
		}
	}
	return n
}

// The race must be one that a store without the condition loses, otherwise the
// tests above would pass for any store.
func TestTheRaceCatchesAStoreThatReadsAndThenWrites(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		const n = 64
		var held *barrier
		app := newApplication(t, e,
			options{wrap: func(db *sql.DB, s *sqlstore.Store) reset.Store {
				held = newBarrier(unconditional{s, db, e}, n, nil)
				return held
			}})
		sum := race(t.Context(), app.service, app.link(t), n, held)
		require.Greater(t, sum.Won, 1)
		t.Logf("%s: %d of %d succeed without the condition", e.name, sum.Won, n)
	})
}

// unconditional is a store whose update names the id alone.
type unconditional struct {
	reset.Store
	db     *sql.DB
	engine engine
}

func (u unconditional) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	_, err := u.db.ExecContext(ctx,
		u.engine.bind("UPDATE users SET password_hash = ? WHERE id = ?"),
		encoded, seen.ID)
	return err
}

// Look-ups may read a replica that lags behind: what it says is verified again
// by the condition of the write.
func TestStaleReplicaLetsNoReplayThrough(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		replica := &frozen{}
		app := newApplication(t, e,
			options{wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store {
				replica.Store = s
				return replica
			}})
		replica.user = app.ann
		raw := app.link(t)
		require.NoError(t, confirm(t.Context(), app.service, raw))
		app.requireChanged(t)
		inForce := app.storedHash(t)
		for range 200 {
			_, err := app.service.Check(t.Context(), reset.CheckInput{Token: raw})
			require.NoError(t, err, "the replica must still show the old hash")
			require.ErrorIs(t, confirm(t.Context(), app.service, raw),
				reset.ErrRejected)
		}

		require.Equal(t, inForce, app.storedHash(t))
	})
}

// frozen is a replica that stopped at a moment.
type frozen struct {
	reset.Store
	user reset.User
}

func (f *frozen) FindByID(context.Context, string) (reset.User, error) {
	return f.user, nil
}
