package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// LogMailer is a Mailer for development that logs each message and delivers
// nothing. The zero value is ready. It is safe for concurrent use.
type LogMailer struct {
	// Logger receives the records, at level Info. Nil means slog.Default().
	Logger *slog.Logger

	// InsecureLogLinks adds recipient, subject and text, and with them the live
	// link. Whoever reads the log can then take over the account. It is for a
	// developer's own terminal only.
	InsecureLogLinks bool
}

// Send logs kind, locale and ID. It refuses what [Encode] refuses.
func (m LogMailer) Send(ctx context.Context, msg Message) error {
	if _, err := Encode(msg); err != nil {
		return err
	}

	attrs := []slog.Attr{slog.Any("mail", msg)}
	if m.InsecureLogLinks {
		attrs = append(attrs, slog.String("to", msg.To),
			slog.String("subject", msg.Subject), slog.String("text", msg.Text))
	}

	logger := cmp.Or(m.Logger, slog.Default())
	logger.LogAttrs(ctx, slog.LevelInfo, "mail: logged, not delivered",
		attrs...)
	return nil
}

// fileMailer writes mails to a folder.
type fileMailer struct{ dir string }

// NewFileMailer returns a Mailer that writes each message to a file in dir and
// delivers nothing, for development and for tests that drive a program from
// outside. It makes dir if need be, readable by the current user alone because
// the mails hold live links.
//
// The files are named <date>-<kind>-<ID>.eml, with "other" for a kind of the
// host's own. A file appears only when it is complete, and a retry replaces it.
// A full or missing disk is [VerdictTemporary]. The mailer is safe for
// concurrent use, also by several processes on one folder.
func NewFileMailer(dir string) (Mailer, error) {
	if dir == "" {
		return nil, errors.New("mail: NewFileMailer: dir is empty," +
			" want a folder")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return fileMailer{dir}, nil
}

func (m fileMailer) Send(ctx context.Context, msg Message) error {
	if err := ctx.Err(); err != nil {
		return temporary(err)
	}

	content, err := Encode(msg)
	if err != nil {
		return err
	}
	if err := m.write(fileName(msg), content); err != nil {
		return temporary(err)
	}
	return nil
}

// fileName relies on Encode having checked ID. Kind is the caller's own text
// and becomes "other" unless it is known.
func fileName(msg Message) string {
	kind := Kind("other")
	if slices.Contains(BuiltInKinds(), msg.Kind) {
		kind = msg.Kind
	}
	date := msg.Date.UTC().Format("20060102-150405")
	return date + "-" + string(kind) + "-" + msg.ID + ".eml"
}

func (m fileMailer) write(name string, content []byte) (err error) {
	// The temporary name does not end in .eml, so that a program that watches
	// the folder passes it over.
	f, err := os.CreateTemp(m.dir, ".mail-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()

	if _, err = f.Write(content); err != nil {
		return errors.Join(err, f.Close())
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(m.dir, name))
}
