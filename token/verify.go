package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is what a verified token says. It holds no secret.
type Claims struct {
	UserID    string
	Purpose   Purpose
	KeyID     string // of the key that signed the token
	TokenID   string // as [Token.ID] returns it
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Verify returns the claims of a token. It checks, in this order: length, shape
// and alphabet; header and key; MAC; form of the claims; times. Then it calls
// load with the user id, and checks that the user's state is the one that the
// token was issued for. No claim is used before the MAC is good, and more than
// 1,024 characters are rejected unread.
//
// load returns the user's state as it is stored now. Its error must match
// [ErrUnknownUser] if there is no such user or the account is disabled. Any
// other error of load is a failure. ctx is passed to load and governs nothing
// else.
//
// Every rejection matches [ErrRejected]; [RejectedError] has the reason. Other
// errors do not match it: a failure of load, which is wrapped, a purpose that
// is not configured, a nil load. On any error Claims is zero.
//
// Verify changes nothing, so a mail scanner that opens links does no harm, and
// two clicks at once both verify. The write that follows must compare the
// stored hash with the one that load returned.
func (s *Signer) Verify(
	ctx context.Context, raw string, purpose Purpose,
	load func(ctx context.Context, userID string) (State, error),
) (Claims, error) {
	rules, ok := s.purposes[purpose]
	if !ok {
		return Claims{}, errUnknownPurpose(purpose)
	}
	if load == nil {
		return Claims{}, errors.New("token: Verify was given no load function")
	}

	t, err := s.open(raw, purpose)
	if err != nil {
		return Claims{}, err
	}

	reason := s.validateTimes(t.claims, rules.lifetime.Max)
	if reason != "" {
		return Claims{}, t.reject(reason)
	}

	state, err := load(ctx, t.claims.userID)
	if errors.Is(err, ErrUnknownUser) {
		return Claims{}, t.reject(ReasonUnknownUser)
	}
	if err != nil {
		return Claims{}, fmt.Errorf("token: load user: %w", err)
	}

	if reason := t.validateState(state); reason != "" {
		return Claims{}, t.reject(reason)
	}

	return Claims{
		UserID:    t.claims.userID,
		Purpose:   purpose,
		KeyID:     t.key.keyID,
		TokenID:   t.id,
		IssuedAt:  t.claims.iat.UTC(),
		ExpiresAt: t.claims.exp.UTC(),
	}, nil
}

// opened is a token with a good MAC and claims in their one form.
type opened struct {
	key    *purposeKey
	claims *claims
	id     string
}

// open checks all that does not depend on the time or on the user.
func (s *Signer) open(raw string, purpose Purpose) (opened, error) {
	header, payload, signature, ok := split(raw)
	if !ok {
		return opened{}, refusal(ReasonMalformed)
	}

	// The header is compared whole with those that our keys write. It is never
	// parsed, so nothing in it can choose an algorithm, a key or an extension.
	key, ok := s.keys[header]
	if !ok && !isBase64URL(header) {
		return opened{}, refusal(ReasonMalformed)
	}
	if !ok {
		return opened{}, refusal(ReasonUnknownKey)
	}
	if key.purpose != purpose {
		return opened{}, refusal(ReasonWrongPurpose)
	}

	var body [usualClaims]byte
	var sig [sha256.Size]byte
	text, err := base64url.AppendDecode(body[:0], []byte(payload))
	if err != nil {
		return opened{}, refusal(ReasonMalformed)
	}
	if _, err := base64url.Decode(sig[:], []byte(signature)); err != nil {
		return opened{}, refusal(ReasonMalformed)
	}

	signed := raw[:len(raw)-1-signatureChars]
	if hs256().Verify(signed, sig[:], key.mac) != nil {
		return opened{}, refusal(ReasonSignature)
	}

	c, ok := parseClaims(text)
	if !ok {
		return opened{}, refusal(ReasonMalformed)
	}
	return opened{key: key, claims: c, id: publicID(sig[:])}, nil
}

// validateTimes returns why the token is not good now, or "". golang-jwt judges
// exp and iat (RFC 7519, sections 4.1.4 and 4.1.6). The longest life is a rule
// of our own: another Signer with the same keys may have another maximum.
func (s *Signer) validateTimes(c *claims, longest time.Duration) Reason {
	err := s.strict.Validate(c)
	if errors.Is(err, jwt.ErrTokenExpired) {
		return ReasonExpired
	}
	if err != nil && s.lenient.Validate(c) != nil {
		return ReasonNotYetValid
	}

	lifetime := c.exp.Sub(c.iat.Time)
	if lifetime > longest {
		return ReasonTooLongLived
	}
	if lifetime <= 0 { // possible if the leeway forgives an iat to come
		return ReasonMalformed
	}
	return ""
}

// validateState returns why the token is not for this state, or "".
func (t *opened) validateState(state State) Reason {
	// A store that folds case or trims would return another user's row.
	if state.UserID != t.claims.userID {
		return ReasonUnknownUser
	}
	if state.validateFields(t.key.purpose) != nil {
		return ReasonStale
	}

	want := t.key.fingerprintOf(state)
	if subtle.ConstantTimeCompare(want[:], t.claims.fingerprint[:]) != 1 {
		return ReasonStale
	}
	return ""
}

func (t *opened) reject(reason Reason) error {
	return &RejectedError{
		Reason: reason, UserID: t.claims.userID, TokenID: t.id,
	}
}
