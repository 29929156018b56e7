package main

import (
	"context"
	"fmt"
	"html/template"
	"image/png"
	"net/http"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/lostkey-go/lostkey/reset"
)

const (
	// totpPeriod is how long a code is shown.
	totpPeriod = 30 * time.Second
	// sessionKey holds the otpauth URL of a secret that has not been confirmed.
	sessionKey = "totp-key"

	badCode = "That code is not right, or it was used before. " +
		"Wait for the next one."
)

// totpStep returns the period that a code was made in, which is this one or the
// one before (RFC 6238, section 5.2). Codes up to and including that of the
// period last have been used. They are refused like wrong ones.
func (app *application) totpStep(
	secret, code string, last int64,
) (step int64, ok bool) {
	code = strings.ReplaceAll(code, " ", "")
	at := app.now()
	for range 2 {
		// An error is a code of another length.
		good, err := totp.ValidateCustom(code, secret, at, totp.ValidateOpts{
			Digits: otp.DigitsSix,
		})
		step := totpPeriodOf(at)
		if good && err == nil && step > last {
			return step, true
		}
		at = at.Add(-totpPeriod)
	}
	return 0, false
}

func totpPeriodOf(at time.Time) int64 {
	return at.Unix() / int64(totpPeriod/time.Second)
}

// useCode says whether a code is good for an account with a second factor. It
// is not good another time, also for those who send it at this moment.
func (app *application) useCode(
	ctx context.Context, a account, code string,
) (bool, error) {
	step, ok := app.totpStep(a.totpSecret, code, a.totpStep)
	if !ok {
		return false, nil
	}
	return app.users.change(
		ctx, "UPDATE users SET totp_step = ? WHERE id = ? AND totp_step < ?",
		step, a.ID, step,
	)
}

// proofKind is reset.Hooks.ProofKind.
func (app *application) proofKind(
	ctx context.Context, pending reset.Pending,
) (string, error) {
	a, err := app.users.byID(ctx, pending.UserID)
	if err != nil || !a.HasTOTP() {
		return "", err
	}
	return "totp", nil
}

// checkProof is reset.Hooks.BeforeConfirm. It marks nothing as used, since the
// new password may yet be refused. The transaction that stores the password
// does, see endSessions.
func (app *application) checkProof(
	ctx context.Context, pending reset.Pending,
) error {
	a, err := app.users.byID(ctx, pending.UserID)
	if err != nil || !a.HasTOTP() {
		return err
	}
	_, ok := app.totpStep(a.totpSecret, pending.Proof, a.totpStep)
	if !ok {
		return reset.ErrProofRefused
	}
	return nil
}

// totpView is what the page of the second factor shows.
type totpView struct {
	On bool
	// Secret and URL are empty until there is one to confirm.
	Secret string
	URL    template.URL
}

func (app *application) totpPage(w http.ResponseWriter, r *http.Request) {
	if a, ok := app.visitor(w, r); ok {
		app.showTOTP(w, r, http.StatusOK, a)
	}
}

func (app *application) showTOTP(
	w http.ResponseWriter, r *http.Request, status int, a account,
	problems ...problem,
) {
	view := totpView{On: a.HasTOTP()}
	if key := app.newKey(r.Context()); key != nil && !view.On {
		view.Secret = spaced(key.Secret())
		view.URL = template.URL(key.URL()) //nolint:gosec // we made it
	}
	app.show(w, r, status, "totp", page{
		Title: "Second factor", SignedInAs: a.Email, Problems: problems,
		Content: view,
	})
}

// spaced is a text in groups of four, for those who type it.
func spaced(text string) string {
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(append(groups, text), " ")
}

// newKey returns the secret that the visitor has not confirmed yet, or nil.
func (app *application) newKey(ctx context.Context) *otp.Key {
	key, err := otp.NewKeyFromURL(app.sessions.GetString(ctx, sessionKey))
	if err != nil || key.Secret() == "" {
		return nil
	}
	return key
}

// totpPicture draws the secret for the camera of a phone.
func (app *application) totpPicture(w http.ResponseWriter, r *http.Request) {
	if _, ok := app.visitor(w, r); !ok {
		return
	}
	key := app.newKey(r.Context())
	if key == nil {
		app.notFound(w, r)
		return
	}

	picture, err := key.Image(240, 240)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_ = png.Encode(w, picture) // the visitor has gone
}

// startTOTP makes a secret. It asks for the password, or else whoever finds a
// browser signed in could lock its owner out.
func (app *application) startTOTP(w http.ResponseWriter, r *http.Request) {
	a, ok := app.provenForm(w, r)
	if !ok {
		return
	}
	problems, err := app.checkPassword(
		r.Context(), a, r.PostForm.Get("current"),
	)
	switch {
	case err != nil:
		app.unavailable(w, r, err)
		return
	case problems != nil:
		app.showTOTP(w, r, http.StatusUnprocessableEntity, a, problems...)
		return
	}

	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: productName, AccountName: a.Email,
	})
	if err != nil {
		app.unavailable(w, r, fmt.Errorf("make a secret: %w", err))
		return
	}
	app.sessions.Put(r.Context(), sessionKey, key.URL())
	http.Redirect(w, r, "/account/totp", http.StatusSeeOther)
}

// confirmTOTP switches the second factor on, once a code shows that the app has
// the secret.
func (app *application) confirmTOTP(w http.ResponseWriter, r *http.Request) {
	a, ok := app.ownerForm(w, r)
	if !ok {
		return
	}
	key := app.newKey(r.Context())
	if key == nil || a.HasTOTP() {
		http.Redirect(w, r, "/account/totp", http.StatusSeeOther)
		return
	}
	step, ok := app.totpStep(key.Secret(), r.PostForm.Get("code"), 0)
	if !ok {
		app.showTOTP(w, r, http.StatusUnprocessableEntity, a,
			problem{"code", badCode})
		return
	}

	_, err := app.users.change(
		r.Context(), `UPDATE users SET totp_secret = ?, totp_step = ?
			WHERE id = ? AND totp_secret = ''`,
		key.Secret(), step, a.ID,
	)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	app.sessions.Remove(r.Context(), sessionKey)
	http.Redirect(w, r, "/account?totp-on", http.StatusSeeOther)
}

// stopTOTP switches the second factor off, for whoever has it.
func (app *application) stopTOTP(w http.ResponseWriter, r *http.Request) {
	a, ok := app.ownerForm(w, r)
	if !ok {
		return
	}
	good, err := app.useCode(r.Context(), a, r.PostForm.Get("code"))
	if good && err == nil {
		_, err = app.users.change(
			r.Context(), "UPDATE users SET totp_secret = '' WHERE id = ?", a.ID,
		)
	}
	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case !good:
		app.showTOTP(w, r, http.StatusUnprocessableEntity, a,
			problem{"code", badCode})
	default:
		http.Redirect(w, r, "/account?totp-off", http.StatusSeeOther)
	}
}
