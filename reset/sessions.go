package reset

import "context"

// Sessions says who ends the sessions of an account when its password has been
// reset. Whoever knew the old password may still be signed in. A reset that
// leaves them signed in has not helped. The zero value is no decision, and
// [New] refuses it.
type Sessions struct {
	decided bool
	inStore bool
	end     func(ctx context.Context, userID string) error
}

// EndSessionsInStore says that Store.ReplaceHash ends the account's sessions in
// the same transaction as it writes the hash. This is the best of the three,
// because no crash can leave a new password with old sessions.
func EndSessionsInStore() Sessions {
	return Sessions{decided: true, inStore: true}
}

// EndSessionsWith says that end ends the account's sessions, with its refresh and
// remember-me tokens. It is called after the hash is written, before Confirm
// returns, with a context that the visitor cannot cancel, and up to three times
// until it succeeds. If it never does, or the process dies in between, the
// password is changed while old sessions live. See [OutcomeSessionsFailed].
func EndSessionsWith(
	end func(ctx context.Context, userID string) error,
) Sessions {
	return Sessions{decided: end != nil, end: end}
}

// KeepSessions says that the application has no sessions, or checks
// each request against the stored hash or stamp.
func KeepSessions() Sessions { return Sessions{decided: true} }
