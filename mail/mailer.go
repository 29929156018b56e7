package mail

import "context"

// Mailer delivers one message, or hands it to something that will.
//
// Send must be safe for concurrent use and must return soon after ctx is done. A nil error means
// that the other side has taken responsibility for the message. Any other result should carry
// a [Verdict] by way of [SendError], so that the caller knows whether trying again can help, and
// whether it might deliver the mail twice. An error must not contain the recipient, the bodies, or
// any credential. Send must not keep or change msg.Headers.
type Mailer interface {
	Send(ctx context.Context, msg Message) error
}

// MailerFunc makes a [Mailer] of a function.
type MailerFunc func(ctx context.Context, msg Message) error

// Send calls f.
func (f MailerFunc) Send(ctx context.Context, msg Message) error { return f(ctx, msg) }
