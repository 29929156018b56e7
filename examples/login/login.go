// Package login signs users in with a password over pgx, without database/sql.
// Copy it. The dance is the ten lines of [Handler.authenticate], and the rest
// is HTTP and SQL.
//
// It does not limit attempts, which the application must, and it starts no
// session, which SignedIn does.
package login

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lostkey-go/lostkey/hash"
)

// A Handler answers POST with "email" and "password". All fields are required.
// It is safe for concurrent use.
type Handler struct {
	Pool   *pgxpool.Pool
	Hasher *hash.Hasher
	Log    *slog.Logger
	// SignedIn starts a session, under a new id, and redirects.
	SignedIn func(w http.ResponseWriter, r *http.Request, userID string)
}

// ServeHTTP answers every refusal alike: a wrong password, an address without
// an account, a disabled account, and a row that cannot be read. Where it
// cannot tell, because the hasher or the database is overloaded or down, it
// answers 503 for every address.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	id, ok, err := h.authenticate(
		r.Context(), r.PostFormValue("email"), r.PostFormValue("password"),
	)

	switch {
	case err != nil:
		h.Log.ErrorContext(r.Context(), "sign-in", "error", err)
		w.Header().Set("Retry-After", "2")
		http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
	case !ok:
		http.Error(w, "The address or the password is not right.",
			http.StatusUnauthorized)
	default:
		h.SignedIn(w, r, id)
	}
}

func (h *Handler) authenticate(
	ctx context.Context, email, password string,
) (id string, ok bool, err error) {
	id, encoded, err := h.find(ctx, email)
	if err != nil {
		return "", false, err
	}
	res, err := h.Hasher.VerifyAndUpdate(ctx, password, encoded, h.swapFor(id))
	if errors.Is(err, hash.ErrBusy) || ctx.Err() != nil {
		return "", false, err
	}
	if err := errors.Join(err, res.UpdateErr); err != nil {
		h.Log.ErrorContext(ctx, "stored hash", "user", id, "error", err)
	}
	return id, res.OK, nil
}

// find returns the stored hash, or "" for an unknown address, a disabled
// account, and one without a password. No password is right for "", and to find
// that out costs the hasher what a wrong password costs.
func (h *Handler) find(
	ctx context.Context, email string,
) (id, encoded string, err error) {
	err = h.Pool.QueryRow(ctx, `
		SELECT id::text,
		       COALESCE(CASE WHEN NOT disabled THEN password_hash END, '')
		FROM users WHERE lower(email) = lower($1)`, email,
	).Scan(&id, &encoded)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", nil
	}
	return id, encoded, err
}

// swapFor stores a better hash where the verified one still is. A reset that
// was faster keeps its new password.
func (h *Handler) swapFor(id string) hash.SwapFunc {
	return func(ctx context.Context, old, encoded string) (bool, error) {
		done, err := h.Pool.Exec(ctx, `
			UPDATE users SET password_hash = $1
			WHERE id::text = $2 AND password_hash = $3 AND NOT disabled`,
			encoded, id, old,
		)
		return done.RowsAffected() == 1, err
	}
}
