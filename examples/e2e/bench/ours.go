package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/token"
)

const (
	userID   = "5f0c9a3e-94c7-4c3a-8f0e-0a54d2b6b3a1"
	keyID    = "2026-11"
	oursName = "this library"
)

// user is whom the tokens are for.
func user() token.State {
	return token.State{
		UserID:       userID,
		PasswordHash: token.Hide("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$QmFzZTY0T2ZUaGVUYWdPZjMyQnl0ZXNGb3JBbGxPZlVz"),
		Email:        token.Hide("ann@example.org"),
	}
}

// secret is no secret: the same bytes for everybody, so that runs compare.
func secret() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i*i*7 + i*13 + 1)
	}
	return b
}

type ours struct {
	signer  *token.Signer
	state   token.State
	raw     string
	load    func(context.Context, string) (token.State, error)
	rejects []rejected
}

type rejected struct {
	name, raw string
	want      token.Reason
}

func newOurs() (*ours, error) {
	o := &ours{state: user()}
	signerWith := func(id string, now func() time.Time) (*token.Signer, error) {
		key, err := token.NewKey(id, secret())
		if err != nil {
			return nil, err
		}
		keys, err := token.NewKeys(key)
		if err != nil {
			return nil, err
		}
		return token.New(token.Config{
			Site: "https://app.example", Keys: keys, Now: now,
		})
	}
	signer, err := signerWith(keyID, nil)
	if err != nil {
		return nil, err
	}
	o.signer = signer
	o.load = func(context.Context, string) (token.State, error) {
		return o.state, nil
	}
	if o.raw, err = issueWith(signer, o.state); err != nil {
		return nil, err
	}
	other, err := signerWith("2025-01", nil)
	if err != nil {
		return nil, err
	}
	late, err := signerWith(keyID, func() time.Time {
		return time.Now().Add(-2 * time.Hour)
	})
	if err != nil {
		return nil, err
	}
	unknown, err := issueWith(other, o.state)
	if err != nil {
		return nil, err
	}
	expired, err := issueWith(late, o.state)
	if err != nil {
		return nil, err
	}
	before := o.state
	before.PasswordHash = token.Hide("$2b$10$before")
	stale, err := issueWith(signer, before)
	if err != nil {
		return nil, err
	}
	o.rejects = []rejected{
		{"over-long, 2 KB", strings.Repeat("A", 2<<10), token.ReasonMalformed},
		{"over-long, 1 MB", strings.Repeat("A", 1<<20), token.ReasonMalformed},
		{"over-long, 1 MB of dots", strings.Repeat(".", 1<<20), token.ReasonMalformed},
		{"wrong key id", unknown, token.ReasonUnknownKey},
		{"bad signature", badSignature(o.raw), token.ReasonSignature},
		{"expired", expired, token.ReasonExpired},
		{"stale", stale, token.ReasonStale},
	}
	return o, nil
}

func issueWith(s *token.Signer, state token.State) (string, error) {
	issued, err := s.Issue(token.PurposeReset, state, 0)
	return issued.Reveal(), err
}

// badSignature alters the first character of the signature.
func badSignature(raw string) string {
	at := strings.LastIndexByte(raw, '.') + 1
	other := "A"
	if raw[at] == 'A' {
		other = "B"
	}
	return raw[:at] + other + raw[at+1:]
}

func (o *ours) issue() []contender {
	return []contender{{name: oursName, op: func() error {
		_, err := o.signer.Issue(token.PurposeReset, o.state, 0)
		return err
	}}}
}

func (o *ours) verify() []contender {
	ctx := context.Background()
	return []contender{{name: oursName, op: func() error {
		_, err := o.signer.Verify(ctx, o.raw, token.PurposeReset, o.load)
		return err
	}}}
}

func (o *ours) reject() []contender {
	ctx := context.Background()
	var rows []contender
	for _, r := range o.rejects {
		_, err := o.signer.Verify(ctx, r.raw, token.PurposeReset, o.load)
		reason, _ := errors.AsType[*token.RejectedError](err)
		rows = append(rows, contender{name: "this library, " + r.name, op: func() error {
			if reason == nil || reason.Reason != r.want {
				return fmt.Errorf("not rejected as %s", r.want)
			}
			if _, err := o.signer.Verify(ctx, r.raw, token.PurposeReset,
				o.load); !errors.Is(err, token.ErrRejected) {
				return fmt.Errorf("not rejected: %w", err)
			}
			return nil
		}})
	}
	return rows
}
