package handover

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"time"

	lostkeyhash "github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
)

// A Table reads links from a table of tokens.
type Table struct {
	DB *sql.DB
	// Find selects the account's id, the stored token, when it was made, and
	// whether it is used, by what Read calls the key.
	Find string
	// Delete removes what an account with this id has in the table.
	Delete string
	// Read finds the key of the row in a request, and the secret that the
	// stored token must match.
	Read func(r *http.Request) (key, secret string, err error)
	// Match compares. Nil means that both are equal.
	Match func(ctx context.Context, secret, stored string) (bool, error)
	// Absent is what Match is given where there is no row, so that the time of
	// an answer does not tell who has one. With Hashed it is a hash that the
	// old system made of anything.
	Absent   string
	Lifetime time.Duration
}

// Judge implements [Judge].
func (t *Table) Judge(r *http.Request) (string, time.Time, error) {
	key, secret, err := t.Read(r)
	if err != nil || key == "" || secret == "" {
		return "", time.Time{}, ErrRejected
	}

	var userID, stored string
	var made sql.NullTime
	var used bool
	err = t.DB.QueryRowContext(r.Context(), t.Find, key).
		Scan(&userID, &stored, &made, &used)
	absent := errors.Is(err, sql.ErrNoRows)
	if err != nil && !absent {
		return "", time.Time{}, err
	}

	match := t.Match
	if match == nil {
		match = equal
	}
	if absent {
		stored = t.Absent
	}
	ok := false
	if stored != "" {
		ok, err = match(r.Context(), secret, stored)
	}
	switch {
	case absent, err == nil && (!ok || used):
		return "", time.Time{}, ErrRejected
	case err != nil:
		return "", time.Time{}, err
	}
	return userID, made.Time.Add(t.Lifetime), nil
}

// Forget is for [reset.Hooks].OnConfirmed. It takes away what would open the
// door a second time. After a failure the old link is still good.
func (t *Table) Forget(ctx context.Context, done reset.Confirmation) error {
	_, err := t.DB.ExecContext(ctx, t.Delete, done.UserID)
	return err
}

// InTx is for InTx of sqlstore.Config, in place of Forget, where the table is
// in the database of the users. A new hash is written if, and only if, the old
// links are taken away, also on a page that changes a known password.
func (t *Table) InTx(ctx context.Context, tx *sql.Tx, seen reset.User) error {
	_, err := tx.ExecContext(ctx, t.Delete, seen.ID)
	return err
}

func equal(_ context.Context, secret, stored string) (bool, error) {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(stored)) == 1, nil
}

// Plain reads a table that holds the tokens of the links as they are, from the
// parameter of this name.
func Plain(name string) func(*http.Request) (string, string, error) {
	return func(r *http.Request) (string, string, error) {
		raw := r.FormValue(name)
		return raw, raw, nil
	}
}

// Devise reads the column reset_password_token, from the secret_key of Devise,
// which is Rails' secret_key_base unless it was set. Digest is that of
// ActiveSupport's key generator: SHA-1 before Rails 7, SHA-256 where
// config.active_support.hash_digest_class says so.
func Devise(
	secretKey string, digest func() hash.Hash,
) (func(*http.Request) (string, string, error), error) {
	key, err := pbkdf2.Key(digest, secretKey,
		[]byte("Devise reset_password_token"), 1<<16, 64)
	if err != nil {
		return nil, err
	}

	return func(r *http.Request) (string, string, error) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(r.FormValue("reset_password_token")))
		sum := hex.EncodeToString(mac.Sum(nil))
		return sum, sum, nil
	}, nil
}

// Laravel reads password_reset_tokens: the address is the key, and the token is
// in the path, stored as a bcrypt hash.
func Laravel(r *http.Request) (key, secret string, err error) {
	return r.FormValue("email"), r.PathValue("token"), nil
}

// Hashed matches a token that is stored as a password hash.
func Hashed(
	hasher *lostkeyhash.Hasher,
) func(ctx context.Context, secret, stored string) (bool, error) {
	return func(ctx context.Context, secret, stored string) (bool, error) {
		result, err := hasher.Verify(ctx, secret, stored)
		return result.OK, err
	}
}

// Authboss reads recover_selector as the key, and recover_verifier as the
// stored token.
func Authboss(r *http.Request) (key, secret string, err error) {
	raw, err := base64.URLEncoding.DecodeString(r.FormValue("token"))
	if err != nil || len(raw) != 64 {
		return "", "", ErrRejected
	}
	selector, verifier := sha512.Sum512(raw[:32]), sha512.Sum512(raw[32:])
	return base64.StdEncoding.EncodeToString(selector[:]),
		base64.StdEncoding.EncodeToString(verifier[:]), nil
}
