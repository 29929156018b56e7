package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/token"
)

// process is the program in this process, with flags and a port of its own.
type process struct {
	addr, url string

	logs *logBook
	// stop does what a signal does, and returns what run returned.
	stop func() error
}

var listening = regexp.MustCompile(
	`\AListening on (\S+)\. Open (\S+) in a browser\.`,
)

func startProcess(t *testing.T, keys string, args ...string) process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	logs, ended := newLogBook(), make(chan error, 1)
	go func() {
		args := append([]string{"-addr", "127.0.0.1:0"}, args...)
		env := environment{keys: keys}
		err := run(ctx, args, env, write, slog.New(logs))
		write.CloseWithError(io.EOF)
		ended <- err
	}()

	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(<-ended)
	}
	stop := func() error { cancel(); return <-ended }
	told := listening.FindStringSubmatch(line)
	require.NotNil(t, told, line)
	return process{told[1], told[2], logs, stop}
}

func (e engine) flag(t *testing.T) []string {
	t.Helper()
	return []string{"-db", e.location(t)}
}

func mails(t *testing.T, folder string) []*mail.Message {
	t.Helper()
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	var all []*mail.Message
	for _, file := range files {
		require.Equal(
			t, ".eml", filepath.Ext(file.Name()), "every file is whole",
		)
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		require.NoError(t, err)
		m, err := mail.ReadMessage(strings.NewReader(string(content)))
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

func TestStoppingSendsTheMailsThatWait(t *testing.T) {
	onEveryEngine(t, testStoppingSendsTheMailsThatWait)
}

func testStoppingSendsTheMailsThatWait(t *testing.T, e engine) {
	folder := filepath.Join(t.TempDir(), "mails")
	flags := append(e.flag(t), "-limits", "off", "-mail-dir", folder)
	p := startProcess(t, "", flags...)
	b := newBrowser(t, p.url)
	b.register(ada, oldPassword)
	for range 20 {
		require.Equal(t, http.StatusSeeOther, b.forgot(ada))
	}
	require.NoError(t, p.stop())
	sent := mails(t, folder)
	require.Len(t, sent, 20)
	require.Equal(t, ada, sent[0].Header.Get("To"))
	_, err := http.Get(p.url)
	require.Error(t, err, "the port is closed")
}

func TestLinksLiveAsLongAsTheirKeyRing(t *testing.T) {
	onEveryEngine(t, testLinksLiveAsLongAsTheirKeyRing)
}

func testLinksLiveAsLongAsTheirKeyRing(t *testing.T, e engine) {
	keys, err := token.GenerateKeys("2026-11")
	require.NoError(t, err)
	for keys, status := range map[string]int{
		keys.Reveal(): http.StatusSeeOther, "": http.StatusBadRequest,
	} {
		flags := append(e.flag(t), "-url", "http://127.0.0.1:1")
		first := startProcess(t, keys, flags...)
		b := newBrowser(t, "http://"+first.addr)
		b.register(ada, oldPassword)
		require.Equal(t, http.StatusSeeOther, b.forgot(ada))
		first.logs.wait(t, "password reset mailed")

		link := mailedLink.FindStringSubmatch(b.get("/inbox").body)[1]
		require.NoError(t, first.stop())
		require.Equal(t, keys == "", strings.Contains(
			first.logs.text(), "LOSTKEY_KEYS is not set",
		))

		second := startProcess(t, keys, flags...)
		b = newBrowser(t, "http://"+second.addr)
		require.Equal(t, status, b.confirm(link, newPassword))
		require.NoError(t, second.stop())
	}
}

func TestStartRefusesBadSettings(t *testing.T) {
	t.Parallel()
	pair := func(name, value string) []string { return []string{name, value} }
	for _, tt := range []struct {
		keys string
		smtp string
		args []string
		want string
	}{
		{keys: "2026-11:c2hvcnQ=", want: "LOSTKEY_KEYS"},
		{args: pair("-limits", "maybe"), want: "on or off"},
		{args: []string{"-limits"}, want: "limits"},
		{args: pair("-url", "not a url"), want: "Site"},
		{args: pair("-url", "ftp://app.example"), want: "Site"},
		{args: pair("-addr", "nonsense"), want: "listen"},
		{args: pair("-db", "/dev/null/x"), want: "database"},
		{args: pair("-mail-dir", "/dev/null/x"), want: "-mail-dir"},
		{
			args: pair("-smtp", "http://user:c2hvcnQ@mail.example"),
			want: "-smtp",
		},
		{
			args: pair("-smtp", "smtps://user:c2hvcnQ@mail.example"),
			want: "set LOSTKEY_SMTP",
		},
		{
			args: pair("-smtp", "smtps://c2hvcnQ%zz@mail.example"),
			want: "set LOSTKEY_SMTP",
		},
		{
			args: pair("-smtp", "smtp://mail.example"),
			smtp: "smtp://user:c2hvcnQ@mail.example", want: "both set",
		},
		{smtp: "http://user:c2hvcnQ@mail.example", want: "LOSTKEY_SMTP"},
		{smtp: "smtps://user:c2hvcnQ%zz@mail.example", want: "LOSTKEY_SMTP"},
		{args: pair("-from", "nobody"), want: "From"},
		{args: []string{"extra"}, want: "extra"},
	} {
		args := append(engines[0].flag(t), "-addr", "127.0.0.1:0")
		args = append(args, tt.args...)
		env := environment{keys: tt.keys, smtp: tt.smtp}
		log := slog.New(slog.DiscardHandler)

		// In case it starts.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := run(ctx, args, env, io.Discard, log)
		cancel()
		require.ErrorContains(t, err, tt.want, "%q", tt.args)
		require.NotContains(t, err.Error(), "c2hvcnQ")
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	opts, err := parseOptions(nil, environment{}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", opts.addr)
	require.True(t, opts.limits)
	require.True(t, strings.HasPrefix(opts.database, os.TempDir()))
}

func TestSMTPServerIsNamedByTheFlagOrTheEnvironment(t *testing.T) {
	t.Parallel()
	const withPassword = "smtps://user:secret@mail.example"
	opts, err := parseOptions(nil, environment{smtp: withPassword}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, withPassword, opts.smtp)
	opts, err = parseOptions(
		[]string{"-smtp", "smtp://mail.example"}, environment{}, io.Discard,
	)
	require.NoError(t, err)
	require.Equal(t, "smtp://mail.example", opts.smtp)

	var usage strings.Builder
	_, err = parseOptions(
		[]string{"-h"}, environment{smtp: withPassword}, &usage,
	)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, usage.String(), "LOSTKEY_SMTP")
	require.NotContains(t, usage.String(), "secret")
}

func TestTheDatabaseIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	flags := engines[0].flag(t)
	p := startProcess(t, "", flags...)
	require.NoError(t, p.stop())
	info, err := os.Stat(flags[1])
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	info, err = os.Stat(filepath.Dir(flags[1]))
	require.NoError(t, err)
	require.EqualValues(t, 0o700, info.Mode().Perm())
}
