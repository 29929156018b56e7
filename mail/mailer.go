package mail

import (
	"context"
	"errors"
)

// Mailer delivers one message, or hands it to something that will.
//
// Send must be safe for concurrent use and must return soon after ctx is done.
// A nil error means that the other side has taken responsibility for the
// message. Any other should be a [SendError] with a [Verdict], and must not
// contain the recipient, the bodies, or any credential. Send must not keep or
// change msg.Headers.
type Mailer interface {
	Send(ctx context.Context, msg Message) error
}

// MailerFunc makes a [Mailer] of a function.
type MailerFunc func(ctx context.Context, msg Message) error

// Send calls f.
func (f MailerFunc) Send(ctx context.Context, msg Message) error {
	return f(ctx, msg)
}

// Verdict says what a failed Mailer.Send means for a retry.
type Verdict int

// The verdicts.
const (
	// VerdictUnknown means that the message may have been delivered: the
	// connection broke after the last byte was sent, or the error does not say.
	// A retry may deliver it twice, under one Message-ID.
	VerdictUnknown Verdict = iota

	VerdictTemporary // not delivered; a retry may succeed
	VerdictPermanent // not delivered; every retry will fail
)

// String returns "unknown", "temporary" or "permanent".
func (v Verdict) String() string {
	switch v {
	case VerdictTemporary:
		return "temporary"
	case VerdictPermanent:
		return "permanent"
	default:
		return "unknown"
	}
}

// SendError is a failed delivery with its verdict. Err must name neither
// recipient nor content, which is not checked.
type SendError struct {
	Verdict Verdict
	Err     error
}

// Error returns the verdict and the text of Err.
func (e *SendError) Error() string {
	if e.Err == nil {
		return "mail: " + e.Verdict.String() + " failure"
	}
	return "mail: " + e.Verdict.String() + " failure: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *SendError) Unwrap() error { return e.Err }

// VerdictOf returns the verdict of the first [SendError] in err's chain, or
// [VerdictUnknown] when there is none. It says nothing about a nil error.
func VerdictOf(err error) Verdict {
	if sendErr, ok := errors.AsType[*SendError](err); ok {
		return sendErr.Verdict
	}
	return VerdictUnknown
}

func permanent(err error) error {
	return &SendError{Verdict: VerdictPermanent, Err: err}
}

func temporary(err error) error {
	return &SendError{Verdict: VerdictTemporary, Err: err}
}
