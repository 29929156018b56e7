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
	text := s.cfg.Site + s.cfg.Pages.Reset
	if s.cfg.Pages.LinkStyle == LinkQuery {
		text += "?token=" + raw
	} else {
		text += "#token=" + raw
	}
	return Link{
		url: &text, expires: issued.ExpiresAt(), tokenID: issued.ID(),
	}, raw, nil
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
			"reset: the lifetime is %v, want %v to %v",
			lifetime, minLifetime, top,
		)
	}
	return nil
}

// mark writes a fresh unusable marker over an empty hash, and returns the
// account as it is then. An invitation is bound to the stored hash. Bound to an
// empty one it would be good again whenever somebody clears the hash, and no
// marker comes a second time. An account with a marker is left alone, so that
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
var errUnmarked = errors.New("the account does not show its marker yet")

func (s *Service) writeMarker(ctx context.Context, user User) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	marker := hash.Unusable()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(ctx, user, marker)
	})
	return scrub(err, append(user.secrets(), marker)...)
}
