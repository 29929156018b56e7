// Package mailtest records mails instead of sending them, for the tests of
// programs that send reset mails.
package mailtest

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"sync"

	"github.com/lostkey-go/lostkey/mail"
)

// Recorder is a [mail.Mailer] that keeps what it is given. The zero value is
// ready. It is safe for concurrent use and must not be copied.
type Recorder struct {
	mu       sync.Mutex
	messages []func() mail.Message // no printer can look into a function
	arrived  chan struct{}         // closed when a message arrives
	fail     func(mail.Message) error
}

// Send keeps msg, unless [mail.Encode] or the function of [Recorder.Fail]
// refuses it.
func (r *Recorder) Send(ctx context.Context, msg mail.Message) error {
	if err := ctx.Err(); err != nil {
		return &mail.SendError{Verdict: mail.VerdictTemporary, Err: err}
	}
	if _, err := mail.Encode(msg); err != nil {
		return err
	}

	r.mu.Lock()
	fail := r.fail
	r.mu.Unlock()
	if fail != nil {
		if err := fail(msg); err != nil {
			return err
		}
	}

	msg.Headers = maps.Clone(msg.Headers)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, func() mail.Message { return msg })
	if r.arrived != nil {
		close(r.arrived)
		r.arrived = nil
	}
	return nil
}

// Fail makes Send return what f returns for a message, unless that is nil. A
// nil f ends it. f is called outside the recorder's lock.
func (r *Recorder) Fail(f func(mail.Message) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

// Messages returns what has been kept so far, oldest first.
func (r *Recorder) Messages() []mail.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all()
}

// all wants mu held.
func (r *Recorder) all() []mail.Message {
	var all []mail.Message
	for _, message := range r.messages {
		all = append(all, message())
	}
	return all
}

// Wait blocks until n messages have been kept, and returns all there are. When
// ctx is done first, it returns what there is with ctx's error.
func (r *Recorder) Wait(ctx context.Context, n int) ([]mail.Message, error) {
	for {
		r.mu.Lock()
		got := r.all()
		if r.arrived == nil {
			r.arrived = make(chan struct{})
		}
		arrived := r.arrived
		r.mu.Unlock()

		if len(got) >= n {
			return got, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return got, context.Cause(ctx)
		}
	}
}

// Link returns the first address that stands alone on a line of msg's text, or
// "".
func Link(msg mail.Message) string {
	for line := range strings.Lines(msg.Text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "https://") ||
			strings.HasPrefix(line, "http://") {
			return line
		}
	}
	return ""
}

// Token returns the value of "token" in the fragment or the query of [Link], or
// "".
func Token(msg mail.Message) string {
	u, err := url.Parse(Link(msg))
	if err != nil {
		return ""
	}

	fragment, err := url.ParseQuery(u.Fragment)
	if err == nil && fragment.Get("token") != "" {
		return fragment.Get("token")
	}
	return u.Query().Get("token")
}
