package reset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/lostkey-go/lostkey/token"
)

// PurposeDispute is the purpose of the link "this was not me" in the notice of
// a changed password. It locks an account and never opens one. No password can
// be set with it, and no other link disputes anything.
const PurposeDispute token.Purpose = "dispute"

// A Dispute tells a hook which account's owner says that a changed password was
// somebody else's doing.
type Dispute struct {
	UserID  string
	TokenID string
	// Client is who says so, or the zero Addr.
	Client netip.Addr
	// SessionsEnded says that the function of [EndSessionsWith] has just ended
	// the account's sessions. If it is false the hook must, because the store
	// ends them inside ReplaceHash alone, or because the function failed.
	SessionsEnded bool
}

// A DisputeInput is what a visitor of the dispute page sends. It prints, logs
// and marshals to JSON as its client alone. That protection is lost in an
// unexported field of another struct, and under %p and %w, where the fmt
// package does not call methods.
type DisputeInput struct {
	// Token is the text of the token, without the rest of the link.
	Token string
	// Client is as in [RequestInput].
	Client netip.Addr
}

// Format prints the client alone under every verb.
func (in DisputeInput) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.DisputeInput{%s}", in.Client)
}

// LogValue logs the client alone.
func (in DisputeInput) LogValue() slog.Value {
	return slog.StringValue(in.Client.String())
}

// MarshalJSON writes the client alone.
func (in DisputeInput) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ Client netip.Addr }{in.Client})
}

var errNoDisputes = errors.New("reset: Config.Hooks.OnDisputed is nil")

// CheckDispute says whether Dispute would take the link now. It changes
// nothing, spends nothing and charges Limits.Check, as [Service.Check] does.
// The error matches [ErrRejected], is a *[ThrottledError], or is internal.
func (s *Service) CheckDispute(
	ctx context.Context, in CheckInput,
) (CheckResult, error) {
	if s.cfg.Hooks.OnDisputed == nil {
		return CheckResult{}, errNoDisputes
	}

	user, claims, ev, err := s.open(ctx, opening{
		purpose: PurposeDispute, raw: in.Token, client: plainClient(in.Client),
		signed: &s.limits.check, junk: &s.limits.check, bound: boundNotice,
	})
	if err != nil {
		if errors.Is(err, ErrRejected) {
			ev.Outcome = OutcomeCheckRejected
			s.events.record(ctx, ev)
		}
		return CheckResult{}, err
	}
	return CheckResult{
		ExpiresAt:   claims.ExpiresAt,
		MaskedEmail: maskAddress(user.Email),
		Email:       user.Email,
		Label:       user.Label,
		Purpose:     claims.Purpose,
	}, nil
}

// Dispute locks the account whose owner says that a changed password was
// somebody else's doing. It verifies the link of the notice, ends the account's
// sessions where [EndSessionsWith] says how, and calls Config.Hooks.OnDisputed,
// whatever became of the sessions. It grants nothing.
//
// The link is bound to the new hash and to the address it was mailed to. The
// next change of either kills it. Until then, and until it is too old, it may
// be used any number of times, also for an account that is disabled by now. So
// the hook must do no harm when it is called again.
//
// What a thief of the mailbox can do with the link is to lock the owner out.
// That is a nuisance and no takeover, and the thief could have reset the
// password instead. Who took an account over can kill the link by a further
// change of the password or the address, so the application's own pages should
// ask for a proof before either.
//
// Each call charges one limit, as [Service.Confirm] does. The error matches
// [ErrRejected] or is a *[ThrottledError]. Any other error is internal: the
// store, the hook or the function that ends sessions failed, and the visitor
// should try again. ctx governs the look-up. Sessions and the hook have ten
// seconds each, which the visitor cannot cut short.
func (s *Service) Dispute(ctx context.Context, in DisputeInput) error {
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

	user, _, ev, err := s.open(ctx, opening{
		purpose: PurposeDispute, raw: in.Token, client: client,
		signed: &s.limits.confirmUser, junk: &s.limits.confirmClient,
		bound: boundNotice,
	})
	if err != nil {
		return s.refuse(ctx, ev, OutcomeDisputeFailed, err)
	}
	return s.lock(context.WithoutCancel(ctx), user, ev)
}

// errSessions is the error of a dispute whose sessions may be alive.
var errSessions = errors.New("the account's sessions could not be ended")

// lock ends sessions and calls the hook.
func (s *Service) lock(ctx context.Context, user User, ev Event) error {
	ended := s.cfg.Sessions.end != nil && s.endSessions(ctx, user, ev)

	err := s.callHook(
		ctx, "Config.Hooks.OnDisputed", func(ctx context.Context) error {
			return s.cfg.Hooks.OnDisputed(ctx, Dispute{
				UserID: user.ID, TokenID: ev.TokenID, Client: ev.Client,
				SessionsEnded: ended,
			})
		},
	)
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

// boundNotice is what a link that disputes a notice is bound to. A disabled
// account takes it, since the hook disables it. A new stamp does not matter,
// because whoever took the account over could make one by signing in.
func boundNotice(
	_ context.Context, user User,
) (token.State, Reason, error) {
	state := stateOf(user)
	state.Stamp = token.Hidden{}
	return state, "", nil
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
