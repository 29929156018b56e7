package reset

import (
	"context"
	"errors"
	"fmt"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// maxAccounts is how many accounts on one address are mailed. Each gets a mail,
// and one request must not become a hundred.
const maxAccounts = 5

// errKind is the error for a job of a later version.
var errKind = fmt.Errorf("%w: its kind is unknown", ErrJobRefused)

// A delivery is one mail to one account, or to an address without one.
type delivery struct {
	kind mail.Kind
	to   string
	user User
	// disputable says that a notice has a link that disputes it.
	disputable bool
	// state is what a link of a purpose of the application's own is bound to.
	state token.State
}

// hasLink says that the mail is about one link.
func (d delivery) hasLink() bool {
	switch d.kind {
	case mail.KindPasswordChanged, mail.KindNoAccount,
		mail.KindSignsInElsewhere:
		return false
	default:
		return true
	}
}

func (d delivery) purpose() token.Purpose {
	if d.disputable {
		return PurposeDispute
	}
	return purposeOf(d.kind)
}

func (d delivery) outcome() (outcome Outcome, reason Reason) {
	switch d.kind {
	case mail.KindNoAccount, mail.KindSignsInElsewhere:
		return OutcomeHinted, Reason(d.kind)
	case mail.KindInvite:
		return OutcomeInvited, ""
	case mail.KindPasswordChanged:
		return OutcomeNoticeMailed, ""
	default:
		return OutcomeMailed, ""
	}
}

// deliveries looks up whom a job is for, and records everybody who gets no
// link. several says that there was more than one account to look at.
func (s *Service) deliveries(
	ctx context.Context, a attempt,
) (made []delivery, several bool, err error) {
	job := a.job
	switch job.Kind {
	case mail.KindPasswordChanged:
		made, err = s.noticeFor(ctx, job)
		return made, len(made) > 1, err
	case mail.KindReset, mail.KindInvite:
	default:
		made, err = s.ownDelivery(ctx, job)
		return made, false, err
	}

	users, err := s.find(ctx, job)
	if err != nil {
		return nil, false, err
	}

	if len(users) == 0 {
		return s.forNobody(ctx, a), false, nil
	}

	seen := make(map[string]bool, len(users))
	for _, user := range users {
		if seen[user.ID] {
			continue
		}
		seen[user.ID] = true

		d, reason, err := s.deliveryTo(ctx, job, user, len(made))
		if err != nil {
			return nil, false, err
		}

		isRepeated := d.kind != "" && d.kind == a.hint
		if reason != "" && !isRepeated {
			s.events.recordOf(ctx, job, Event{
				Outcome: OutcomeSkipped, UserID: user.ID, Reason: reason,
			})
		}
		if d.kind != "" {
			made = append(made, d)
		}
	}
	return made, len(users) > 1, nil
}

// deliveryTo returns the mail that an account gets, and why it gets no link. A
// delivery without a kind is none. others is how many the request has already.
func (s *Service) deliveryTo(
	ctx context.Context, job Job, user User, others int,
) (d delivery, reason Reason, err error) {
	kind, reason := s.kindFor(job, user)
	switch {
	case kind == "":
		return delivery{}, reason, nil
	case others == maxAccounts:
		return delivery{}, reasonTooMany, nil
	}

	if kind == job.Kind {
		user, kind, reason, err = s.prepare(ctx, job, user)
		if err != nil {
			return delivery{}, "", err
		}
	}
	return delivery{
		kind: kind, to: job.recipient(user), user: user,
	}, reason, nil
}

// forNobody records that there is no such account, and returns the hint that
// says so, if the application wants it.
func (s *Service) forNobody(ctx context.Context, a attempt) []delivery {
	job := a.job
	if a.hint != mail.KindNoAccount {
		s.events.recordOf(ctx, job, Event{
			Outcome: OutcomeSkipped, UserID: job.UserID,
			Reason: reasonUnknownAddress,
		})
	}

	if s.cfg.Mail.HintNoAccount && job.Kind == mail.KindReset &&
		isAddress(job.Email) {
		return []delivery{{kind: mail.KindNoAccount, to: job.Email}}
	}
	return nil
}

// kindFor decides which mail an account gets, if any, and why it gets no link.
func (s *Service) kindFor(job Job, user User) (kind mail.Kind, reason Reason) {
	to := job.recipient(user)
	switch {
	case user.ID == "", len(user.Recovery) > maxRecovery:
		return "", reasonBadUser
	case isAddress(job.Email) && to == "":
		// The store's collation may hold ı and i for equal. Their owners are
		// two people.
		return "", reasonAddressMismatch
	case user.Disabled:
		return "", reasonDisabled
	case !isAddress(to):
		return "", reasonBadAddress

	case job.Kind == mail.KindInvite &&
		s.cfg.Hasher.HasPassword(user.PasswordHash):
		return "", reasonHasPassword
	case job.Kind == mail.KindReset &&
		!s.cfg.Hasher.HasPassword(user.PasswordHash):
		if s.cfg.Mail.HintSignsInElsewhere {
			return mail.KindSignsInElsewhere, reasonNoPassword
		}
		return "", reasonNoPassword
	}

	return job.Kind, ""
}

// sendLimited sends one mail of a job within the account's limit. It charges
// the account by its id and the stored address, because what was typed may be
// one of many texts that lead there.
func (s *Service) sendLimited(
	ctx context.Context, a attempt, d delivery,
) (retry *attempt, err error) {
	if a.job.Kind != mail.KindReset || a.job.Email == "" || d.user.ID == "" {
		return s.send(ctx, a, d)
	}

	// No text that can be typed has this digest.
	key := s.digest("\x00" + d.user.ID + "\x00" + d.to)
	ev := Event{
		RequestID: a.job.ID,
		UserID:    d.user.ID,
		Client:    plainClient(a.job.Client),
		Purpose:   d.purpose(),
	}
	paid, _, ok := s.limits.charge(ctx, &s.limits.mailed, key, ev)
	if !ok {
		ev.Outcome, ev.Reason = OutcomeSkipped, reasonThrottled
		s.events.recordOf(ctx, a.job, ev)
		return nil, nil
	}

	retry, err = s.send(ctx, a, d)
	if retry != nil ||
		err != nil && mail.VerdictOf(err) != mail.VerdictUnknown {
		s.limits.refund(ctx, paid, ev)
	}
	return retry, err
}

// send makes and sends one mail. retry is the attempt that is due later, or nil
// when the mail is sent or given up.
func (s *Service) send(
	ctx context.Context, a attempt, d delivery,
) (retry *attempt, err error) {
	ev := Event{UserID: d.user.ID, Purpose: d.purpose()}
	msg, made, err := s.compose(a.job, d)
	if err != nil {
		// Whatever cannot be made now cannot be made later.
		ev.Reason, ev.Err = reasonRender, err
		s.events.recordFailure(ctx, a.job, ev)
		return nil, &mail.SendError{Verdict: mail.VerdictPermanent, Err: err}
	}
	ev.TokenID = made.link.tokenID

	sendCtx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err = guard("Mailer.Send", func() error {
		return s.cfg.Mailer.Send(sendCtx, msg)
	})
	if err == nil {
		ev.Outcome, ev.Reason = d.outcome()
		s.events.recordOf(ctx, a.job, ev)
		return nil, nil
	}

	ev.Err = fmt.Errorf("reset: send mail: %w",
		scrub(
			err, append(d.user.secrets(), made.raw, a.job.Email, d.to)...,
		))
	return s.sendFailed(ctx, a, d, ev)
}

// sendFailed records why a mail was not sent, and returns the attempt that is
// due later, if any. After a doubtful attempt there is only one more, since the
// reader may have both mails.
func (s *Service) sendFailed(
	ctx context.Context, a attempt, d delivery, ev Event,
) (retry *attempt, _ error) {
	err := ev.Err
	a.count++
	verdict := mail.VerdictOf(err)
	isUnsure := verdict == mail.VerdictUnknown && ctx.Err() == nil
	_, panicked := errors.AsType[*panicError](err)
	switch {
	case panicked:
		ev.Reason = reasonPanic
	case verdict == mail.VerdictPermanent:
		ev.Reason = reasonRefused
	case isUnsure && a.unsure:
		ev.Reason = reasonUnknown
	default:
		if !d.hasLink() {
			a.hint = d.kind
		}
		a.unsure = a.unsure || isUnsure
		s.events.recordRetry(ctx, a.job, ev)
		return &a, err
	}

	s.events.recordFailure(ctx, a.job, ev)
	return nil, err
}
