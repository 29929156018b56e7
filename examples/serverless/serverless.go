package serverless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/resethttp"
)

// SynchronousPages returns the pages with all work done before the answer.
func SynchronousPages(cfg reset.Config) (http.Handler, error) {
	cfg.Queue.Synchronous = true
	svc, err := reset.New(cfg)
	if err != nil {
		return nil, err
	}
	return resethttp.New(svc, resethttp.Config{})
}

// Send puts a message on a queue of the platform's and returns once the queue
// has it, which a visitor waits for.
type Send func(ctx context.Context, message []byte) error

// Pages returns the pages with mail sent by [Worker]. When send fails, the
// visitor is told to try again, whatever the address.
//
// Events of requests reach cfg.Events from a goroutine, a moment after the
// answer. A platform that freezes the process before that delays them until
// the next request, or loses those of the last.
func Pages(cfg reset.Config, send Send) (http.Handler, error) {
	svc, err := newQueued(cfg, send)
	if err != nil {
		return nil, err
	}
	return resethttp.New(svc, resethttp.Config{})
}

// Worker returns the function that does the work of one message. It is safe for
// concurrent use. An error means that the message should be delivered again
// later; nil that it is done with, also when no mail could be sent. Mail that
// failed for one of several accounts on an address goes back to the queue as a
// message of its own, by send. An error that matches reset.ErrJobRefused is
// about a message that somebody else has written or changed, or whose key or
// version this function lacks as yet: put that message aside after some tries.
func Worker(
	cfg reset.Config, send Send,
) (func(ctx context.Context, message []byte) error, error) {
	svc, err := newQueued(cfg, send)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, message []byte) error {
		var job reset.Job
		if err := json.Unmarshal(message, &job); err != nil {
			// Not wrapped: the decoder quotes what it has read.
			return errors.New("serverless: the message is not a job")
		}
		if err := svc.Process(ctx, job); err != nil {
			return fmt.Errorf("serverless: %w", err)
		}
		return nil
	}, nil
}

func newQueued(cfg reset.Config, send Send) (*reset.Service, error) {
	if send == nil {
		return nil, errors.New("serverless: send is nil")
	}
	cfg.Queue.Dispatch = func(ctx context.Context, job reset.Job) error {
		message, err := json.Marshal(job)
		if err != nil {
			return err
		}
		return send(ctx, message)
	}
	return reset.New(cfg)
}
