package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Keys of the values in a session. The first two are always there.
const (
	sessionUser    = "user"
	sessionVersion = "password-version"
	// sessionPending holds until when a code can be given, in seconds since
	// 1970. With it nobody is signed in: only the password was right.
	sessionPending = "pending"
)

func newSessions(
	db database,
	secure bool,
	onError func(http.ResponseWriter, *http.Request, error),
) *scs.SessionManager {
	s := scs.New()
	s.Store = sessionStore{db}
	s.HashTokenInStore = true // who reads the table cannot use what is in it
	s.Cookie.Secure = secure
	if secure {
		// Browsers refuse one that a sibling host has planted.
		s.Cookie.Name = "__Host-session"
	}
	s.Cookie.HttpOnly = true
	s.Cookie.SameSite = http.SameSiteLaxMode
	s.ErrorFunc = onError
	return s
}

// sessionStore keeps scs sessions in the database of the users, with the user's
// id in a column of its own. That is what lets a new password end every session
// of its user in the transaction that stores it.
type sessionStore struct{ db database }

var _ scs.CtxStore = sessionStore{}

// FindCtx finds a session only under the password it was opened with.
func (s sessionStore) FindCtx(
	ctx context.Context, id string,
) (data []byte, found bool, err error) {
	err = s.db.QueryRowContext(
		ctx, `SELECT sessions.data FROM sessions
			JOIN users ON users.id = sessions.user_id
			AND users.password_version = sessions.password_version
			WHERE sessions.id = ? AND sessions.expires_at > ?`,
		id, time.Now().Unix(),
	).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find the session: %w", err)
	}
	return data, true, nil
}

// CommitCtx stores a session, and deletes those that have expired.
func (s sessionStore) CommitCtx(
	ctx context.Context, id string, data []byte, expires time.Time,
) error {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return fmt.Errorf("decode the session: %w", err)
	}

	_, err = s.db.ExecContext(
		ctx, "DELETE FROM sessions WHERE expires_at <= ?", time.Now().Unix(),
	)
	if err != nil {
		return fmt.Errorf("delete expired sessions: %w", err)
	}

	again := `ON CONFLICT (id) DO UPDATE
		SET data = excluded.data, expires_at = excluded.expires_at`
	if s.db.dialect == sqlstore.MySQL {
		again = `ON DUPLICATE KEY UPDATE
			data = VALUES(data), expires_at = VALUES(expires_at)`
	}
	_, err = s.db.ExecContext(
		ctx, `INSERT INTO sessions
			(id, user_id, password_version, data, expires_at)
			VALUES (?, ?, ?, ?, ?) `+again,
		id, values[sessionUser], values[sessionVersion], data, expires.Unix(),
	)
	if err != nil {
		return fmt.Errorf("store the session: %w", err)
	}
	return nil
}

// DeleteCtx ends one session.
func (s sessionStore) DeleteCtx(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM sessions WHERE id = ?", id)
	if err != nil {
		return fmt.Errorf("delete the session: %w", err)
	}
	return nil
}

// Find, Commit and Delete complete scs.Store, which is older than contexts. The
// manager calls the three above.
func (s sessionStore) Find(id string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), id)
}

// Commit is CommitCtx without a context.
func (s sessionStore) Commit(
	id string, data []byte, expires time.Time,
) error {
	return s.CommitCtx(context.Background(), id, data, expires)
}

// Delete is DeleteCtx without a context.
func (s sessionStore) Delete(id string) error {
	return s.DeleteCtx(context.Background(), id)
}

// endSessions runs inside the transaction that replaces a password hash, see
// sqlstore.Config.InTx. The new password and the end of every session are
// stored together or not at all.
//
// The codes of an authenticator app that are good at this moment are used up,
// too, since one of them may have confirmed the new password.
func (app *application) endSessions(
	ctx context.Context, tx *sql.Tx, user reset.User,
) error {
	step := totpPeriodOf(app.now())
	_, err := tx.ExecContext(ctx, app.db.bind(
		`UPDATE users SET password_version = password_version + 1,
			totp_step = CASE WHEN totp_step < ? THEN ? ELSE totp_step END
			WHERE id = ?`), step, step, user.ID)
	if err == nil {
		_, err = tx.ExecContext(ctx, app.db.bind(
			"DELETE FROM sessions WHERE user_id = ?"), user.ID)
	}
	if err != nil {
		return fmt.Errorf("end the sessions: %w", err)
	}
	return nil
}

// signIn opens a session for a. The session gets a new name, so that nobody
// can plant a session in a browser and wait for its owner to sign in
// (session fixation).
func (app *application) signIn(ctx context.Context, a account) error {
	if err := app.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew the session: %w", err)
	}
	app.sessions.Put(ctx, sessionUser, a.ID)
	app.sessions.Put(ctx, sessionVersion, a.passwordVersion)
	app.sessions.Remove(ctx, sessionPending)
	return nil
}

// signedIn returns the account of the session, or errNoAccount.
func (app *application) signedIn(ctx context.Context) (account, error) {
	if app.sessions.Exists(ctx, sessionPending) {
		return account{}, errNoAccount
	}
	return app.sessionOf(ctx)
}

// sessionOf returns whose session it is, also when a code has yet to be asked
// for.
func (app *application) sessionOf(ctx context.Context) (account, error) {
	id := app.sessions.GetString(ctx, sessionUser)
	if id == "" {
		return account{}, errNoAccount
	}
	return app.users.byID(ctx, id)
}
