package reset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// InviteInput names an account without a password.
type InviteInput struct {
	UserID string
	// Locale is as in [RequestInput].
	Locale string
	// Lifetime is the link's, at most Config.Lifetimes.Invite, which zero means.
	Lifetime time.Duration
}

// Invite mails the account a link that sets its first password. It is for
// callers who may know who has an account, administrators for instance. It
// looks the account up and says what is wrong with it. It charges no limits.
// Confirm takes the link as it takes any other.
//
// An invitation is bound to the stored hash, and an empty hash is a state that
// comes back. So before an account whose hash is empty is sent its link, the
// worker calls Store.ReplaceHash to write a marker that no password matches,
// "!" and 40 random letters and digits. That is a write like any other, with
// what the store does in it: ended sessions, a new stamp, an audit row. If it
// fails, the invitation is not sent and is retried. An account that holds a
// marker already is left alone, and several invitations live until one is used.
//
// The rest is up to the application. To take a password away it must write a
// fresh marker of that form, or set Disabled, or change the Stamp. It must
// never write back an old hash or marker, nor use one marker for all, since
// invitations that were bound to it would be good again.
//
// The error matches [ErrUserNotFound], [ErrUserDisabled], [ErrHasPassword],
// [ErrQueueFull] or [ErrClosed]. Anything else is internal, or in.Lifetime is
// out of range.
func (s *Service) Invite(ctx context.Context, in InviteInput) error {
	if err := s.checkLifetime(token.PurposeInvite, in.Lifetime); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	user, err := s.loadEligible(ctx, in.UserID, token.PurposeInvite)
	if err != nil {
		return err
	}

	job := Job{
		ID: mail.NewID(), Kind: mail.KindInvite, UserID: user.ID,
		Locale:      languages(in.Locale),
		RequestedAt: s.cfg.Now().UTC().Round(0), Lifetime: in.Lifetime,
	}

	if s.cfg.Queue.Synchronous {
		return s.workInline(ctx, job)
	}
	if err := s.enqueue(ctx, job, bill{}); err != nil {
		return fmt.Errorf("reset: queue the invitation: %w", err)
	}
	return nil
}

// errUnmarked is the error for a look-up that does not show what was written,
// as from a replica that lags.
var errUnmarked = errors.New("the account does not show its marker yet")

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

func (s *Service) writeMarker(ctx context.Context, user User) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	marker := hash.Unusable()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(ctx, user, marker)
	})
	return scrub(err, marker, user.Email)
}
