package reset

import (
	"context"
	"errors"
	"fmt"
)

// maxProof is the longest ConfirmInput.Proof. A signed assertion of a security
// key takes some 2 KiB.
const maxProof = 4 << 10

// prove asks Hooks.BeforeConfirm, once the link is known to be good. Each call
// charges the account, so that nobody can try out all the codes there are. What
// a good proof was charged is given back.
func (s *Service) prove(
	ctx context.Context, in ConfirmInput, user User, ev Event,
) error {
	if s.cfg.Hooks.BeforeConfirm == nil {
		return nil
	}
	if len(in.Proof) > maxProof {
		return s.proofRefused(ctx, ev, ErrProofRefused)
	}

	paid, wait, ok := s.limits.charge(
		ctx, &s.limits.proof, s.digest(user.ID), ev,
	)
	if !ok {
		return s.limits.throttled(limitProof, wait, ev)
	}

	pending := s.pending(user, ev)
	pending.Proof = in.Proof
	const hook = "Config.Hooks.BeforeConfirm"
	err := callHook(ctx, s, hook, func(ctx context.Context) error {
		return s.cfg.Hooks.BeforeConfirm(ctx, pending)
	})
	err = scrub(
		err, append(user.secrets(), in.Proof, in.Token, in.Password)...,
	)

	switch {
	case err == nil:
		s.limits.refund(ctx, paid, ev)
		return nil
	case errors.Is(err, ErrProofRefused):
		return s.proofRefused(ctx, ev, err)
	}
	err = fmt.Errorf("reset: ask for a second proof: %w", err)
	ev.Outcome, ev.Reason, ev.Err = OutcomeConfirmFailed, reasonHook, err
	s.events.record(ctx, ev)
	return err
}

// proofRefused records a refused proof. What the hook said is for the event
// alone.
func (s *Service) proofRefused(ctx context.Context, ev Event, err error) error {
	ev.Outcome, ev.Err = OutcomeProofRefused, err
	s.events.record(ctx, ev)
	return ErrProofRefused
}

// proofKind asks which proof a page must ask for.
func (s *Service) proofKind(
	ctx context.Context, user User, ev Event,
) (string, error) {
	if s.cfg.Hooks.ProofKind == nil {
		return "", nil
	}

	kind, err := ask(
		ctx, s, "Config.Hooks.ProofKind",
		func(ctx context.Context) (string, error) {
			return s.cfg.Hooks.ProofKind(ctx, s.pending(user, ev))
		},
	)
	if err != nil {
		return "", scrub(err, user.secrets()...)
	}
	return kind, nil
}

func (s *Service) pending(user User, ev Event) Pending {
	return Pending{
		SiteName: s.name, UserID: user.ID, Label: user.Label,
		Purpose: ev.Purpose, TokenID: ev.TokenID, Client: ev.Client,
	}
}
