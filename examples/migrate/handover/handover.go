// Package handover opens the links of the system before, while people still
// have them in their mail. Copy what you need.
//
// An old link is judged as the old system did, and exchanged for one of
// today's, which is bound to the account's present hash and address. Opening it
// writes nothing, so that no mail scanner burns it. Once a password is changed
// the old link must be dead as well. A [Table] sees to that with InTx, the
// links of [Django] and [Dchest] are bound to the hash, and [Signed] asks when
// the password was changed last.
//
// Take it out again when the last old link has expired. It limits nothing: put
// the limiter of the old pages before it.
package handover

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lostkey-go/lostkey/reset"
)

// ErrRejected is what a Judge answers for a link that is not good.
var ErrRejected = errors.New("handover: the link is not good")

// A Judge says which account an old link is good for, and until when. Its error
// matches [ErrRejected], or is internal.
type Judge interface {
	Judge(r *http.Request) (userID string, expires time.Time, err error)
}

// A Handler stands at the old address. It must not see the POST of the old
// page.
type Handler struct {
	Service *reset.Service
	Old     Judge
	// Refused is where dead links lead, the forgot page for instance.
	Refused string
	Log     *slog.Logger
	Now     func() time.Time
}

// ServeHTTP exchanges a link, and leads to the page of today. It answers every
// dead link alike.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Open the link once more.", http.StatusMethodNotAllowed)
		return
	}

	link, err := h.exchange(r)
	switch {
	case err == nil:
		http.Redirect(w, r, link.Reveal(), http.StatusSeeOther)
	case errors.Is(err, ErrRejected):
		http.Redirect(w, r, h.Refused, http.StatusSeeOther)
	default:
		h.Log.ErrorContext(r.Context(), "old link", "error", err)
		http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
	}
}

// exchange makes a link that lives as long as the old one would have, and a
// minute at least.
func (h *Handler) exchange(r *http.Request) (reset.Link, error) {
	userID, expires, err := h.Old.Judge(r)
	if err != nil {
		return reset.Link{}, err
	}
	left := expires.Sub(h.now())
	if left <= 0 {
		return reset.Link{}, ErrRejected
	}

	longest := h.Service.Settings().Lifetime
	link, err := h.Service.Link(r.Context(), userID, reset.LinkOptions{
		Lifetime: min(max(left, time.Minute), longest),
	})
	for _, dead := range []error{
		reset.ErrUserNotFound, reset.ErrUserDisabled,
		reset.ErrNotEligible, reset.ErrNoPassword,
	} {
		if errors.Is(err, dead) {
			return reset.Link{}, ErrRejected
		}
	}
	return link, err
}

func (h *Handler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// An Account is what the links of other systems were made from.
type Account struct {
	ID, Email, Hash string
	LastLogin       time.Time // zero for never
	Changed         time.Time // when the password was changed last
}

// Find loads an account by what an old link names: its id, its address or its
// login. It answers ErrRejected for nobody.
type Find func(ctx context.Context, key string) (Account, error)
