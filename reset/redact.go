package reset

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A panicError is a panic of the application's own code that was recovered, so
// that one bad row or template cannot take the process down.
type panicError struct {
	step string // what was being called, such as "Mailer.Send".
	text string
	at   string // file and line of the panic.
}

func (e *panicError) Error() string {
	return fmt.Sprintf("reset: panic in %s: %s (%s)", e.step, e.text, e.at)
}

func guard(step string, call func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{
				step: step, text: fmt.Sprint(value), at: placeOfPanic(),
			}
		}
	}()

	return call()
}

// placeOfPanic returns the file and line that panicked, when it is called while
// a panic is recovered.
func placeOfPanic() string {
	calls := make([]uintptr, 32)
	frames := runtime.CallersFrames(calls[:runtime.Callers(0, calls)])

	panicked := false
	for {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !isRuntime || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
	}
}

// scrubbed is an error whose text has the secrets of its request removed.
// Errors of stores and mailers quote their arguments all too often, as in
// "duplicate key (email)=(ana@example.com)" and "550 <ana@example.com>
// unknown".
type scrubbed struct {
	text string
	err  error
}

func (e *scrubbed) Error() string { return e.text }

func (e *scrubbed) Unwrap() error { return e.err }

const redacted = "[redacted]"

// scrub returns err with all secrets taken out of its text, in upper and lower
// case, since mail servers change that of addresses. The longest comes first,
// so that none is hidden in part because it holds a shorter one. Very short
// ones stay, because removing "a" everywhere says more than it hides.
func scrub(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	secrets = slices.SortedFunc(
		slices.Values(secrets),
		func(a, b string) int { return len(b) - len(a) },
	)

	text := err.Error()
	clean := text
	for _, secret := range secrets {
		if len(secret) >= 3 {
			clean = removeFold(clean, secret)
		}
	}

	if clean == text {
		return err
	}
	return &scrubbed{clean, err}
}

func removeFold(text, secret string) string {
	var out strings.Builder
	folded, secret := foldASCII(text), foldASCII(secret)
	for {
		at := strings.Index(folded, secret)
		if at < 0 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:at])
		out.WriteString(redacted)
		text, folded = text[at+len(secret):], folded[at+len(secret):]
	}
}
