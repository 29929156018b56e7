package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// findUser is the look-up of the servers below.
const findUser = "SELECT id, email, password_hash FROM users" +
	" WHERE lower(email) = "

// A letter renders the mail that this library sends, so that servers differ in
// what they do and not in the template.
type letter struct {
	templates *mail.Templates
	sent      *mailed
}

func newLetter(sent *mailed) (letter, error) {
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	return letter{templates, sent}, err
}

func (l letter) send(ctx context.Context, to, raw string) error {
	now := time.Now()
	msg, err := l.templates.Render(mail.Data{
		Kind: mail.KindReset, Locale: "en", Site: site, Product: "App",
		Link: site + "/reset-password?token=" + raw,
		At:   now, ExpiresAt: now.Add(time.Hour),
	})
	if err != nil {
		return err
	}
	msg.From, msg.To = sender, to
	return l.sent.Send(ctx, msg)
}

// bare is as little as a stateless reset can be. A handler reads the form,
// looks the address up, signs a link, renders the mail and answers. It has no
// limits, no queue, no events, no pages, and tells by its time who has an
// account.
func bare(db *sql.DB, sent *mailed) (http.Handler, error) {
	letter, err := newLetter(sent)
	if err != nil {
		return nil, err
	}
	key := []byte(rand.Text())

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		var id, email, hash string
		err := db.QueryRowContext(r.Context(), findUser+"lower($1)",
			r.PostFormValue("email")).Scan(&id, &email, &hash)
		if err == nil {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(id + hash + time.Now().String()))
			err = letter.send(r.Context(), email,
				id+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
		}
		answerForm(w, err)
	}), nil
}

func answerForm(w http.ResponseWriter, err error) {
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", forgotPath+"?sent")
	w.WriteHeader(http.StatusSeeOther)
}

// tokenTable is the reset of most tutorials. A random token is mailed, and its
// SHA-256 is stored with the user and a time of expiry. Older tokens of the
// user are deleted, as most do. The mail is sent from a goroutine.
func tokenTable(
	db *sql.DB, dialect sqlstore.Dialect, sent *mailed,
) (http.Handler, error) {
	if err := makeTokenTable(db, dialect); err != nil {
		return nil, err
	}
	letter, err := newLetter(sent)
	if err != nil {
		return nil, err
	}

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		var id, email, hash string
		err := db.QueryRowContext(r.Context(), findUser+"lower($1)",
			r.PostFormValue("email")).Scan(&id, &email, &hash)
		if err == nil {
			raw := rand.Text()
			if err = storeToken(r.Context(), db, id, raw); err == nil {
				go func() {
					_ = letter.send(context.Background(), email, raw)
				}()
			}
		}
		answerForm(w, err)
	}), nil
}

func makeTokenTable(db *sql.DB, dialect sqlstore.Dialect) error {
	id := "INTEGER PRIMARY KEY"
	if dialect == sqlstore.PostgreSQL {
		id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS password_resets (id " + id + "," +
			" user_id TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE," +
			" expires_at BIGINT NOT NULL)",
		"CREATE INDEX IF NOT EXISTS password_resets_user" +
			" ON password_resets (user_id)",
	} {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			return err
		}
	}
	return nil
}

func storeToken(ctx context.Context, db *sql.DB, user, raw string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()

	_, err = tx.ExecContext(ctx,
		"DELETE FROM password_resets WHERE user_id = $1", user)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(raw))
	_, err = tx.ExecContext(ctx, "INSERT INTO password_resets"+
		" (user_id, token_hash, expires_at) VALUES ($1, $2, $3)",
		user, hex.EncodeToString(sum[:]), time.Now().Add(time.Hour).Unix())
	if err != nil {
		return err
	}
	return tx.Commit()
}
