package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/policy"
)

func (app *application) homePage(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusOK, "home", page{Title: "Forgotten passwords, without a token table"})
}

// visitor returns who is signed in, or sends the browser to sign in and
// returns false.
func (app *application) visitor(w http.ResponseWriter, r *http.Request) (account, bool) {
	a, err := app.signedIn(r.Context())
	switch {
	case errors.Is(err, errNoAccount):
		target := "/login"
		if r.URL.Query().Has("welcome") {
			target = "/login?welcome"
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
	p := page{Title: "Your account", SignedInAs: a.Email}
	query := r.URL.Query()
	switch {
	case query.Has("welcome"):
		p.Notice = "Welcome. Your account is ready."
	case query.Has("changed"):
		p.Notice = "Your password has been changed, and you are signed out everywhere else."
	}
	app.show(w, r, http.StatusOK, "account", p)
}

func (app *application) passwordPage(w http.ResponseWriter, r *http.Request) {
	a, ok := app.visitor(w, r)
	if !ok {
		return
	}
	app.show(w, r, http.StatusOK, "password", page{Title: "Change password", SignedInAs: a.Email})
}

// changePassword goes through the same conditional write as a reset. It ends
// every session of the user, and then opens a new one for this browser.
func (app *application) changePassword(w http.ResponseWriter, r *http.Request) {
	a, ok := app.visitor(w, r)
	if !ok || !app.form(w, r) {
		return
	}
	if retryAfter, ok := app.throttle.allow(r, a.Email); !ok {
		app.throttled(w, r, retryAfter)
		return
	}
	refuse := func(problems ...problem) {
		app.show(w, r, http.StatusUnprocessableEntity, "password", page{Title: "Change password", SignedInAs: a.Email, Problems: problems})
	}
	ctx := r.Context()
	current, err := app.hasher.Verify(ctx, r.PostForm.Get("current"), a.PasswordHash)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	if !current.OK {
		refuse(problem{"current", "The current password is not right."})
		return
	}
	encoded, problems, err := app.newHash(ctx, r.PostForm.Get("password"), a.Email)
	switch {
	case problems != nil:
		refuse(problems...)
		return
	case err != nil:
		app.unavailable(w, r, err)
		return
	}
	err = app.store.ReplaceHash(ctx, a.User, encoded)
	if errors.Is(err, reset.ErrStale) {
		refuse(problem{"", "Your password has been changed elsewhere just now. Please sign in again."})
		return
	}
	if err == nil {
		a.passwordVersion++ // what endSessions made of it
		err = app.signIn(ctx, a)
	}
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	app.sendNotice(r, a)
	http.Redirect(w, r, "/account?changed", http.StatusSeeOther)
}

// sendNotice tells the owner of a that its password has been changed: if it was
// somebody else, this mail is how they learn of it. A reset does the same by
// itself. The change stands even if the mail cannot be sent, and whoever made it
// cannot stop the mail by closing the connection.
func (app *application) sendNotice(r *http.Request, a account) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer cancel()
	err := app.resets.NotifyChanged(ctx, reset.NotifyInput{
		UserID: a.ID, Client: client(r), SessionsEnded: true,
		Locale: r.Header.Get("Accept-Language"), UserAgent: r.UserAgent(),
	})
	if err != nil {
		app.log.ErrorContext(ctx, "notice of a changed password not queued", "user", a.ID, "error", err)
	}
}

// newHash hashes a new password, or says what the policy, which is that of a
// reset, has against it.
func (app *application) newHash(ctx context.Context, password, email string) (encoded string, refused []problem, err error) {
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
