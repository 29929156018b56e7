package reset

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

// makeHash asks the policy and hashes.
func (s *Service) makeHash(
	ctx context.Context, password string, user User, ev Event,
) (string, error) {
	hidden := append(user.secrets(), personal(user)...)
	hidden = append(hidden, password)
	fail := func(reason Reason, doing string, err error) (string, error) {
		err = fmt.Errorf("reset: %s: %w", doing, scrub(err, hidden...))
		ev.Outcome, ev.Reason, ev.Err = OutcomeConfirmFailed, reason, err
		s.events.record(ctx, ev)
		return "", err
	}
	refuse := func(refused *policy.Error) (string, error) {
		ev.Outcome, ev.Reason = OutcomePasswordRefused, reasonOf(refused)
		ev.Err = scrub(refused, hidden...)
		s.events.record(ctx, ev)
		return "", refused
	}

	err := s.cfg.Policy.Check(ctx, password, s.words(user))
	if refused, ok := errors.AsType[*policy.Error](err); ok {
		return refuse(refused)
	}
	if err != nil {
		return fail(reasonPolicy, "ask the password policy", err)
	}

	encoded, err := s.cfg.Hasher.Hash(ctx, password)
	switch {
	case errors.Is(err, hash.ErrPasswordTooLong):
		// A policy of the application's own need not know this bound.
		return refuse(&policy.Error{Problems: []policy.Problem{
			{Code: policy.CodeTooLong, Max: hash.MaxPasswordBytes},
		}})
	case errors.Is(err, hash.ErrEmptyPassword):
		return refuse(&policy.Error{Problems: []policy.Problem{
			{Code: policy.CodeTooShort, Min: 1},
		}})
	case errors.Is(err, hash.ErrNUL):
		return refuse(&policy.Error{Problems: []policy.Problem{
			{Code: policy.CodeControl},
		}})
	case errors.Is(err, hash.ErrBusy):
		return fail(reasonBusy, "hash the password", err)
	case err != nil:
		return fail(reasonHash, "hash the password", err)
	case encoded == user.PasswordHash:
		// Only a hasher without a salt can do this. The link would stay alive.
		return fail(
			reasonHash, "hash the password",
			errors.New("the new hash equals the old one"),
		)
	}

	return encoded, nil
}

// reasonOf returns the code of the first problem. A policy of the application's
// own may have codes that are no Reason.
func reasonOf(refused *policy.Error) Reason {
	if len(refused.Problems) == 0 {
		return reasonPolicy
	}

	switch code := refused.Problems[0].Code; code {
	case policy.CodeTooShort, policy.CodeTooLong, policy.CodeInvalidUTF8,
		policy.CodeControl, policy.CodeCommon, policy.CodeContext,
		policy.CodeBreached:
		return Reason(code)
	default:
		return reasonPolicy
	}
}

// words are what an attacker would try first for this account.
func (s *Service) words(user User) []string {
	return append([]string{s.cfg.Mail.Product, s.host}, personal(user)...)
}

// personal are the account's addresses, whole and up to the '@'.
func personal(user User) (words []string) {
	for _, addr := range append([]string{user.Email}, user.Recovery...) {
		local, _, _ := strings.Cut(addr, "@")
		words = append(words, addr, local)
	}
	return words
}

// replace writes the new hash if the account is still as it was verified, and
// finds out what happened when the store cannot tell. It returns nil when the
// new hash is in force, and an error that matches ErrUnknownOutcome when it may
// be, now or later.
func (s *Service) replace(
	ctx context.Context, seen User, encoded string, ev Event,
) error {
	// A write that was sent cannot be called back, only lost sight of. The
	// visitor's hanging up must not end it half way.
	ctx = context.WithoutCancel(ctx)
	writeCtx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := guard("Store.ReplaceHash", func() error {
		return s.cfg.Store.ReplaceHash(writeCtx, seen, encoded)
	})
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrStale) {
		return s.lostRace(ctx, ev)
	}

	// A reply may be lost after the server has committed, by a reset
	// connection, a deadline or a failing pool. Only the row knows.
	now, readErr := s.findByID(ctx, seen.ID)
	switch {
	case readErr == nil && now.PasswordHash == encoded:
		return nil
	case readErr == nil && now.PasswordHash != seen.PasswordHash,
		errors.Is(readErr, ErrUserNotFound):
		return s.lostRace(ctx, ev)
	}

	// The old hash proves nothing. The server may still hold the write, or the
	// row came from a replica that lags.
	err = scrub(
		errors.Join(err, readErr), append(seen.secrets(), encoded)...,
	)
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// lostRace returns the answer to a link that was good when verified, but after
// another confirmation or a changed password or address that came first.
func (s *Service) lostRace(ctx context.Context, ev Event) error {
	ev.Outcome, ev.Reason = OutcomeLostRace, Reason(token.ReasonStale)
	s.events.record(ctx, ev)
	return &token.RejectedError{
		Reason: token.ReasonStale, UserID: ev.UserID, TokenID: ev.TokenID,
	}
}

// conclude does everything that follows a stored password, except for the
// notice. linked is the address that the link went to. The password is changed
// whatever happens here, so failures become events.
func (s *Service) conclude(
	ctx context.Context, user User, linked string, ev Event,
) (sessionsEnded bool) {
	// Sessions come first, since whoever has the old password may be signed in
	// right now.
	sessionsEnded = s.endSessions(ctx, user, ev)
	ev.Outcome = OutcomeConfirmed
	s.events.record(ctx, ev)

	done := Confirmation{
		SiteName: s.name,
		UserID:   user.ID,
		Email:    linked,
		TokenID:  ev.TokenID,
		Purpose:  ev.Purpose,
		Client:   ev.Client,
	}
	for i, hook := range s.cfg.Hooks.OnConfirmed {
		err := callHook(
			ctx, s, fmt.Sprintf("Config.Hooks.OnConfirmed[%d]", i),
			func(ctx context.Context) error { return hook(ctx, done) },
		)
		if err != nil {
			failed := ev
			failed.Outcome, failed.Err = OutcomeHookFailed,
				scrub(err, user.secrets()...)
			s.events.record(ctx, failed)
		}
	}

	return sessionsEnded
}

// sessionAttempts is how often a function that fails to end sessions is called,
// within hookTimeout.
const sessionAttempts = 3

func (s *Service) endSessions(
	ctx context.Context, user User, ev Event,
) (ended bool) {
	if s.cfg.Sessions.end == nil {
		return s.cfg.Sessions.inStore
	}

	trying, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	var err error
	for n := 0; n < sessionAttempts && trying.Err() == nil; n++ {
		if n > 0 {
			pause(trying, time.Duration(n)*100*time.Millisecond)
		}
		err = callHook(
			trying, s, "Config.Sessions", func(ctx context.Context) error {
				return s.cfg.Sessions.end(ctx, user.ID)
			},
		)
		if err == nil {
			return true
		}
	}

	ev.Outcome, ev.Err = OutcomeSessionsFailed,
		scrub(err, user.secrets()...)
	s.events.record(ctx, ev)
	return false
}

// pause lets a database that has just failed recover.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
