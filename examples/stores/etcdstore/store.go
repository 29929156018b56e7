// Package etcdstore keeps accounts in etcd. A document database serves as well
// if a write can depend on what was read, and really does.
package etcdstore

import (
	"context"
	"errors"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/lostkey-go/lostkey/reset"
)

// A Store is a [reset.Store] that ends sessions in ReplaceHash.
type Store struct{ KV clientv3.KV }

// FindByEmail implements [reset.Store].
func (s *Store) FindByEmail(ctx context.Context, email string) ([]reset.User, error) {
	index, err := s.KV.Get(ctx, EmailKey(email, ""), clientv3.WithPrefix())
	if err != nil {
		return nil, err
	}

	var found []reset.User
	for _, entry := range index.Kvs {
		_, id, _ := strings.Cut(string(entry.Key), "\x00")
		user, err := s.FindByID(ctx, id)
		switch {
		case err == nil:
			found = append(found, user)
		case !errors.Is(err, reset.ErrUserNotFound): // deleted since
			return nil, err
		}
	}
	return found, nil
}

// FindByID implements [reset.Store].
func (s *Store) FindByID(ctx context.Context, id string) (reset.User, error) {
	got, err := s.KV.Get(ctx, UserKey(id))
	user, _, err := decode(got, err)
	return user.account(id), err
}

// ReplaceHash implements [reset.Store]. A write that changed something else,
// such as the locale, came first where the revision is another. It looks again.
func (s *Store) ReplaceHash(ctx context.Context, seen reset.User, encoded string) error {
	key, sessions := UserKey(seen.ID), SessionKey(seen.ID, "")
	for {
		got, err := s.KV.Get(ctx, key)
		now, revision, err := decode(got, err)
		if errors.Is(err, reset.ErrUserNotFound) || err == nil && !now.is(seen) {
			return reset.ErrStale
		}
		if err != nil {
			return err
		}

		now.PasswordHash = encoded
		done, err := s.KV.Txn(ctx).
			If(clientv3.Compare(clientv3.ModRevision(key), "=", revision)).
			Then(clientv3.OpPut(key, now.Encode()),
				clientv3.OpDelete(sessions, clientv3.WithPrefix())).Commit()
		if err != nil || done.Succeeded {
			return err
		}
	}
}
