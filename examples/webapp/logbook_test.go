package main

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// logBook is a log that a test can wait for.
type logBook struct {
	mu      sync.Mutex
	lines   []string
	seen    map[string]int // how many lines of a message wait has handed out
	changed chan struct{}
}

func newLogBook() *logBook {
	return &logBook{seen: map[string]int{}, changed: make(chan struct{})}
}

func (l *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logBook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logBook) WithGroup(string) slog.Handler            { return l }

func (l *logBook) Handle(ctx context.Context, record slog.Record) error {
	var line strings.Builder
	err := slog.NewTextHandler(&line, nil).Handle(ctx, record)
	if err != nil {
		return err
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, record.Message+"\n"+line.String())
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// wait blocks until there is one more line with this message than earlier calls
// have waited for.
func (l *logBook) wait(t *testing.T, message string) {
	t.Helper()
	for {
		changed, found := l.next(message)
		if found {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("never logged: %s", message)
		}
	}
}

// next hands out one more line with this message, or what tells of the next
// line.
func (l *logBook) next(message string) (changed <-chan struct{}, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	count := 0
	for _, line := range l.lines {
		if first, _, _ := strings.Cut(line, "\n"); first == message {
			count++
		}
	}
	if count <= l.seen[message] {
		return l.changed, false
	}
	l.seen[message]++
	return nil, true
}

func (l *logBook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}
