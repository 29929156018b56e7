package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
	"github.com/lostkey-go/lostkey/token"
)

// Uses of links of the application's own. The texts of their mails are in the
// folder mails.
const (
	purposeVerify   token.Purpose = "verify-address"
	purposeRecovery token.Purpose = "recovery-address"
)

const maxLabel = 60

// purposes says where the links lead and what using one changes, so that each
// works once.
func (app *application) purposes() map[token.Purpose]reset.Purpose {
	return map[token.Purpose]reset.Purpose{
		purposeVerify: {
			Path: "/verify-address",
			State: func(ctx context.Context, u reset.User) (string, error) {
				a, err := app.users.byID(ctx, u.ID)
				if a.verified {
					return "verified", err
				}
				return "", err
			},
		},
		purposeRecovery: {
			Path: "/recovery-address",
			State: func(_ context.Context, u reset.User) (string, error) {
				return strings.Join(u.Recovery, "\n"), nil
			},
		},
	}
}

// addressProven is one of reset.Hooks.OnConfirmed. Whoever used a link can read
// the mail of the address that it went to.
func (app *application) addressProven(
	ctx context.Context, done reset.Confirmation,
) error {
	_, err := app.users.verify(ctx, done.UserID, done.Email)
	return err
}

// sendVerification mails the link that confirms the account's address.
func (app *application) sendVerification(
	w http.ResponseWriter, r *http.Request,
) {
	a, ok := app.ownerForm(w, r)
	if !ok {
		return
	}
	if retryAfter, ok := app.throttle.mail(r.Context(), a.Email); !ok {
		app.throttled(w, r, retryAfter)
		return
	}
	err := app.resets.SendPurpose(r.Context(), purposeVerify, reset.SendInput{
		UserID: a.ID, Locale: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	http.Redirect(w, r, "/account?link-sent", http.StatusSeeOther)
}

// linkView is a page that a link of the application's own leads to. Opening it
// changes nothing, since scanners of mail do. A script moves it into the
// form.
type linkView struct{ Action, Lead, Button string }

var (
	verifyView = linkView{
		Action: "/verify-address", Button: "Confirm the address",
		Lead: "One click, and we know that this address is yours.",
	}
	recoveryView = linkView{
		Action: "/recovery-address", Button: "Confirm the recovery address",
		Lead: "Whoever reads mail at this address can then choose a new " +
			"password for your account.",
	}
)

func (app *application) linkPage(view linkView) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(
			"Content-Security-Policy", ownPolicy+"; script-src 'self'",
		)
		app.show(w, r, http.StatusOK, "link", page{
			Title: "Confirm an address", Content: view,
		})
	}
}

// verifyAddress takes the link. It needs no session: whoever has it reads the
// mail.
func (app *application) verifyAddress(w http.ResponseWriter, r *http.Request) {
	if !app.form(w, r) {
		return
	}
	err := app.resets.Redeem(r.Context(), purposeVerify, reset.RedeemInput{
		Token: resethttp.FindToken(r.PostForm.Get("token")), Client: client(r),
	}, func(ctx context.Context, user reset.User) error {
		changed, err := app.users.verify(ctx, user.ID, user.Email)
		if err == nil && !changed {
			err = reset.ErrStale
		}
		return err
	})
	app.redeemed(w, r, err, "/account?verified")
}

// redeemed answers for what became of a link.
func (app *application) redeemed(
	w http.ResponseWriter, r *http.Request, err error, done string,
) {
	throttled, isThrottled := errors.AsType[*reset.ThrottledError](err)
	switch {
	case err == nil:
		http.Redirect(w, r, done, http.StatusSeeOther)
	case isThrottled:
		app.throttled(w, r, throttled.RetryAfter)
	case errors.Is(err, reset.ErrRejected):
		app.show(w, r, http.StatusBadRequest, "message", page{
			Title: "This link does not work",
			Content: "It is too old, was used before, or is for another " +
				"account. Ask for a new one on the page of your account.",
		})
	default:
		app.unavailable(w, r, err)
	}
}

// setLabel stores the owner's name for the account, which mails show. Where
// several accounts share an address it tells them apart.
func (app *application) setLabel(w http.ResponseWriter, r *http.Request) {
	a, ok := app.provenForm(w, r)
	if !ok {
		return
	}
	label := strings.TrimSpace(r.PostForm.Get("label"))
	odd := func(c rune) bool { return !unicode.IsPrint(c) }
	if !utf8.ValidString(label) || strings.ContainsFunc(label, odd) ||
		utf8.RuneCountInString(label) > maxLabel {
		app.showAccount(w, r, http.StatusUnprocessableEntity, a, page{
			Problems: []problem{{"label", "Give at most 60 letters."}},
		})
		return
	}

	_, err := app.users.change(
		r.Context(), "UPDATE users SET label = ? WHERE id = ?", label, a.ID,
	)
	if err != nil {
		app.unavailable(w, r, err)
		return
	}
	http.Redirect(w, r, "/account?named", http.StatusSeeOther)
}
