package resettest_test

import (
	"context"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

// A store of one's own is checked by one call from a test. Each check gets a
// fresh, empty store.
func ExampleTestStore() {
	_ = func(t *testing.T) { // func TestStore(t *testing.T)
		resettest.TestStore(t, func(*testing.T) resettest.Fixture {
			store := memstore.New()
			return resettest.Fixture{
				Store: store,
				Create: func(
					_ context.Context, user reset.User,
				) (string, error) {
					return user.ID, store.Add(user)
				},
				Disable: func(_ context.Context, id string) error {
					return store.Update(
						id, func(user *reset.User) { user.Disabled = true },
					)
				},
			}
		})
	}
	// Output:
}
