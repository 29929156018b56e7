package stores_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// A busy site: many accounts confirm at once, each of them several times, and
// nothing holds them. Under stricter isolation the databases also refuse
// transactions that have nothing to do with each other, and look-ups.
func TestACrowdOfAccountsSeesNoInternalError(t *testing.T) {
	accounts, each := 200, 5
	if testing.Short() {
		accounts = 20
	}
	for _, c := range connections {
		t.Run(c.name, func(t *testing.T) {
			app := newApplication(t, c.engine, options{dsn: c.more, conns: 24})
			// Now each end of sessions reads those of everybody, which is a
			// conflict with every other.
			switch c.engine.dialect {
			case sqlstore.PostgreSQL:
				mustExec(t, app.db, "DROP INDEX sessions_user")
			case sqlstore.MySQL:
				mustExec(t, app.db, "DROP INDEX sessions_user ON sessions")
			}
			var links []string
			for i := range accounts {
				user := app.addUser(t, fmt.Sprintf("user%d@example.org", i))
				link, err := app.service.Link(
					t.Context(), user.ID, reset.LinkOptions{},
				)
				require.NoError(t, err)
				_, raw, _ := strings.Cut(link.Reveal(), "#token=")
				links = append(links, raw)
			}

			var wg sync.WaitGroup
			var mu sync.Mutex
			var sum tally
			for _, raw := range slices.Repeat(links, each) {
				wg.Go(func() {
					err := confirm(t.Context(), app.service, raw)
					mu.Lock()
					defer mu.Unlock()
					sum.add(err)
				})
			}
			wg.Wait()
			require.Equal(t, tally{
				Won: accounts, Stale: accounts * (each - 1),
			}, sum)
		})
	}
}
