package reset

import (
	"context"

	"github.com/lostkey-go/lostkey/mail"
)

// allowed asks Hooks.Eligible whether the account may use this flow.
func (s *Service) allowed(ctx context.Context, user User) (bool, error) {
	if s.cfg.Hooks.Eligible == nil {
		return true, nil
	}

	ok, err := ask(
		ctx, s, "Config.Hooks.Eligible",
		func(ctx context.Context) (bool, error) {
			return s.cfg.Hooks.Eligible(ctx, user)
		},
	)
	return ok, scrub(err, user.secrets()...)
}

// prepare asks whether an account that could have a link may have one, and
// gives one that is invited its mark.
func (s *Service) prepare(
	ctx context.Context, job Job, user User,
) (_ User, kind mail.Kind, reason Reason, err error) {
	allowed, err := s.allowed(ctx, user)
	if err != nil {
		return user, "", "", err
	}
	if !allowed {
		return user, "", reasonNotEligible, nil
	}
	if job.Kind != mail.KindInvite {
		return user, job.Kind, "", nil
	}

	if user, err = s.mark(ctx, user); err != nil {
		return user, "", "", err
	}
	kind, reason = s.kindFor(job, user)
	return user, kind, reason, nil
}
