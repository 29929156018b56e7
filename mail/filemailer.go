package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// FileMailer writes each message to a folder, for development and for tests that drive a program from outside. It delivers nothing. It
// is safe for concurrent use, also by several processes on one folder.
type FileMailer struct{ dir string }

// NewFileMailer makes dir, readable by the current user alone because reset mails hold live links, unless it is there
// already.
func NewFileMailer(dir string) (*FileMailer, error) {
	if dir == "" {
		return nil, errors.New("mail: NewFileMailer: dir is empty")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &FileMailer{dir: dir}, nil
}

// Send writes msg as <date>-<kind>-<ID>.eml. The file appears under that name only when it is complete; a
// retry replaces it. A full or missing disk is [Temporary], a message that cannot be encoded [Permanent].
func (m *FileMailer) Send(ctx context.Context, msg Message) error {
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

// fileName relies on Encode having checked ID; Kind is the caller's own text and is reduced to a known one.
func fileName(msg Message) string {
	kind := "other"
	for _, known := range Kinds() {
		if msg.Kind == known {
			kind = string(known)
		}
	}
	return msg.Date.UTC().Format("20060102-150405") + "-" + kind + "-" + msg.ID + ".eml"
}

func (m *FileMailer) write(name string, content []byte) (err error) {
	// The temporary name does not end in .eml, so that a program watching the folder passes it over.
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
