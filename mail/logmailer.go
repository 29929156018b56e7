package mail

import (
	"context"
	"errors"
	"log/slog"
)

// LogMailerConfig is what [NewLogMailer] needs.
type LogMailerConfig struct {
	Logger *slog.Logger // required
	Level  slog.Level   // zero is Info

	// InsecureLogLinks adds recipient, subject and text, and with them the live link, to every record. Whoever reads the
	// log can then take over the account. For a developer's own terminal only.
	InsecureLogLinks bool
}

// LogMailer writes a record for each message instead of delivering it. It is safe for concurrent use.
type LogMailer struct {
	logger *slog.Logger
	level  slog.Level
	links  bool
}

// NewLogMailer returns a mailer that delivers nothing.
func NewLogMailer(cfg LogMailerConfig) (*LogMailer, error) {
	if cfg.Logger == nil {
		return nil, errors.New("mail: LogMailerConfig.Logger is nil")
	}
	return &LogMailer{logger: cfg.Logger, level: cfg.Level, links: cfg.InsecureLogLinks}, nil
}

// Send logs kind, locale and ID, so that one can see that a mail would have gone out. It refuses what [Encode]
// refuses, so that a broken message shows up in development.
func (m *LogMailer) Send(ctx context.Context, msg Message) error {
	if _, err := Encode(msg); err != nil {
		return err
	}
	attrs := []slog.Attr{slog.Any("mail", msg)}
	if m.links {
		attrs = append(attrs, slog.String("to", msg.To), slog.String("subject", msg.Subject), slog.String("text", msg.Text))
	}
	m.logger.LogAttrs(ctx, m.level, "mail: not delivered, logged only", attrs...)
	return nil
}
