package mail

import "errors"

// Verdict says what a failed [Mailer.Send] means for trying again.
type Verdict int

const (
	// Unknown means that the message may have been delivered: the connection broke after the last byte was
	// sent, or the error does not say. Trying once more may deliver it twice, under one Message-ID.
	Unknown Verdict = iota
	// Temporary means that it was not delivered, and that trying again later may succeed.
	Temporary
	// Permanent means that it was not delivered, and that the same message will fail again.
	Permanent
)

// String returns "unknown", "temporary" or "permanent".
func (v Verdict) String() string {
	switch v {
	case Temporary:
		return "temporary"
	case Permanent:
		return "permanent"
	default:
		return "unknown"
	}
}

// SendError is a failed delivery and its verdict. Err must name neither recipient nor content;
// the package cannot check that for foreign errors.
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

// VerdictOf returns the verdict of the first [SendError] in err's chain, and Unknown when there is none:
// an error that does not say may hide a delivery. It says nothing about a nil error.
func VerdictOf(err error) Verdict {
	if sendErr, ok := errors.AsType[*SendError](err); ok {
		return sendErr.Verdict
	}
	return Unknown
}

func permanent(err error) error { return &SendError{Verdict: Permanent, Err: err} }

func temporary(err error) error { return &SendError{Verdict: Temporary, Err: err} }
