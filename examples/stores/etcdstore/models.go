package etcdstore

import (
	"encoding/json"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/lostkey-go/lostkey/reset"
)

// A User is the value of an account's key, in JSON. It has to know every field
// of it, since ReplaceHash writes the whole.
type User struct {
	Email, PasswordHash, Stamp, Name, Locale string
	Disabled                                 bool
}

// Encode returns the value.
func (u User) Encode() string {
	text, err := json.Marshal(u)
	if err != nil {
		panic(err) // no text and no truth value is beyond JSON
	}
	return string(text)
}

func decode(got *clientv3.GetResponse, err error) (u User, revision int64, _ error) {
	if err != nil {
		return u, 0, err
	}
	if len(got.Kvs) == 0 {
		return u, 0, reset.ErrUserNotFound
	}
	err = json.Unmarshal(got.Kvs[0].Value, &u)
	return u, got.Kvs[0].ModRevision, err
}

func (u User) account(id string) reset.User {
	return reset.User{
		ID: id, Email: u.Email, PasswordHash: u.PasswordHash, Stamp: u.Stamp,
		Label: u.Name, Locale: u.Locale, Disabled: u.Disabled,
	}
}

// is reports whether all that a link depends on is as seen.
func (u User) is(seen reset.User) bool {
	return u.PasswordHash == seen.PasswordHash && u.Email == seen.Email &&
		u.Stamp == seen.Stamp && !u.Disabled
}

// UserKey is the key of an account.
func UserKey(id string) string { return "user/" + id }

// EmailKey is a key without a value, which is written together with the
// account's. No address and no id has a NUL.
func EmailKey(email, id string) string {
	return "email/" + strings.Map(lower, email) + "\x00" + id
}

// SessionKey is the key of a session.
func SessionKey(id, session string) string {
	return "session/" + id + "\x00" + session
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}
