package reset_test

import (
	"context"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
)

// spyStore is a store whose methods a test can take over.
type spyStore struct {
	reset.Store
	findByEmail func(ctx context.Context, email string) ([]reset.User, error)
	findByID    func(ctx context.Context, id string) (reset.User, error)
	replace     func(ctx context.Context, seen reset.User, encoded string) error
}

func (s *spyStore) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	if s.findByEmail != nil {
		return s.findByEmail(ctx, email)
	}
	return s.Store.FindByEmail(ctx, email)
}

func (s *spyStore) FindByID(
	ctx context.Context, id string,
) (reset.User, error) {
	if s.findByID != nil {
		return s.findByID(ctx, id)
	}
	return s.Store.FindByID(ctx, id)
}

func (s *spyStore) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if s.replace != nil {
		return s.replace(ctx, seen, encoded)
	}
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

// newSpyFixture puts a spy between the service and the fixture's store.
func newSpyFixture(
	t *testing.T, change func(cfg *reset.Config),
) (*fixture, *spyStore) {
	t.Helper()
	spy := &spyStore{}
	fx := newFixture(t, func(cfg *reset.Config) {
		spy.Store = cfg.Store
		cfg.Store = spy
		if change != nil {
			change(cfg)
		}
	})
	return fx, spy
}
