package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Claims is what a verified token says. It holds no secret.
type Claims struct {
	UserID    string
	Purpose   Purpose
	KeyID     string // the key that signed it; while it turns up, the key is in use
	TokenID   string // see Token.ID
	IssuedAt  time.Time
	ExpiresAt time.Time
}

const (
	// maxTokenChars is looked at before anything else, so that input of any
	// size costs the same. The longest token that Issue makes, for an id of 255
	// characters that all need an escape, has less than 1,000.
	maxTokenChars  = 1024
	signatureChars = 43 // 32 bytes in base64url
)

// Verify checks everything about raw that can be checked, and returns what it
// says. In this order: length, shape and alphabet; header and key; MAC;
// canonical claims; times; then it calls load with the user id, and checks that
// the user's state is the one that the token was made for. Before the MAC is
// good no claim is used and load is not called.
//
// load returns the user's state as stored now, or an error: one that matches
// [ErrUnknownUser] rejects the token, any other comes back wrapped. ctx is
// passed on to it and governs nothing else. load must not return a state for a
// user who may not use the token, for example a disabled one.
//
// Every rejection matches [ErrRejected]; operators find the reason in
// [RejectedError]. Other errors (those of load, a purpose that is not
// configured, load is nil) do not match it. With an error Claims is zero.
//
// Verify changes nothing: the same token verifies again until its user's state
// changes or it expires, so a link scanner does no harm. It follows that using
// a token once is up to the caller, who must write the new password only if
// the stored hash is still the one that load returned.
func (s *Signer) Verify(ctx context.Context, raw string, purpose Purpose, load func(ctx context.Context, userID string) (State, error)) (Claims, error) {
	rules, ok := s.purposes[purpose]
	if !ok {
		return Claims{}, errUnknownPurpose(purpose)
	}
	if load == nil {
		return Claims{}, errors.New("token: Verify was given no load function")
	}
	key, c, id, err := s.open(raw, purpose)
	if err != nil {
		return Claims{}, err
	}
	if reason := s.checkTimes(&c, rules.lifetime.Max); reason != "" {
		return Claims{}, &RejectedError{Reason: reason, UserID: c.sub, TokenID: id}
	}
	state, err := load(ctx, c.sub)
	if errors.Is(err, ErrUnknownUser) {
		return Claims{}, &RejectedError{Reason: ReasonUnknownUser, UserID: c.sub, TokenID: id}
	}
	if err != nil {
		return Claims{}, fmt.Errorf("token: load user: %w", err)
	}
	// A store that folds case or trims would hand out somebody else's row.
	if state.UserID != c.sub {
		return Claims{}, &RejectedError{Reason: ReasonUnknownUser, UserID: c.sub, TokenID: id}
	}
	if state.checkFields(purpose) != nil {
		return Claims{}, &RejectedError{Reason: ReasonStale, UserID: c.sub, TokenID: id}
	}
	want := key.fingerprint.fingerprint(purpose, state)
	if subtle.ConstantTimeCompare(want[:], c.fingerprint[:]) != 1 {
		return Claims{}, &RejectedError{Reason: ReasonStale, UserID: c.sub, TokenID: id}
	}
	return Claims{
		UserID:    c.sub,
		Purpose:   purpose,
		KeyID:     key.keyID,
		TokenID:   id,
		IssuedAt:  time.Unix(c.iat, 0).UTC(),
		ExpiresAt: time.Unix(c.exp, 0).UTC(),
	}, nil
}

// open returns the claims of raw and the key that signed them, once the MAC is
// good and the claims are in canonical form.
func (s *Signer) open(raw string, purpose Purpose) (*profile, claims, string, error) {
	header, payload, signature, ok := split(raw)
	if !ok {
		return nil, claims{}, "", refusal(ReasonMalformed)
	}
	// The header is compared whole with those that our keys write. It is never
	// parsed, so nothing in it can choose an algorithm, a key or an extension.
	key, ok := s.headers[header]
	if !ok {
		if !inAlphabet(header) {
			return nil, claims{}, "", refusal(ReasonMalformed)
		}
		return nil, claims{}, "", refusal(ReasonUnknownKey)
	}
	if key.purpose != purpose {
		return nil, claims{}, "", refusal(ReasonWrongPurpose)
	}
	var body [usualClaims]byte
	var sig [sha256.Size]byte
	text, bad := base64url.AppendDecode(body[:0], []byte(payload))
	if _, err := base64url.Decode(sig[:], []byte(signature)); err != nil || bad != nil {
		return nil, claims{}, "", refusal(ReasonMalformed)
	}
	if hs256().Verify(raw[:len(raw)-1-signatureChars], sig[:], key.mac) != nil {
		return nil, claims{}, "", refusal(ReasonSignature)
	}
	c, ok := parseClaims(text)
	if !ok {
		return nil, claims{}, "", refusal(ReasonMalformed)
	}
	return key, c, publicID(sig[:]), nil
}

// split cuts a token at its two dots. The signature is found by its length, so
// that the cost does not depend on what is in between.
func split(raw string) (header, payload, signature string, ok bool) {
	if len(raw) > maxTokenChars {
		return "", "", "", false
	}
	last := len(raw) - signatureChars - 1 // below zero when raw is short: then first is not below it
	first := strings.IndexByte(raw, '.')
	if first < 1 || first+1 >= last || raw[last] != '.' {
		return "", "", "", false
	}
	// Go's base64 decoder skips line breaks, strict or not: each one would be
	// another spelling of the same token, made without the key.
	if strings.IndexByte(raw, '\n') >= 0 || strings.IndexByte(raw, '\r') >= 0 {
		return "", "", "", false
	}
	return raw[:first], raw[first+1 : last], raw[last+1:], true
}

// checkTimes applies the rules of RFC 7519, sections 4.1.4 and 4.1.6: now must
// be before exp, and not before iat except by the leeway. The lifetime is
// bounded by this Signer's own maximum, since the issuer may have been set
// otherwise.
func (s *Signer) checkTimes(c *claims, longest time.Duration) Reason {
	now := s.now()
	switch {
	case now.Unix() >= c.exp:
		return ReasonExpired
	case now.Add(s.leeway).Unix() < c.iat:
		return ReasonNotYetValid
	case c.exp-c.iat > int64(longest/time.Second):
		return ReasonTooLongLived
	case c.exp <= c.iat: // possible where the leeway forgives an iat to come
		return ReasonMalformed
	}
	return ""
}
