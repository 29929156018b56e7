package resethttp_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/lostkey-go/lostkey/reset"
)

var errDown = errors.New("the database does not answer")

// store counts and can fail.
type store struct {
	reset.Store

	calls atomic.Int32
	fault atomic.Pointer[error]
	write atomic.Pointer[error] // of writes alone
}

func (s *store) called() error {
	s.calls.Add(1)
	if err := s.fault.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *store) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	if err := s.called(); err != nil {
		return nil, err
	}
	return s.Store.FindByEmail(ctx, email)
}

func (s *store) FindByID(ctx context.Context, id string) (reset.User, error) {
	if err := s.called(); err != nil {
		return reset.User{}, err
	}
	return s.Store.FindByID(ctx, id)
}

func (s *store) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	if err := s.called(); err != nil {
		return err
	}
	if err := s.write.Load(); err != nil {
		return *err
	}
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

// fail makes the store answer everything with err, until it is nil.
func (f *fixture) fail(err error) {
	if err == nil {
		f.store.fault.Store(nil)
		return
	}
	f.store.fault.Store(&err)
}

// failWrites makes the store fail to write, or work again.
func (f *fixture) failWrites(err error) {
	if err == nil {
		f.store.write.Store(nil)
		return
	}
	f.store.write.Store(&err)
}
