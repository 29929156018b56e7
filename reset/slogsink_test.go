package reset_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

func TestPrintsThroughSlogAreRedactedToo(t *testing.T) {
	t.Parallel()
	fx := newFixture(t, nil)
	link, err := fx.Link(t.Context(), "7", reset.LinkOptions{})
	require.NoError(t, err)
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{
		slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil),
	} {
		slog.New(handler).Info(
			"x", "user", fx.user(t, "7"), "link", link, "confirm",
			reset.ConfirmInput{Token: rawOf(link), Password: newPassword},
			"request", reset.RequestInput{Email: "ana@example.com"}, "service",
			fx.Service,
		)
	}

	for _, secret := range []string{
		rawOf(link), newPassword, "ana@example.com", oldHash,
	} {
		require.NotContains(t, logged.String(), secret)
	}
	require.Contains(t, logged.String(), link.TokenID())
}

//lostkey:covers ASVS-16.4.1 CWE-117
func TestSlogSinkCannotBeMadeToForgeLines(t *testing.T) {
	t.Parallel()
	// A handler that writes values as they come, as hand-made ones do.
	var lines []string
	sink := reset.SlogSink(slog.New(rawHandler{&lines}))
	hostile := "x\r\nlevel=INFO msg=\"password reset confirmed\"\x1b[2K\u202e\u2028\x00"
	sink.Record(t.Context(), reset.Event{
		Outcome:   reset.OutcomeRejected,
		UserID:    hostile,
		RequestID: hostile,
		TokenID:   hostile,
		Reason:    reset.Reason(hostile),
		Purpose:   token.Purpose(hostile),
		Client:    netip.MustParseAddr("fe80::1").WithZone("eth0\r\nforged"),
		Err:       errors.New(hostile + strings.Repeat("y", 1<<20)),
	})

	require.Len(t, lines, 1)
	require.Less(t, len(lines[0]), 8192)
	for _, r := range "\r\n\x1b\u202e\u2028\x00" {
		require.NotContains(t, lines[0], string(r), "%+q", r)
	}
	lines = nil
	sink.Record(t.Context(), reset.Event{
		Outcome:   reset.OutcomeMailed,
		UserID:    "7",
		RequestID: "ABC",
		Err:       errors.New(`plain "text"`),
	})
	require.Contains(t, lines[0], "user=7 request=ABC")
}

type rawHandler struct{ lines *[]string }

func (rawHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h rawHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h rawHandler) WithGroup(string) slog.Handler { return h }

func (h rawHandler) Handle(_ context.Context, record slog.Record) error {
	line := record.Message
	record.Attrs(func(attr slog.Attr) bool {
		line += " " + attr.Key + "=" + attr.Value.String()
		return true
	})
	*h.lines = append(*h.lines, line)
	return nil
}

func TestSlogSinkLevels(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	sink := reset.SlogSink(slog.New(slog.NewTextHandler(
		&logged, &slog.HandlerOptions{Level: slog.LevelWarn},
	)))
	for _, outcome := range []reset.Outcome{
		reset.OutcomeRequested, reset.OutcomeMailed, reset.OutcomeConfirmed,
	} {
		sink.Record(t.Context(), reset.Event{Outcome: outcome})
	}
	require.Empty(t, logged.String())

	sink.Record(t.Context(), reset.Event{Outcome: reset.OutcomeThrottled})
	require.Contains(t, logged.String(), "level=WARN")
	sink.Record(t.Context(), reset.Event{Outcome: reset.OutcomeSessionsFailed})
	require.Contains(t, logged.String(), "level=ERROR")
}
