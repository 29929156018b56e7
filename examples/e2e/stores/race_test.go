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

func TestOfManyConfirmationsAtOnceOneSucceeds(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		for _, n := range []int{64, 1000} {
			if n > 64 && testing.Short() {
				continue
			}
			raceOne(t, e, n, "")
		}
	})
}

// Stricter isolation changes only what the losers hear from the database.
func TestOfManyConfirmationsAtOnceOneSucceedsUnderOtherIsolation(t *testing.T) {
	for _, c := range []struct {
		engine     engine
		name, more string
	}{
		{engines[0], "SQLite with immediate transactions", "&_txlock=immediate"},
		{engines[1], "PostgreSQL repeatable read", "&default_transaction_isolation=repeatable%20read"},
		{engines[1], "PostgreSQL serializable", "&default_transaction_isolation=serializable"},
		{engines[2], "MariaDB serializable", "?tx_isolation=%27SERIALIZABLE%27"},
		{engines[2], "MariaDB with snapshot isolation", "?innodb_snapshot_isolation=ON"},
		{engines[2], "MariaDB with found rows", "?clientFoundRows=true"},
	} {
		t.Run(c.name, func(t *testing.T) { raceOne(t, c.engine, 64, c.more) })
	}
}

func raceOne(t *testing.T, e engine, n int, moreDSN string) {
	t.Helper()
	app := newApplication(t, e, options{
		dsn: moreDSN, conns: 24,
		wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store { return newBarrier(s, n, nil) },
	})
	sum := race(t.Context(), app.service, app.link(t), n)
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

func race(ctx context.Context, service *reset.Service, raw string, n int) tally {
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		sum tally
	)
	for range n {
		wg.Go(func() {
			err := confirm(ctx, service, raw)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				sum.Won++
			case errors.Is(err, reset.ErrRejected):
				sum.Stale++
			default:
				sum.Odd = err.Error()
			}
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
		app := newApplication(t, e, options{wrap: func(db *sql.DB, s *sqlstore.Store) reset.Store {
			return newBarrier(unconditional{s, db, e}, n, nil)
		}})
		sum := race(t.Context(), app.service, app.link(t), n)
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

func (u unconditional) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	_, err := u.db.ExecContext(ctx, u.engine.bind("UPDATE users SET password_hash = ? WHERE id = ?"), encoded, seen.ID)
	return err
}

// Look-ups may read a replica that lags behind: what it says is verified again by
// the condition of the write.
func TestStaleReplicaLetsNoReplayThrough(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		replica := &frozen{}
		app := newApplication(t, e, options{wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store {
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
			require.ErrorIs(t, confirm(t.Context(), app.service, raw), reset.ErrRejected)
		}
		require.Equal(t, inForce, app.storedHash(t))
	})
}

// frozen is a replica that stopped at a moment.
type frozen struct {
	reset.Store
	user reset.User
}

func (f *frozen) FindByID(context.Context, string) (reset.User, error) { return f.user, nil }
