package reset

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// notice is the job that tells the owner of a changed password, at all
// addresses the account had when the link was used. user has the new hash.
func (s *Service) notice(
	user User, client netip.Addr, locale, userAgent string,
) Job {
	dispute := ""
	if s.cfg.Hooks.OnDisputed != nil {
		dispute = s.digestHash(user)
	}
	first, others := user.addresses(user.Email)
	return Job{
		ID: mail.NewID(), Kind: mail.KindPasswordChanged, Dispute: dispute,
		Email: first, Also: others, Label: user.Label,
		UserID:  user.ID,
		Locale:  languages(user.Locale, locale),
		Browser: mail.CoarseClient(userAgent), Client: client,
		RequestedAt: s.cfg.Now().UTC().Round(0),
	}
}

// sendNotice queues a notice, or does it at once.
func (s *Service) sendNotice(ctx context.Context, job Job, ev Event) {
	err := s.queueOwn(ctx, job)
	if err != nil && !s.cfg.Queue.Synchronous {
		s.events.recordFailure(ctx, job, Event{
			UserID: job.UserID, TokenID: ev.TokenID, Purpose: ev.Purpose,
			Reason: reasonQueue,
			Err:    scrub(err, append([]string{job.Email}, job.Also...)...),
		})
	}
}

// suspect does what can be done about a write whose outcome is unknown. It ends
// sessions, in case the write is in force already, and queues a job that looks
// for it later. The job says by keyed digests which hash was there and which is
// to come, and whose link it was.
func (s *Service) suspect(
	ctx context.Context, job Job, user User, encoded string,
	ev Event, cause error,
) error {
	s.endSessions(ctx, user, ev)

	err := fmt.Errorf("reset: store the new password: %w", cause)
	failed := ev
	failed.Outcome, failed.Reason, failed.Err =
		OutcomeConfirmFailed, reasonUnknown, err
	s.events.record(ctx, failed)

	after := user
	after.PasswordHash = encoded
	job.Unresolved = strings.Join([]string{
		s.digestHash(user), s.digestHash(after), ev.TokenID, string(ev.Purpose),
	}, ".")

	s.sendNotice(ctx, job, ev)
	return err
}

// digestHash is a keyed digest of the account's stored hash, so that whoever
// reads a queue can test no guesses against it. Its key comes from the ring's
// signing key, so a job from before a rotation matches nothing and is dropped.
func (s *Service) digestHash(user User) string {
	return s.digest("hash\x00" + user.ID + "\x00" + user.PasswordHash)
}

// errPending is the error of a job whose write has not shown yet.
var errPending = errors.New(
	"reset: a write of unknown outcome has not shown yet",
)

// resolve looks whether the write of a pending job has come into force. If it
// has, resolve does what Confirm would have done and returns the job as a plain
// notice. It returns a job without a kind when there is nothing to tell, since
// the account is gone or somebody else has changed its hash. An error means
// that it is too early to say.
func (s *Service) resolve(ctx context.Context, job Job) (Job, error) {
	user, err := s.findByID(ctx, job.UserID)
	if errors.Is(err, ErrUserNotFound) {
		return Job{}, nil
	}
	if err != nil {
		err = fmt.Errorf("reset: load the account: %w",
			scrub(err, append([]string{job.Email}, job.Also...)...))
		s.events.recordRetry(ctx, job, Event{
			UserID: job.UserID, Reason: reasonStore, Err: err,
		})
		return Job{}, err
	}

	parts := strings.Split(job.Unresolved, ".")
	if len(parts) != 4 {
		return Job{}, nil
	}
	switch s.digestHash(user) {
	case parts[0]:
		return Job{}, errPending
	case parts[1]:
	default:
		return Job{}, nil
	}

	ev := Event{
		Client: job.Client, UserID: user.ID,
		TokenID: parts[2], Purpose: token.Purpose(parts[3]),
	}
	job.SessionsEnded = s.conclude(
		context.WithoutCancel(ctx), user, job.Email, ev,
	)
	job.Unresolved = ""

	if s.cfg.Mail.SkipNotice {
		return Job{}, nil
	}
	return job, nil
}
