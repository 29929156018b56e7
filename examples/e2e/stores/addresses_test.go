package stores_test

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

const (
	annAtHome = "Ann@Home.example"
	annAtWork = "ann@work.example"
)

// mailed asks for a link by one of Ann's addresses and returns its token.
func (a *application) mailed(t *testing.T, typed string) string {
	t.Helper()
	before := len(a.mailbox.Messages())
	require.NoError(t, a.service.Request(t.Context(), reset.RequestInput{
		Email: typed,
	}))
	mails, err := a.mailbox.Wait(t.Context(), before+1)
	require.NoError(t, err)
	require.True(t, strings.EqualFold(typed, mails[before].To))
	return mailtest.Token(mails[before])
}

func TestALinkToARemovedAddressIsDead(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		app := newApplication(t, e, options{})
		set := func(addrs ...string) {
			require.NoError(t, changeFurther(e, app.db)(
				t.Context(), app.ann.ID, addrs,
			))
		}
		set(annAtHome, annAtWork)
		toHome := app.mailed(t, "ann@home.example")
		toWork := app.mailed(t, annAtWork)

		set(annAtWork)
		require.ErrorIs(t, confirm(t.Context(), app.service, toHome),
			reset.ErrRejected)
		app.requireUntouched(t)
		require.NoError(t, confirm(t.Context(), app.service, toWork))
		app.requireChanged(t)
	})
}

// The address is removed while the confirmation, which has verified its link,
// is about to write.
func TestAnAddressRemovedAtTheLastMomentRefusesTheWrite(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		remove := make(chan struct{})
		var held *barrier
		app := newApplication(t, e, options{
			wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store {
				held = newBarrier(s, 1, remove)
				return held
			},
		})
		change := changeFurther(e, app.db)
		require.NoError(t, change(t.Context(), app.ann.ID, []string{annAtHome}))
		raw := app.mailed(t, annAtHome)

		done := make(chan error, 1)
		go func() {
			err := confirm(t.Context(), app.service, raw)
			held.returned(err)
			done <- err
		}()
		require.NoError(t, held.wait())
		require.NoError(t, change(t.Context(), app.ann.ID, nil))
		close(remove)
		require.ErrorIs(t, <-done, reset.ErrRejected)
		app.requireUntouched(t)
	})
}

// Confirmations and changes of the addresses wait for the same rows, in
// different orders.
func TestConfirmationsAndChangesOfAddressesDoNotEndInAnError(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		app := newApplication(t, e, options{})
		change := changeFurther(e, app.db)
		require.NoError(t, change(t.Context(), app.ann.ID, []string{annAtHome}))
		raw := app.link(t)

		var removals sync.WaitGroup
		for range 4 {
			removals.Go(func() {
				// A conflict is the application's to retry.
				_ = change(t.Context(), app.ann.ID, []string{annAtWork})
			})
		}
		sum := race(t.Context(), app.service, raw, 64, nil)
		removals.Wait()
		require.Empty(t, sum.Odd)
		require.LessOrEqual(t, sum.Won, 1)
	})
}

// A stranger may have confirmed other spellings as further addresses.
func TestTheExactSpellingOfAFurtherAddressComesFirst(t *testing.T) {
	const victim, n = "victim.of.many@example.org", 120
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		change := changeFurther(e, db)
		for i := n; i >= 0; i-- {
			id, err := insertUser(t.Context(), e, db, reset.User{
				Email: fmt.Sprintf("user%d@example.org", i), Stamp: "0",
			})
			require.NoError(t, err)
			require.NoError(t, change(t.Context(), id,
				[]string{spelling(victim, i)}))
		}

		store, err := sqlstore.New(db, sqlstore.Config{
			Dialect: e.dialect, Table: users,
		})
		require.NoError(t, err)
		found, err := store.FindByEmail(t.Context(), victim)
		require.NoError(t, err)
		require.Len(t, found, 100)
		require.Equal(t, "user0@example.org", found[0].Email)
		for i, other := range found[1:] {
			require.Equal(t, strconv.Itoa(i+1), other.ID)
		}
	})
}

// A misspelled column must not pass for one of the users' table, where it would
// be a condition that always holds.
func TestColumnOfAddressesThatIsNotThereIsAnError(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		for _, misspell := range []func(r *sqlstore.RecoveryTable){
			func(r *sqlstore.RecoveryTable) { r.UserID = "session_version" },
			func(r *sqlstore.RecoveryTable) { r.Email = "locale" },
			func(r *sqlstore.RecoveryTable) { r.ConfirmedAt = "locale" },
		} {
			table := users
			misspell(&table.Recovery)
			store, err := sqlstore.New(db,
				sqlstore.Config{Dialect: e.dialect, Table: table})
			require.NoError(t, err)

			_, err = store.FindByID(t.Context(), "1")
			require.Error(t, err)
			require.NotErrorIs(t, err, reset.ErrUserNotFound)
			_, err = store.FindByEmail(t.Context(), annAtHome)
			require.Error(t, err)
		}
	})
}

// Each request for a link runs this look-up too.
func TestLookUpByFurtherAddressReadsNoWholeTable(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		db, _ := e.open(t)
		createUsers(t, e, db, e.text)
		var rows, further []string
		for i := range 3000 {
			rows = append(rows, fmt.Sprintf("('user%d@example.org')", i))
			further = append(further, fmt.Sprintf(
				"(%d, 'user%d@home.example', '2026-11-21')", i+1, i))
		}
		mustExec(t, db, "INSERT INTO users (email) VALUES "+
			strings.Join(rows, ", "))
		mustExec(t, db, "INSERT INTO addresses (user_id, email, confirmed_at)"+
			" VALUES "+strings.Join(further, ", "))
		for _, table := range []string{"users", "addresses"} {
			analyze(t, db, e, table)
		}

		queries, err := users.Queries(e.dialect)
		require.NoError(t, err)
		text := plan(t, e, db, queries.ByRecovery)
		require.Contains(t, text, "addresses_email")
		require.Contains(t, text, "addresses_user")
		require.NotRegexp(t, `Seq Scan|SCAN (users|addresses)|(users|addresses) ALL`, text)
	})
}
