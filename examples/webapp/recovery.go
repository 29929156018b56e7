package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

const maxRecovery = 5 // what package reset takes

// addRecovery keeps an address that is not proven, and mails it a link. It asks
// for the password, or else whoever finds a browser signed in could have a link
// to the account mailed to themselves.
func (app *application) addRecovery(w http.ResponseWriter, r *http.Request) {
	a, ok := app.provenForm(w, r)
	if !ok {
		return
	}
	email := strings.TrimSpace(r.PostForm.Get("recovery"))
	if retryAfter, ok := app.throttle.mail(r.Context(), email); !ok {
		app.throttled(w, r, retryAfter)
		return
	}

	ctx := r.Context()
	problems, err := app.recoveryProblems(ctx, a, email)
	if problems == nil && err == nil {
		problems, err = app.checkPassword(ctx, a, r.PostForm.Get("current"))
	}
	if problems == nil && err == nil {
		err = app.users.addRecovery(ctx, a.ID, email)
		if isDuplicate(err) {
			problems, err = []problem{{"recovery", "It is here already."}}, nil
		}
	}
	if problems == nil && err == nil {
		err = app.resets.SendPurposeTo(ctx, purposeRecovery, email, reset.SendInput{
			UserID: a.ID, Locale: r.Header.Get("Accept-Language"),
		})
	}

	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case problems != nil:
		app.showAccount(w, r, http.StatusUnprocessableEntity, a, page{
			Problems: problems, Email: email,
		})
	default:
		http.Redirect(w, r, "/account?link-sent", http.StatusSeeOther)
	}
}

// recoveryProblems says what is wrong with a further address.
func (app *application) recoveryProblems(
	ctx context.Context, a account, email string,
) ([]problem, error) {
	has, err := app.users.recovery(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	has = slices.DeleteFunc(has, func(one recoveryAddress) bool {
		return !one.Confirmed
	})

	refuse := func(text string) ([]problem, error) {
		return []problem{{"recovery", text}}, nil
	}
	switch {
	case addressProblems(email) != nil:
		return refuse("Enter one email address, like name@example.com")
	case foldASCII(email) == foldASCII(a.Email):
		return refuse("That is the address of the account itself.")
	case len(has) >= maxRecovery:
		return refuse("There are five already. Remove one first.")
	}
	return nil, nil
}

// confirmRecovery takes the link. The link does not have the address that it
// proves, so the account has to be the one that is signed in.
func (app *application) confirmRecovery(
	w http.ResponseWriter, r *http.Request,
) {
	a, ok := app.visitor(w, r)
	if !ok || !app.form(w, r) {
		return
	}
	has, err := app.users.recovery(r.Context(), a.ID)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	pending := ""
	for _, one := range has {
		if !one.Confirmed {
			pending = one.Email
		}
	}

	err = app.resets.Redeem(r.Context(), purposeRecovery, reset.RedeemInput{
		Token: resethttp.FindToken(r.PostForm.Get("token")), To: pending,
		Client: client(r),
	}, func(ctx context.Context, user reset.User) error {
		if user.ID != a.ID || pending == "" || len(user.Recovery) >= maxRecovery {
			return reset.ErrStale
		}
		changed, err := app.users.change(
			ctx, `UPDATE recovery_addresses SET confirmed = TRUE
				WHERE user_id = ? AND email = ?`,
			a.ID, pending,
		)
		if err == nil && !changed {
			err = reset.ErrStale
		}
		return err
	})
	app.redeemed(w, r, err, "/account?recovery")
}

// removeRecovery takes an address away. Links that went to it are dead, also
// those that say "this was not me", so it asks for the password.
func (app *application) removeRecovery(
	w http.ResponseWriter, r *http.Request,
) {
	a, ok := app.ownerForm(w, r)
	if !ok {
		return
	}
	ctx := r.Context()
	problems, err := app.checkPassword(ctx, a, r.PostForm.Get("current"))
	if problems == nil && err == nil {
		_, err = app.users.change(
			ctx, "DELETE FROM recovery_addresses WHERE user_id = ? AND email = ?",
			a.ID, r.PostForm.Get("remove"),
		)
	}

	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case problems != nil:
		app.showAccount(w, r, http.StatusUnprocessableEntity, a, page{
			Problems: problems,
		})
	default:
		http.Redirect(w, r, "/account?removed", http.StatusSeeOther)
	}
}
