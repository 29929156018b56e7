package smtpmail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail"
)

// The stages in the order they happen, for [Error.Stage]. A failure before
// stageAccept means that the mail was not delivered.
const (
	stageMessage  = "message"
	stageConnect  = "connect"
	stageGreeting = "greeting"
	stageHello    = "hello"
	stageTLS      = "tls"
	stageAuth     = "auth"
	stageSender   = "sender"
	stageRcpt     = "rcpt"
	stageData     = "data"
	stageAccept   = "accept"
)

// Error says where and why a delivery failed. [Mailer.Send] returns it inside a
// [mail.SendError].
type Error struct {
	// Stage is the part of the dialogue that failed:
	//
	//	message   checking and encoding; nothing was dialled
	//	connect   waiting for a free connection, look-up, dialling
	//	greeting  the server's banner
	//	hello     EHLO
	//	tls       STARTTLS, handshake, certificate
	//	auth      AUTH
	//	sender    MAIL FROM
	//	rcpt      RCPT TO
	//	data      DATA and the content
	//	accept    after the final dot
	//
	// Permanent failures at tls and auth are for the operator to repair.
	Stage string

	Code int // the server's reply, zero when there was none

	// Status is the enhanced status code (RFC 3463), if there was one. "5.1.1"
	// at rcpt is a mailbox that does not exist.
	Status string

	reason string
	err    error
}

// Error returns stage and reason.
func (e *Error) Error() string {
	text := "smtpmail: " + e.Stage + ": "
	if e.Code == 0 {
		return text + e.reason
	}
	text += "the server answered " + strconv.Itoa(e.Code)
	if e.Status != "" {
		text += " " + e.Status
	}
	return text
}

// Unwrap returns the cause, such as a context's or a certificate's error. It is
// nil for replies of the server.
func (e *Error) Unwrap() error { return e.err }

func failure(v mail.Verdict, stage string, reason string, err error) error {
	return &mail.SendError{
		Verdict: v,
		Err:     &Error{Stage: stage, reason: reason, err: err},
	}
}

// unsendable is for messages that never come near the server.
func unsendable(err error) error {
	if sendErr, ok := errors.AsType[*mail.SendError](err); ok {
		err = sendErr.Err
	}
	reason := strings.TrimPrefix(err.Error(), "mail: ")
	reason = strings.TrimPrefix(reason, "smtpmail: ")
	return failure(mail.VerdictPermanent, stageMessage, reason, err)
}

var enhancedStatus = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// classify turns what went wrong at a stage into an error with a verdict.
func classify(ctx context.Context, stage string, err error) error {
	verdict := mail.VerdictTemporary
	if stage == stageAccept {
		verdict = mail.VerdictUnknown
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		return replied(stage, reply, verdict)
	}

	// Closing the connection is how ctx ends the dialogue, so the error at hand
	// is only the echo of it.
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		return failure(verdict, stage, printable(cause.Error()), cause)
	}
	if stage == stageTLS {
		if text, bad := handshakeFault(err); bad {
			return failure(mail.VerdictPermanent, stage, text, err)
		}
	}

	lost := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, errTalksTooMuch)
	switch netErr, isNet := errors.AsType[net.Error](err); {
	case isNet && netErr.Timeout():
		return failure(verdict, stage, "the server did not answer in time", err)
	case stage == stageConnect:
		return failure(verdict, stage, printable(err.Error()), err)
	case isNet, lost:
		return failure(verdict, stage, "the connection was lost", err)
	}
	// Only replies that are not SMTP remain. Their text is the server's.
	return failure(verdict, stage, "the server did not answer as SMTP has it",
		nil)
}

// replied judges what the server said.
func replied(
	stage string, reply *textproto.Error, otherwise mail.Verdict,
) error {
	verdict := otherwise
	switch reply.Code / 100 {
	case 4:
		verdict = mail.VerdictTemporary
	case 5:
		verdict = mail.VerdictPermanent
	}
	return &mail.SendError{Verdict: verdict, Err: &Error{
		Stage:  stage,
		Code:   reply.Code,
		Status: enhancedStatus.FindString(reply.Msg),
	}}
}

// handshakeFault tells a server that cannot be trusted, or cannot do TLS well
// enough, from a connection that broke in the middle of the handshake.
func handshakeFault(err error) (string, bool) {
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return printable(cert.Error()), true
	}
	// crypto/tls reports the alerts it receives in this shape.
	if op, ok := errors.AsType[*net.OpError](err); ok &&
		op.Op == "remote error" {
		return "the server refused the TLS handshake", true
	}

	_, isNet := errors.AsType[net.Error](err)
	if isNet || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "", false
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not speak TLS", true
	}
	if strings.HasPrefix(err.Error(), "tls: ") {
		return printable(err.Error()), true
	}
	return "", false
}

// printable keeps text fit for one line of a log. Certificates hold whatever
// their owner wrote.
func printable(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return clean[:min(len(clean), 300)]
}
