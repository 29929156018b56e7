package reset

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/lostkey-go/lostkey/token"
)

// PurposeDispute is the purpose of links for [Service.Dispute].
const PurposeDispute token.Purpose = "dispute"

// A Dispute is for Hooks.OnDisputed.
type Dispute struct {
	SiteName string
	UserID   string
	TokenID  string
	Client   netip.Addr
	// SessionsEnded says that the function of [EndSessionsWith] has just ended
	// the sessions, which it does once more after the hook. Where it failed,
	// Dispute fails after the hook. Without one the hook must end the sessions.
	SessionsEnded bool
}

var errNoDisputes = errors.New("reset: Config.Hooks.OnDisputed is nil")

// CheckDispute is [Service.Check] for [Service.Dispute].
func (s *Service) CheckDispute(
	ctx context.Context, in CheckInput,
) (CheckResult, error) {
	if s.cfg.Hooks.OnDisputed == nil {
		return CheckResult{}, errNoDisputes
	}

	good, ev, err := s.openDispute(ctx, in, &s.limits.check, &s.limits.check)
	if err != nil {
		return CheckResult{}, s.refuse(
			ctx, ev, OutcomeCheckRejected, OutcomeCheckFailed, err,
		)
	}
	return good.result(), nil
}

// openDispute opens a link that disputes a notice, whichever of the account's
// addresses it went to.
func (s *Service) openDispute(
	ctx context.Context, in CheckInput, signed, junk *throttle,
) (grant, Event, error) {
	return s.open(ctx, opening{
		raw: in.Token, client: plainClient(in.Client),
		purposes: []token.Purpose{PurposeDispute},
		signed:   signed, junk: junk, anyAddress: true,
		bound: func(_ context.Context, user User) (token.State, Reason, error) {
			return disputeState(user), "", nil
		},
	})
}

// Dispute locks the account whose owner says "this was not me" of a changed
// password. It verifies the link of the notice, ends sessions where
// [EndSessionsWith] says how, calls Hooks.OnDisputed in any case, and ends the
// sessions that began before the hook locked the account. Limits are those of
// Confirm. The page must wait for somebody to press a button.
//
// The link is good, any number of times, until it is too old or the new hash or
// the address it went to changes. So a thief of the mailbox can lock the owner
// out. A thief of the account can kill the link by another change, so ask for a
// proof before each.
//
// The error matches [ErrRejected] or is a *[ThrottledError]. After any other
// the visitor should try again. ctx governs the look-up. Sessions and the hook
// have ten seconds each time.
func (s *Service) Dispute(ctx context.Context, in CheckInput) error {
	if s.cfg.Hooks.OnDisputed == nil {
		return errNoDisputes
	}
	client := plainClient(in.Client)
	if s.blocked(client) {
		s.events.recordLater(Event{
			Outcome: OutcomeBlocked, Client: client, Purpose: PurposeDispute,
		})
		return ErrRejected
	}

	good, ev, err := s.openDispute(
		ctx, in, &s.limits.confirmUser, &s.limits.confirmClient,
	)
	if err != nil {
		return s.refuse(ctx, ev, OutcomeRejected, OutcomeDisputeFailed, err)
	}
	return s.lock(context.WithoutCancel(ctx), good.user, ev)
}

// errSessions is the error of a dispute whose sessions may be alive.
var errSessions = errors.New("the account's sessions could not be ended")

// lock ends sessions and calls the hook.
func (s *Service) lock(ctx context.Context, user User, ev Event) error {
	ended := s.cfg.Sessions.end != nil && s.endSessions(ctx, user, ev)

	err := callHook(
		ctx, s, "Config.Hooks.OnDisputed", func(ctx context.Context) error {
			return s.cfg.Hooks.OnDisputed(ctx, Dispute{
				SiteName: s.name, UserID: user.ID, TokenID: ev.TokenID,
				Client: ev.Client, SessionsEnded: ended,
			})
		},
	)
	if err == nil && ended {
		// Whoever has the password may have signed in before the lock.
		ended = s.endSessions(ctx, user, ev)
	}
	if err == nil && s.cfg.Sessions.end != nil && !ended {
		err = errSessions
	}
	if err != nil {
		err = fmt.Errorf("reset: lock the account: %w",
			scrub(err, user.secrets()...))
		ev.Outcome, ev.Reason, ev.Err = OutcomeDisputeFailed, reasonHook, err
		s.events.record(ctx, ev)
		return err
	}

	ev.Outcome = OutcomeDisputed
	s.events.record(ctx, ev)
	return nil
}

// disputeState is what a link that disputes a notice is bound to. A disabled
// account takes it, since the hook disables it. A new stamp does not matter,
// because whoever took the account over could make one by signing in.
func disputeState(user User) token.State {
	state := stateOf(user)
	state.Stamp = token.Hidden{}
	return state
}

// noticeFor returns the mails of a notice, and decides which have a link that
// disputes it. The account must still have the hash that the notice tells of,
// and the address that the mail goes to. The notice matters more than the link.
// When the account cannot be read for long, it goes out without.
func (s *Service) noticeFor(ctx context.Context, job Job) ([]delivery, error) {
	made := s.notices(ctx, job)
	if len(made) == 0 || job.Dispute == "" || s.cfg.Hooks.OnDisputed == nil {
		return made, nil
	}

	user, err := s.findByID(ctx, job.UserID)
	late := s.cfg.Now().Sub(job.RequestedAt) > s.cfg.Queue.Window
	switch {
	case errors.Is(err, ErrUserNotFound),
		err != nil && (late || s.cfg.Queue.Synchronous):
		return made, nil
	case err != nil:
		return nil, err
	case s.digestHash(user) != job.Dispute:
		return made, nil
	}

	has := append([]string{user.Email}, user.Recovery...)
	user.Label = job.Label
	for i, d := range made {
		if slices.Contains(has, d.to) {
			made[i].user, made[i].disputable = user, true
		}
	}
	return made, nil
}
