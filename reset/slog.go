package reset

import (
	"context"
	"log/slog"
	"strconv"
)

// SlogSink returns a [Sink] that logs to logger. Nil means slog.Default(). The
// message is "password reset" followed by the outcome. What needs somebody's
// attention is a warning or an error. Texts that others can influence are
// quoted when they hold control characters, whatever the handler does, so that
// no visitor can write lines of a log.
func SlogSink(logger *slog.Logger) Sink {
	if logger == nil {
		logger = slog.Default()
	}
	return slogSink{logger}
}

type slogSink struct{ logger *slog.Logger }

func (s slogSink) Record(ctx context.Context, ev Event) {
	level := levelOf(ev.Outcome)
	if !s.logger.Enabled(ctx, level) {
		return
	}

	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("outcome", string(ev.Outcome)))
	if ev.Client.IsValid() {
		attrs = append(
			attrs, slog.String("client", logText(ev.Client.String())),
		)
	}

	for _, field := range []struct{ name, value string }{
		{"user", ev.UserID},
		{"request", ev.RequestID},
		{"token", ev.TokenID},
		{"purpose", string(ev.Purpose)},
		{"reason", string(ev.Reason)},
	} {
		if field.value != "" {
			attrs = append(attrs, slog.String(field.name, logText(field.value)))
		}
	}
	if ev.Count != 0 {
		attrs = append(attrs, slog.Int("count", ev.Count))
	}
	if ev.Err != nil {
		attrs = append(attrs, slog.String("err", logText(ev.Err.Error())))
	}

	s.logger.LogAttrs(
		ctx, level, "password reset "+string(ev.Outcome), attrs...,
	)
}

func levelOf(outcome Outcome) slog.Level {
	switch outcome {
	case OutcomeDispatchFailed, OutcomeMailFailed, OutcomeConfirmFailed,
		OutcomeSessionsFailed, OutcomeHookFailed, OutcomeNoticeFailed,
		OutcomeJobRefused:
		return slog.LevelError
	case OutcomeThrottled, OutcomeBlocked, OutcomeDropped,
		OutcomeLimiterFailed, OutcomeEventsLost, OutcomeMailDelayed,
		OutcomeLostRace:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// maxLogText bounds one value. An error of a database driver may quote a whole
// statement.
const maxLogText = 1024

// logText makes a text of others safe for any handler.
func logText(text string) string {
	if len(text) > maxLogText {
		text = text[:maxLogText] + "…"
	}
	quoted := strconv.QuoteToGraphic(text)
	if inner := quoted[1 : len(quoted)-1]; inner == text {
		return text
	}
	return quoted
}
