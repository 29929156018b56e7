package main

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/lostkey-go/lostkey/reset"
)

// lockAccount is reset.Hooks.OnDisputed. The account stays locked until an
// administrator brings it back. The new version ends all sessions, also those
// that are being opened now.
func (app *application) lockAccount(
	ctx context.Context, what reset.Dispute,
) error {
	_, err := app.users.change(
		ctx, `UPDATE users SET disabled = TRUE,
			password_version = password_version + 1 WHERE id = ?`,
		what.UserID,
	)
	return err
}

// unlockAccount brings the account of the form back, and mails its owner a link
// to choose a password. Until that is used nobody knows the password, so that
// whoever the owner complained of does not get in again. Recovery addresses are
// taken away, since they may be theirs.
func (app *application) unlockAccount(w http.ResponseWriter, r *http.Request) {
	if !app.form(w, r) {
		return
	}
	ctx, id := r.Context(), r.PostForm.Get("user")
	encoded, err := app.hasher.Hash(ctx, rand.Text())
	if err != nil {
		app.unavailable(w, r, err)
		return
	}

	dropTOTP := ""
	if r.PostForm.Get("totp") == "off" {
		dropTOTP = ", totp_secret = ''"
	}
	_, err = app.users.change(
		ctx, `DELETE FROM recovery_addresses WHERE user_id IN
			(SELECT id FROM users WHERE id = ? AND disabled)`, id,
	)
	unlocked := false
	if err == nil {
		unlocked, err = app.users.change(
			ctx, `UPDATE users SET disabled = FALSE, password_hash = ?,
				password_version = password_version + 1`+dropTOTP+
				" WHERE id = ? AND disabled",
			encoded, id,
		)
	}
	if unlocked && err == nil {
		err = app.resets.SendReset(ctx, reset.SendInput{UserID: id})
	}

	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case !unlocked:
		app.show(w, r, http.StatusNotFound, "message", page{
			Title:   "No such account is locked",
			Content: "Perhaps somebody else brought it back just now.",
		})
	default:
		app.log.InfoContext(ctx, "account brought back", "user", id)
		http.Redirect(w, r, "/audit#locked", http.StatusSeeOther)
	}
}
