package mail_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/stretchr/testify/require"
)

func TestFileMailerWritesWholeFilesThatOnlyTheirOwnerReads(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	mailer, err := mail.NewFileMailer(dir)
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	msg := plainMessage(nil)
	require.NoError(t, mailer.Send(t.Context(), msg))
	require.NoError(t, mailer.Send(t.Context(), msg),
		"a retry replaces the file")
	require.NoError(t,
		mailer.Send(t.Context(), plainMessage(func(m *mail.Message) {
			m.ID = "x-1"
			m.Kind = "../../etc/passwd"
		})))

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, "20261121-021000-other-x-1.eml", entries[0].Name())
	require.Equal(t, "20261121-021000-reset-fixed-id.eml", entries[1].Name())

	content, err := os.ReadFile(filepath.Join(dir, entries[1].Name()))
	require.NoError(t, err)
	want, err := mail.Encode(msg)
	require.NoError(t, err)
	require.Equal(t, string(want), string(content))

	info, err = entries[1].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestFileMailerNeverShowsAHalfWrittenMail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mailer, err := mail.NewFileMailer(dir)
	require.NoError(t, err)
	msg := plainMessage(func(m *mail.Message) {
		m.Text = strings.Repeat("line\n", 1<<16)
	})
	want, err := mail.Encode(msg)
	require.NoError(t, err)

	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for range 20 {
			if err := mailer.Send(t.Context(), msg); err != nil {
				t.Error(err)
			}
		}
	})

	for running := true; running; {
		select {
		case <-stop:
			running = false
		default:
		}

		names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
		require.NoError(t, err)
		for _, name := range names {
			content, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Len(t, content, len(want))
		}
	}

	wg.Wait()
}

func TestFileMailerFailsWithAVerdict(t *testing.T) {
	t.Parallel()
	_, err := mail.NewFileMailer("")
	require.ErrorContains(t, err, "dir is empty")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))

	_, err = mail.NewFileMailer(file)
	require.Error(t, err)

	dir := filepath.Join(t.TempDir(), "gone")
	mailer, err := mail.NewFileMailer(dir)
	require.NoError(t, err)
	require.NoError(t, os.Remove(dir))
	require.Equal(t, mail.VerdictTemporary,
		mail.VerdictOf(mailer.Send(t.Context(), plainMessage(nil))))
	require.Equal(t, mail.VerdictPermanent,
		mail.VerdictOf(mailer.Send(t.Context(), mail.Message{})))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = mailer.Send(ctx, plainMessage(nil))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err))
}

func TestLogMailerShowsTheLinkOnlyWhenTold(t *testing.T) {
	t.Parallel()
	for _, insecure := range []bool{false, true} {
		var logged bytes.Buffer
		mailer := mail.LogMailer{
			Logger:           slog.New(slog.NewTextHandler(&logged, nil)),
			InsecureLogLinks: insecure,
		}
		msg := plainMessage(func(m *mail.Message) {
			m.Text = "\nhttps://app.example/#token=secret\n"
		})

		require.NoError(t, mailer.Send(t.Context(), msg))
		require.Contains(t, logged.String(), "mail.kind=reset")
		require.Equal(t, insecure, strings.Contains(logged.String(), "secret"))
		require.Equal(t, insecure,
			strings.Contains(logged.String(), "ana@example.com"))

		err := mailer.Send(t.Context(), mail.Message{})
		require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	}
}
