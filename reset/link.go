package reset

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

// LinkStyle is where a link carries its token.
type LinkStyle int

const (
	// LinkFragment puts the token behind '#'. Browsers keep that part to
	// themselves, so it reaches no server log, proxy, Referer header or mail
	// scanner. A script on the page moves it into the form.
	LinkFragment LinkStyle = iota
	// LinkQuery puts the token into the query, which works without scripts and
	// where mail gateways drop the fragment, and is written to access logs.
	LinkQuery
)

// A Link is a live link. Whoever holds it can set the account's password. It
// prints, logs and marshals redacted.
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

// ExpiresAt returns when the link stops working if nothing else stops it
// before.
func (l Link) ExpiresAt() time.Time { return l.expires }

// TokenID returns what events call the link's token.
func (l Link) TokenID() string { return l.tokenID }

// String names the link by its token's id.
func (l Link) String() string { return "reset.Link{" + l.tokenID + "}" }

// Format prints String under every verb.
func (l Link) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, l.String())
}

// LogValue logs String.
func (l Link) LogValue() slog.Value { return slog.StringValue(l.String()) }

// MarshalText writes String.
func (l Link) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// LinkOptions says which link to make. The zero value is a reset link of the
// default lifetime.
type LinkOptions struct {
	// Purpose is token.PurposeReset, also when empty, or token.PurposeInvite.
	Purpose token.Purpose
	// Lifetime is at most the purpose's longest. Zero means its default.
	Lifetime time.Duration
}

// Link makes a link for the account without sending it, for support staff or
// for a channel of the application's own. It is as good as a password while it
// lives, so the caller must make sure who gets it. No limit is charged and no
// mail is sent. An invitation may write a marker into the account, as
// [Service.Invite] says.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrNoPassword] (for
// a reset link) or [ErrHasPassword] (for an invitation). Anything else is
// internal, or a LinkOptions that is out of range.
func (s *Service) Link(
	ctx context.Context, userID string, opts LinkOptions,
) (Link, error) {
	if opts.Purpose == "" {
		opts.Purpose = token.PurposeReset
	}
	if err := s.checkLifetime(opts.Purpose, opts.Lifetime); err != nil {
		return Link{}, err
	}

	user, err := s.loadEligible(ctx, userID, opts.Purpose)
	if err != nil {
		return Link{}, err
	}
	if opts.Purpose == token.PurposeInvite {
		if user, err = s.mark(ctx, user); err != nil {
			return Link{}, err
		}
		if err := s.checkEligible(user, opts.Purpose); err != nil {
			return Link{}, err
		}
	}

	made, _, err := s.issue(user, opts.Purpose, opts.Lifetime)
	if err != nil {
		return Link{}, fmt.Errorf("reset: make a link: %w", err)
	}
	s.record(ctx, Event{
		Outcome: OutcomeLinkMade, UserID: user.ID,
		TokenID: made.tokenID, Purpose: opts.Purpose,
	})
	return made, nil
}

// loadEligible reads an account that a trusted caller names, and tells that
// caller why it can have no link.
func (s *Service) loadEligible(
	ctx context.Context, userID string, purpose token.Purpose,
) (User, error) {
	user, err := s.findByID(ctx, userID)
	if err != nil {
		return User{}, fmt.Errorf("reset: load the account: %w", err)
	}
	return user, s.checkEligible(user, purpose)
}

func (s *Service) checkEligible(user User, purpose token.Purpose) error {
	hasPassword := s.cfg.Hasher.HasPassword(user.PasswordHash)

	switch {
	case user.Disabled:
		return ErrUserDisabled
	case purpose == token.PurposeReset && !hasPassword:
		return ErrNoPassword
	case purpose == token.PurposeInvite && hasPassword:
		return ErrHasPassword
	}
	return nil
}

// issue makes a token and its link. The raw text is returned for removal from
// errors.
func (s *Service) issue(
	user User, purpose token.Purpose, lifetime time.Duration,
) (Link, string, error) {
	issued, err := s.signer.Issue(purpose, stateOf(user), lifetime)
	if err != nil {
		return Link{}, "", err
	}

	raw := issued.Reveal()
	text := s.cfg.Site + s.cfg.Pages.Reset + linkMark(s.cfg.Pages.LinkStyle) + raw
	return Link{
		url: &text, expires: issued.ExpiresAt(), tokenID: issued.ID(),
	}, raw, nil
}

// linkMark stands between the path of the reset page and the token. The slash
// keeps a link that was rewritten on its way inside the subtree of the page,
// where '#' may have become "%23" and so a part of the path.
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
	switch purpose {
	case token.PurposeReset:
	case token.PurposeInvite:
		top = s.cfg.Lifetimes.Invite
	default:
		return fmt.Errorf(
			"reset: purpose %q is neither reset nor invite", purpose,
		)
	}

	if lifetime != 0 && (lifetime < minLifetime || lifetime > top) {
		return fmt.Errorf(
			"reset: a lifetime of %v is not between %v and %v",
			lifetime, minLifetime, top,
		)
	}
	return nil
}
