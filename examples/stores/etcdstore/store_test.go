package etcdstore_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/namespace"
	"go.uber.org/zap"

	"github.com/lostkey-go/lostkey/examples/stores/etcdstore"
	"github.com/lostkey-go/lostkey/examples/stores/internal/kit"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resettest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	client := connect(t)
	kit.Store(t, func(t *testing.T) resettest.Fixture {
		prefix := "lostkey_" + rand.Text() + "/"
		t.Cleanup(func() {
			_, err := client.Delete(context.Background(), prefix,
				clientv3.WithPrefix())
			require.NoError(t, err)
		})
		return fixture(namespace.NewKV(client.KV, prefix))
	})
}

func connect(t *testing.T) *clientv3.Client {
	t.Helper()
	server := os.Getenv("LOSTKEY_ETCD")
	if server == "" {
		server = "127.0.0.1:2379"
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: strings.Split(server, ","), Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err = client.Get(ctx, "lostkey")
	kit.NeedServer(t, err, "etcd", "LOSTKEY_ETCD")
	return client
}

// change changes an account, and what the index has of it.
func change(
	ctx context.Context, kv clientv3.KV, id string,
	change func(*etcdstore.User),
) error {
	store := etcdstore.Store{KV: kv}
	was, err := store.FindByID(ctx, id)
	if err != nil {
		return err
	}
	user := etcdstore.User{
		Email: was.Email, PasswordHash: was.PasswordHash, Stamp: was.Stamp,
		Name: was.Label, Locale: was.Locale, Disabled: was.Disabled,
	}
	change(&user)

	if user.Email != was.Email {
		_, err := kv.Delete(ctx, etcdstore.EmailKey(was.Email, id))
		if err != nil {
			return err
		}
	}
	_, err = kv.Txn(ctx).Then(
		clientv3.OpPut(etcdstore.UserKey(id), user.Encode()),
		clientv3.OpPut(etcdstore.EmailKey(user.Email, id), ""),
	).Commit()
	return err
}

// fixture lacks FailSessions: etcd writes and deletes all the keys of a
// transaction or none.
func fixture(kv clientv3.KV) resettest.Fixture {
	return resettest.Fixture{
		Store: &etcdstore.Store{KV: kv},
		Create: func(ctx context.Context, user reset.User) (string, error) {
			_, err := kv.Txn(ctx).Then(
				clientv3.OpPut(etcdstore.UserKey(user.ID), etcdstore.User{
					Email: user.Email, PasswordHash: user.PasswordHash,
					Stamp: user.Stamp, Name: user.Label, Locale: user.Locale,
				}.Encode()),
				clientv3.OpPut(etcdstore.EmailKey(user.Email, user.ID), ""),
			).Commit()
			return user.ID, err
		},
		Disable: func(ctx context.Context, id string) error {
			return change(ctx, kv, id, func(u *etcdstore.User) { u.Disabled = true })
		},
		ChangeEmail: func(ctx context.Context, id, value string) error {
			return change(ctx, kv, id, func(u *etcdstore.User) { u.Email = value })
		},
		ChangeStamp: func(ctx context.Context, id, value string) error {
			return change(ctx, kv, id, func(u *etcdstore.User) { u.Stamp = value })
		},
		ClearPassword: func(ctx context.Context, id string) error {
			return change(ctx, kv, id, func(u *etcdstore.User) { u.PasswordHash = "" })
		},
		Delete: func(ctx context.Context, id string) error {
			_, err := kv.Delete(ctx, etcdstore.UserKey(id))
			return err
		},
		AddSession: func(ctx context.Context, id string) error {
			_, err := kv.Put(ctx, etcdstore.SessionKey(id, rand.Text()), "")
			return err
		},
		Sessions: func(ctx context.Context, id string) (int, error) {
			got, err := kv.Get(ctx, etcdstore.SessionKey(id, ""),
				clientv3.WithPrefix(), clientv3.WithCountOnly())
			if err != nil {
				return 0, err
			}
			return int(got.Count), nil
		},
	}
}
