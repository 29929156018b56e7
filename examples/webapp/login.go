package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
)

// pendingFor is how long the password counts while the code is looked up.
const pendingFor = 5 * time.Minute

const badLogin = "The address or the password is not right."

func (app *application) loginPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p := page{Title: "Sign in", ReturnTo: knownPlace(query.Get("return"))}
	switch {
	case query.Has("welcome"):
		p.Notice = "Sign in to go on. If the address already had an " +
			"account, its password is still the one it had."
	case query.Has("verified"):
		p.Notice = "Your address is confirmed. Sign in to go on."
	case query.Has("bye"):
		p.Notice = "You are signed out."
	}
	app.show(w, r, http.StatusOK, "login", p)
}

// knownPlace returns key if it is one of places, so that no page shows what
// somebody else made up.
func knownPlace(key string) string {
	if _, ok := places[key]; !ok {
		return ""
	}
	return key
}

func (app *application) login(w http.ResponseWriter, r *http.Request) {
	if !app.form(w, r) {
		return
	}
	email := strings.TrimSpace(r.PostForm.Get("email"))
	if retryAfter, ok := app.throttle.allow(r, email); !ok {
		app.throttled(w, r, retryAfter)
		return
	}

	ctx, returnTo := r.Context(), knownPlace(r.PostForm.Get("return"))
	user, ok, err := app.authenticate(ctx, email, r.PostForm.Get("password"))
	if ok && err == nil && !user.Disabled {
		err = app.signIn(ctx, user)
		if user.HasTOTP() {
			until := app.now().Add(pendingFor).Unix()
			app.sessions.Put(ctx, sessionPending, until)
		}
	}

	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case ok && user.Disabled:
		app.show(w, r, http.StatusForbidden, "message", page{
			Title: "This account is locked",
			Content: "Somebody who reads its mail told us that its password " +
				"was changed by a stranger. That keeps everybody out and " +
				"lets nobody in. An administrator can bring the account back.",
		})
	case ok && user.HasTOTP():
		target := "/login/code"
		if returnTo != "" {
			target += "?return=" + returnTo
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
	case !ok:
		app.show(w, r, http.StatusUnauthorized, "login", page{
			Title: "Sign in", Email: email, ReturnTo: returnTo,
			Problems: []problem{{"password", badLogin}},
		})
	default:
		http.Redirect(w, r, placeOf(returnTo), http.StatusSeeOther)
	}
}

// pending returns whose password was right a short while ago, or answers and
// returns false.
func (app *application) pending(
	w http.ResponseWriter, r *http.Request,
) (account, bool) {
	a, err := app.sessionOf(r.Context())
	until := app.sessions.GetInt64(r.Context(), sessionPending)
	switch {
	case err != nil && !errors.Is(err, errNoAccount):
		app.unavailable(w, r, err)
		return account{}, false
	case err != nil || app.now().Unix() >= until:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return account{}, false
	}
	return a, true
}

func (app *application) codePage(w http.ResponseWriter, r *http.Request) {
	if _, ok := app.pending(w, r); ok {
		app.show(w, r, http.StatusOK, "code", page{
			Title:    "Enter the code",
			ReturnTo: knownPlace(r.URL.Query().Get("return")),
		})
	}
}

// loginWithCode is the second step of signing in to an account with a second
// factor.
func (app *application) loginWithCode(w http.ResponseWriter, r *http.Request) {
	a, ok := app.pending(w, r)
	if !ok || !app.form(w, r) {
		return
	}
	if retryAfter, ok := app.throttle.code(r, a.ID); !ok {
		app.throttled(w, r, retryAfter)
		return
	}

	ctx, returnTo := r.Context(), knownPlace(r.PostForm.Get("return"))
	good, err := app.useCode(ctx, a, r.PostForm.Get("code"))
	if good && err == nil {
		app.throttle.goodCode(ctx, a.ID)
		err = app.signIn(ctx, a)
	}
	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case !good:
		app.show(w, r, http.StatusUnauthorized, "code", page{
			Title: "Enter the code", Problems: []problem{{"code", badCode}},
			ReturnTo: returnTo,
		})
	default:
		http.Redirect(w, r, placeOf(returnTo), http.StatusSeeOther)
	}
}

// authenticate says whether password opens the account at email. It costs one
// password hash whether there is such an account or not. Answering at once for
// an unknown address would tell who has an account here.
func (app *application) authenticate(
	ctx context.Context, email, password string,
) (account, bool, error) {
	user, err := app.users.byEmail(ctx, email)
	if errors.Is(err, errNoAccount) {
		return account{}, false, app.hasher.VerifyDummy(ctx, password)
	}
	if err != nil {
		return account{}, false, err
	}

	// A hash made with older parameters is replaced on the way, and only if it
	// is still the one just verified. This never undoes a reset that runs at
	// the same time.
	result, err := app.hasher.VerifyAndUpdate(
		ctx, password, user.PasswordHash, app.store.SwapFor(user.User),
	)
	if errors.Is(err, hash.ErrBusy) || ctx.Err() != nil {
		return account{}, false, err
	}
	if err := errors.Join(err, result.UpdateErr); err != nil {
		// The row cannot be read or replaced. That is for the operator. The
		// visitor is told nothing that others are not told.
		app.log.ErrorContext(ctx, "stored password hash",
			"user", user.ID, "error", err)
	}
	return user, result.OK, nil
}

// logout needs no session to be there: signing out twice is not a fault.
func (app *application) logout(w http.ResponseWriter, r *http.Request) {
	if err := app.sessions.Destroy(r.Context()); err != nil {
		app.unavailable(w, r, err)
		return
	}
	http.Redirect(w, r, "/login?bye", http.StatusSeeOther)
}

func (app *application) registerPage(w http.ResponseWriter, r *http.Request) {
	app.show(w, r, http.StatusOK, "register", page{
		Title: "Create an account",
	})
}

// register makes an account and signs in. When the address has one already, the
// answer has the same status, headers, body and cost. Only the session is
// missing, and /account then asks to sign in. Whoever tries the session can
// still tell the two apart. An application that must not let them confirms the
// address first. It mails a link, and makes the account when the link is
// opened.
func (app *application) register(w http.ResponseWriter, r *http.Request) {
	if !app.form(w, r) {
		return
	}
	email := strings.TrimSpace(r.PostForm.Get("email"))
	if retryAfter, ok := app.throttle.allow(r, email); !ok {
		app.throttled(w, r, retryAfter)
		return
	}

	problems, err := app.createAccount(
		r.Context(), email, r.PostForm.Get("password"),
	)
	switch {
	case err != nil:
		app.unavailable(w, r, err)
	case problems != nil:
		app.show(w, r, http.StatusUnprocessableEntity, "register", page{
			Title: "Create an account", Email: email, Problems: problems,
		})
	default:
		http.Redirect(w, r, "/account?welcome", http.StatusSeeOther)
	}
}

// createAccount makes an account and signs in, or says what is wrong with the
// form. It does not say that the address is taken.
func (app *application) createAccount(
	ctx context.Context, email, password string,
) ([]problem, error) {
	if problems := addressProblems(email); problems != nil {
		return problems, nil
	}
	encoded, problems, err := app.newHash(ctx, password, email)
	if problems != nil || err != nil {
		return problems, err
	}

	user, err := app.users.create(ctx, email, encoded)
	if errors.Is(err, errAddressTaken) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, app.signIn(ctx, user)
}

func addressProblems(email string) []problem {
	if mail.ValidateAddress(email) == nil {
		return nil
	}
	return []problem{
		{"email", "Enter one email address, like name@example.com"},
	}
}
