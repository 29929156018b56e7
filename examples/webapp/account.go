package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

func (app *application) homePage(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusOK, "home", page{
		Title: "Forgotten passwords, without a token table",
	})
}

// places are where those are led who had to sign in first, or to choose a new
// password. Links and forms hold the keys, see reset.Pages.ReturnTo.
var places = map[string]string{
	"change-password": "/account/password",
	"second-factor":   "/account/totp",
}

// placeOf returns the place of a key, or the page of the account.
func placeOf(key string) string { return cmp.Or(places[key], "/account") }

// visitor returns who is signed in, or sends the browser to sign in and
// returns false.
func (app *application) visitor(
	w http.ResponseWriter, r *http.Request,
) (account, bool) {
	a, err := app.signedIn(r.Context())

	switch {
	case errors.Is(err, errNoAccount):
		target := "/login"
		for _, event := range []string{"welcome", "verified"} {
			if r.URL.Query().Has(event) {
				target += "?" + event
			}
		}
		for key, place := range places {
			if r.URL.Path == place {
				target += "?return=" + key
			}
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
		return account{}, false
	case err != nil:
		app.unavailable(w, r, err)
		return account{}, false
	}
	return a, true
}

func (app *application) accountPage(w http.ResponseWriter, r *http.Request) {
	a, ok := app.visitor(w, r)
	if !ok {
		return
	}

	p := page{}
	for event, text := range accountNotices {
		if r.URL.Query().Has(event) {
			p.Notice = text
		}
	}
	app.showAccount(w, r, http.StatusOK, a, p)
}

// accountNotices tell what was done, by the query that says so.
var accountNotices = map[string]string{
	"welcome": "Welcome. Your account is ready.",
	"changed": "Your password has been changed, " +
		"and you are signed out everywhere else.",
	"totp-on": "From now on, signing in and choosing a new password take " +
		"a code.",
	"totp-off":  "Codes are no longer asked for.",
	"link-sent": "We have sent a link to that address.",
	"verified":  "Your address is confirmed.",
	"recovery":  "The recovery address is confirmed.",
	"removed":   "The recovery address has been removed.",
	"named":     "The name of the account has been saved.",
}

// accountView is what the page of an account shows.
type accountView struct {
	Verified, TOTP bool
	Label          string
	Recovery       []recoveryAddress
}

// showAccount shows the page of a with what is in p already.
func (app *application) showAccount(
	w http.ResponseWriter, r *http.Request, status int, a account, p page,
) {
	recovery, err := app.users.recovery(r.Context(), a.ID)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	p.Title, p.SignedInAs = "Your account", a.Email
	p.Content = accountView{
		Verified: a.verified, TOTP: a.HasTOTP(), Label: a.Label,
		Recovery: recovery,
	}
	app.show(w, r, status, "account", p)
}

// ownerForm reads a form of who is signed in, within the limit of the account,
// or answers and returns false.
func (app *application) ownerForm(
	w http.ResponseWriter, r *http.Request,
) (account, bool) {
	a, ok := app.visitor(w, r)
	if !ok || !app.form(w, r) {
		return account{}, false
	}
	// Who guesses passwords for the address from outside charges the address.
	if retryAfter, ok := app.throttle.allow(r, "account "+a.ID); !ok {
		app.throttled(w, r, retryAfter)
		return account{}, false
	}
	return a, true
}

// provenForm is ownerForm for what outlives a new password or is shown in
// mails. Somebody may have opened the account on a stranger's address, and wait
// for its owner to take it over by a reset.
func (app *application) provenForm(
	w http.ResponseWriter, r *http.Request,
) (account, bool) {
	a, ok := app.ownerForm(w, r)
	if ok && !a.verified {
		app.showAccount(w, r, http.StatusUnprocessableEntity, a, page{
			Problems: []problem{{"", "Confirm your address first."}},
		})
		return account{}, false
	}
	return a, ok
}

// checkPassword says what is wrong with the current password of a form.
func (app *application) checkPassword(
	ctx context.Context, a account, current string,
) ([]problem, error) {
	result, err := app.hasher.Verify(ctx, current, a.PasswordHash)
	if err != nil || result.OK {
		return nil, err
	}
	return []problem{
		{"current", "The current password is not right."},
	}, nil
}

func (app *application) passwordPage(w http.ResponseWriter, r *http.Request) {
	a, ok := app.visitor(w, r)
	if !ok {
		return
	}
	app.show(w, r, http.StatusOK, "password", passwordForm(a))
}

// passwordForm is the page that changes a password.
func passwordForm(a account, problems ...problem) page {
	return page{
		Title: "Change password", SignedInAs: a.Email, Problems: problems,
	}
}

// changePassword goes through the same conditional write as a reset. It ends
// every session of the user, and then opens a new one for this browser.
func (app *application) changePassword(w http.ResponseWriter, r *http.Request) {
	a, ok := app.ownerForm(w, r)
	if !ok {
		return
	}
	problems, err := app.replacePassword(
		r.Context(), &a, r.PostForm.Get("current"), r.PostForm.Get("password"),
	)
	if err == nil && problems == nil {
		err = app.signIn(r.Context(), a)
	}
	switch {
	case err != nil:
		app.unavailable(w, r, err)
		return
	case problems != nil:
		app.show(w, r, http.StatusUnprocessableEntity, "password",
			passwordForm(a, problems...))
		return
	}

	app.sendNotice(r, a)
	http.Redirect(w, r, "/account?changed", http.StatusSeeOther)
}

// replacePassword stores a new password for a, and in a what came of it, or
// says what is wrong with the form.
func (app *application) replacePassword(
	ctx context.Context, a *account, current, password string,
) ([]problem, error) {
	problems, err := app.checkPassword(ctx, *a, current)
	if problems != nil || err != nil {
		return problems, err
	}
	encoded, problems, err := app.newHash(ctx, password, a.Email)
	if problems != nil || err != nil {
		return problems, err
	}
	// Each change sends a notice, perhaps to a stranger's address.
	if _, ok := app.throttle.mail(ctx, "account "+a.ID); !ok {
		return []problem{{"", "Your password has been changed several times " +
			"just now. Please wait a few minutes."}}, nil
	}

	err = app.store.ReplaceHash(ctx, a.User, encoded)
	if errors.Is(err, reset.ErrStale) {
		return []problem{{"", "Your password has been changed elsewhere " +
			"just now. Please sign in again."}}, nil
	}
	if err != nil {
		return nil, err
	}
	a.passwordVersion++ // what endSessions made of it
	return nil, nil
}

// sendNotice tells the owner of a that its password has been changed. If it was
// somebody else, this mail is how they learn of it. A reset does the same by
// itself. The change stands even if the mail cannot be sent, and whoever made
// it cannot stop the mail by closing the connection.
func (app *application) sendNotice(r *http.Request, a account) {
	ctx, cancel := context.WithTimeout(
		context.WithoutCancel(r.Context()), 10*time.Second,
	)
	defer cancel()

	err := app.resets.NotifyChanged(ctx, reset.NotifyInput{
		UserID: a.ID, Client: client(r), SessionsEnded: true,
		Locale: r.Header.Get("Accept-Language"), UserAgent: r.UserAgent(),
	})
	if err != nil {
		app.log.ErrorContext(ctx, "notice of a changed password not queued",
			"user", a.ID, "error", err)
	}
}

// newHash hashes a new password, or says what the policy, which is that of a
// reset, has against it.
func (app *application) newHash(
	ctx context.Context, password, email string,
) (encoded string, refused []problem, err error) {
	err = app.policy.Check(ctx, password, []string{email})
	if verdict, ok := errors.AsType[*policy.Error](err); ok {
		for _, p := range verdict.Problems {
			refused = append(refused, problem{"password", p.Message()})
		}
		return "", refused, nil
	}
	if err != nil {
		return "", nil, err
	}

	encoded, err = app.hasher.Hash(ctx, password)
	return encoded, nil, err
}
