package reset

import (
	"context"
	"errors"
	"slices"

	"github.com/lostkey-go/lostkey/token"
)

// maxRecovery is how many addresses an account may have beside its Email. Each
// gets the notice of a change, and each is tried for a link.
const maxRecovery = 5

// errRecovery is the error for an account that nobody checked on its way in.
var errRecovery = errors.New("the account has more than 5 recovery addresses")

// matching returns the account's address that was typed, in its stored
// spelling. An address that is spelled as typed comes first.
func (u User) matching(typed string) (addr string, ok bool) {
	addrs := append([]string{u.Email}, u.Recovery...)
	if slices.Contains(addrs, typed) {
		return typed, true
	}

	folded := foldASCII(typed)
	at := slices.IndexFunc(addrs, func(addr string) bool {
		return foldASCII(addr) == folded
	})
	if at < 0 {
		return "", false
	}
	return addrs[at], true
}

// likeness says how near an account is to what was typed, for sorting. The
// nearest have it as their Email, spelled as it was typed.
func (u User) likeness(typed string) int {
	folded := foldASCII(typed)
	switch {
	case u.Email == typed:
		return 0
	case slices.Contains(u.Recovery, typed):
		return 1
	case foldASCII(u.Email) == folded:
		return 2
	case slices.ContainsFunc(u.Recovery, func(addr string) bool {
		return foldASCII(addr) == folded
	}):
		return 3
	default:
		return 4
	}
}

// addresses returns first and the account's other addresses, each once.
func (u User) addresses(first string) (_ string, others []string) {
	known := append([]string{u.Email}, u.Recovery...)
	for _, addr := range known[:min(len(known), 1+maxRecovery)] {
		if addr != first && isAddress(addr) && !slices.Contains(others, addr) {
			others = append(others, addr)
		}
	}
	return first, others
}

// secrets is what errors must not show of an account.
func (u User) secrets() []string {
	return append(
		[]string{u.Email, u.PasswordHash, u.Stamp, u.Label}, u.Recovery...,
	)
}

// recipient returns the stored address that a mail to the account goes to. It
// is empty when what was typed is none of them.
func (j Job) recipient(user User) string {
	if !isAddress(j.Email) {
		return user.Email // by its id or a name.
	}
	addr, _ := user.matching(j.Email)
	return addr
}

// notices is one mail to each address that the account had when its password
// changed. They were read with the row. A second look-up would let whoever took
// the account over redirect the notice.
func (s *Service) notices(ctx context.Context, job Job) (made []delivery) {
	user := User{ID: job.UserID, Label: job.Label}
	for _, to := range append([]string{job.Email}, job.Also...) {
		if isAddress(to) {
			made = append(made, delivery{kind: job.Kind, to: to, user: user})
		}
	}

	if len(made) == 0 {
		s.events.recordFailure(ctx, job, Event{
			UserID: job.UserID, Reason: reasonBadAddress,
		})
	}
	return made
}

// verifyOthers tries the account's recovery addresses, one after the other, for
// a link that is stale by its main one. state is what the link is bound to
// otherwise. The account is not read again.
func (s *Service) verifyOthers(
	ctx context.Context, raw string, purpose token.Purpose,
	state token.State, good *grant, stale error,
) error {
	others := good.user.Recovery
	for _, addr := range others[:min(len(others), maxRecovery)] {
		// Bound to no address at all are links of accounts without one.
		if !isAddress(addr) {
			continue
		}

		bound := state
		bound.Email = token.Hide(addr)
		claims, err := s.signer.Verify(
			ctx, raw, purpose,
			func(context.Context, string) (token.State, error) {
				return bound, nil
			},
		)
		if err == nil {
			good.to, good.claims = addr, claims
			return nil
		}
	}
	return stale
}
