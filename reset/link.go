package reset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/token"
)

// A Link is a live link. Whoever holds it can set the account's password.
type Link struct {
	// url is behind a pointer, because fmt prints an address even where it
	// cannot call Format.
	url     *string
	expires time.Time
	tokenID string
}

// Reveal returns the URL, or "" for the zero Link.
func (l Link) Reveal() string {
	if l.url == nil {
		return ""
	}
	return *l.url
}

// ExpiresAt returns when the link stops working, at the latest.
func (l Link) ExpiresAt() time.Time { return l.expires }

// TokenID returns what events call the link's token.
func (l Link) TokenID() string { return l.tokenID }

// String names the link by its TokenID.
func (l Link) String() string { return "reset.Link{" + l.tokenID + "}" }

// Format prints String.
func (l Link) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, l.String())
}

// LogValue logs String.
func (l Link) LogValue() slog.Value { return slog.StringValue(l.String()) }

// MarshalText writes String.
func (l Link) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// linkOf makes the link of a mail, and none for a mail without.
func (s *Service) linkOf(job Job, d delivery) (Link, string, error) {
	own, isOwn := s.cfg.Pages.Purposes[d.purpose()]

	switch {
	case d.disputable:
		bound := d.user
		bound.Email = d.to

		// Whoever locks an account may have scripts switched off, and can paste
		// the link then, but must not leave it in a log.
		return s.issueFor(
			d.purpose(), disputeState(bound), 0,
			s.cfg.Pages.Dispute, LinkFragment,
		)
	case isOwn:
		return s.issueFor(
			d.purpose(), d.state, job.Lifetime, own.Path, s.cfg.Pages.LinkStyle,
		)
	case d.hasLink():
		bound := d.user
		bound.Email = d.to // the link is good while the account has it.
		return s.issue(bound, d.purpose(), job.Lifetime, job.ReturnTo)
	default:
		return Link{}, "", nil
	}
}

// issue makes a token and its link, which returns to a place if there is one of
// that key. The raw text is returned for removal from errors.
func (s *Service) issue(
	user User, purpose token.Purpose, lifetime time.Duration, returnTo string,
) (Link, string, error) {
	link, raw, err := s.issueFor(
		purpose, stateOf(user), lifetime, s.cfg.Pages.Reset,
		s.cfg.Pages.LinkStyle,
	)
	if err != nil {
		return Link{}, "", err
	}
	return link.returningTo(s.cfg.Pages.returnKey(returnTo)), raw, nil
}

func (s *Service) issueFor(
	purpose token.Purpose, state token.State, lifetime time.Duration,
	page string, style LinkStyle,
) (Link, string, error) {
	issued, err := s.signer.Issue(purpose, state, lifetime)
	if err != nil {
		return Link{}, "", err
	}

	raw := issued.Reveal()
	text := s.cfg.Site + page + linkMark(style) + raw
	return Link{
		url: &text, expires: issued.ExpiresAt(), tokenID: issued.ID(),
	}, raw, nil
}

// linkMark stands between the path of a page and the token. The slash keeps a
// link that was rewritten on its way inside the subtree of the page, where '#'
// may have become "%23" and so a part of the path.
func linkMark(style LinkStyle) string {
	if style == LinkQuery {
		return "/?token="
	}
	return "/#token="
}

// stateOf is what a token is bound to.
func stateOf(user User) token.State {
	return token.State{
		UserID:       user.ID,
		PasswordHash: token.Hide(user.PasswordHash),
		Email:        token.Hide(user.Email),
		Stamp:        token.Hide(user.Stamp),
	}
}

func (s *Service) checkLifetime(
	purpose token.Purpose, lifetime time.Duration,
) error {
	top := s.cfg.Lifetimes.MaxReset
	own, isOwn := s.cfg.Pages.Purposes[purpose]
	switch {
	case purpose == token.PurposeReset:
	case purpose == token.PurposeInvite:
		top = s.cfg.Lifetimes.Invite
	case isOwn:
		top = own.Lifetime
	default:
		return fmt.Errorf("reset: purpose %q is not known", purpose)
	}

	if lifetime != 0 && (lifetime < minLifetime || lifetime > top) {
		return fmt.Errorf(
			"reset: the lifetime is %v, want %v to %v",
			lifetime, minLifetime, top,
		)
	}
	return nil
}

// mark writes a fresh unusable mark over an empty hash, and returns the
// account as it is then. An invitation is bound to the stored hash. Bound to an
// empty one it would be good again whenever somebody clears the hash, and no
// mark comes a second time. An account with a mark is left alone, so that
// of several invitations all live until one is used. The caller must look at
// the result as if it had just been read.
func (s *Service) mark(ctx context.Context, user User) (User, error) {
	for attempt := 0; user.PasswordHash == "" && !user.Disabled; attempt++ {
		if attempt == 2 {
			return User{}, fmt.Errorf(
				"reset: mark the account: %w", errUnmarked,
			)
		}

		writeErr := s.writeMarker(ctx, user)

		// Whatever the store said, only the row tells what a link can be bound
		// to. Another invitation may have been faster.
		var err error
		user, err = s.findByID(ctx, user.ID)
		if err == nil && user.PasswordHash == "" &&
			!errors.Is(writeErr, ErrStale) {
			err = cmp.Or(writeErr, errUnmarked)
		}
		if err != nil {
			return User{}, fmt.Errorf("reset: mark the account: %w", err)
		}
	}
	return user, nil
}

// errUnmarked is the error for a look-up that does not show what was written,
// as from a replica that lags.
var errUnmarked = errors.New("the account does not show its mark yet")

func (s *Service) writeMarker(ctx context.Context, user User) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	marker := hash.NewUnusable()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(ctx, user, marker)
	})
	return scrub(err, append(user.secrets(), marker)...)
}
