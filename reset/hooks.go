package reset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"github.com/lostkey-go/lostkey/token"
)

// A Pending is a confirmation by a good link that has not been done yet. It
// prints as its UserID, except in an unexported field.
type Pending struct {
	SiteName      string
	UserID, Label string
	Purpose       token.Purpose
	TokenID       string
	Client        netip.Addr
	// Proof is ConfirmInput.Proof, byte for byte, and empty for
	// Hooks.ProofKind.
	Proof string
}

// Format prints the user id.
func (p Pending) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "reset.Pending{%s}", p.UserID)
}

// LogValue logs the user id.
func (p Pending) LogValue() slog.Value { return slog.StringValue(p.UserID) }

// MarshalJSON writes the user id.
func (p Pending) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ UserID string }{p.UserID})
}

// A Confirmation tells a hook which account has a new password. It prints as
// user and token id, except in an unexported field.
type Confirmation struct {
	SiteName string
	UserID   string
	// Email is the stored address that received the link. After [Service.Link]
	// it proves nothing.
	Email   string
	TokenID string
	Purpose token.Purpose
	Client  netip.Addr
}

// String names account and token.
func (c Confirmation) String() string {
	return "reset.Confirmation{" + c.UserID + " " + c.TokenID + "}"
}

// Format prints String.
func (c Confirmation) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.String())
}

// LogValue logs String.
func (c Confirmation) LogValue() slog.Value {
	return slog.StringValue(c.String())
}

// MarshalText writes String.
func (c Confirmation) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// validate refuses hooks that cannot be called, or would do nothing.
func (h *Hooks) validate() error {
	h.OnConfirmed = slices.Clone(h.OnConfirmed)
	if slices.ContainsFunc(
		h.OnConfirmed,
		func(hook func(context.Context, Confirmation) error) bool {
			return hook == nil
		},
	) {
		return errors.New(
			"reset: Config.Hooks.OnConfirmed holds a nil function",
		)
	}
	if h.ProofKind != nil && h.BeforeConfirm == nil {
		return errors.New(
			"reset: Config.Hooks.ProofKind is set without " +
				"Config.Hooks.BeforeConfirm, so that nothing is proven",
		)
	}
	return nil
}

// A hookError says which hook could not answer.
type hookError struct {
	hook string
	err  error
}

func (e *hookError) Error() string { return e.hook + ": " + e.err.Error() }

func (e *hookError) Unwrap() error { return e.err }

// maxHookCalls is how many calls of one hook may go on at once. A hook that
// never answers would fill the memory otherwise.
const maxHookCalls = 1000

var errHookCalls = fmt.Errorf("%d calls of it go on", maxHookCalls)

// hookCalls counts the calls that go on, for each hook by itself. While one
// hangs, the others work.
type hookCalls struct {
	mu sync.Mutex
	of map[string]int
}

func (c *hookCalls) begin(hook string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[hook] >= maxHookCalls {
		return false
	}
	if c.of == nil {
		c.of = make(map[string]int)
	}
	c.of[hook]++
	return true
}

func (c *hookCalls) end(hook string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[hook]--
}

// ask calls a hook. An answer that comes after hookTimeout does not count, and
// a hook that heeds no context is not waited for any longer than that. Its
// goroutine ends when the hook does.
func ask[T any](
	ctx context.Context, s *Service, hook string,
	call func(context.Context) (T, error),
) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()

	var answer, none T
	if !s.calls.begin(hook) {
		return none, &hookError{hook, errHookCalls}
	}
	done := make(chan error, 1)
	go func() {
		defer s.calls.end(hook)
		done <- guard(hook, func() error {
			var err error
			answer, err = call(ctx)
			return err
		})
	}()

	var err error
	select {
	case err = <-done:
		if err == nil {
			err = ctx.Err()
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return none, &hookError{hook, err}
	}
	return answer, nil
}

// callHook calls a hook that only does something, as ask does.
func callHook(
	ctx context.Context, s *Service, hook string,
	call func(context.Context) error,
) error {
	_, err := ask(ctx, s, hook, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	})
	return err
}
