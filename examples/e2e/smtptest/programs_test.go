package smtptest_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/smtpmail"
)

func TestAiosmtpdTakesAMailOverSTARTTLS(t *testing.T) {
	t.Parallel()
	path := program(t, "aiosmtpd")
	_, pool, certFile, keyFile := certificate(t)
	port := freePort(t)
	var out locked
	command := exec.CommandContext(t.Context(), path, "-n", "-l",
		"127.0.0.1:"+port, "--tlscert", certFile, "--tlskey", keyFile,
		"-c", "aiosmtpd.handlers.Debugging", "stdout")
	command.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")

	command.Stdout = &out
	run(t, port, command)
	mailer, err := smtpmail.New(smtpmail.Config{
		URL:     "smtp://localhost:" + port,
		RootCAs: pool,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = mailer.Close() })

	require.NoError(t,
		mailer.Send(t.Context(), sample(t, mail.KindReset, "de")))
	require.Eventually(t, func() bool {
		return bytes.Contains(out.bytes(), []byte("Content-Language: de")) &&
			bytes.Contains(out.bytes(), []byte("To: ana@destination.example"))
	}, 10*time.Second, 10*time.Millisecond)

	other, err := smtpmail.New(smtpmail.Config{URL: "smtp://localhost:" + port})
	require.NoError(t, err)
	err = other.Check(t.Context())
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err),
		"a certificate nobody vouches for")
}

// locked is a buffer that a program writes to while a test reads.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *locked) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

// sink starts Postfix's smtp-sink with options and returns a mailer for it. It
// knows no TLS.
func sink(t *testing.T, options ...string) *smtpmail.Mailer {
	t.Helper()
	path := os.Getenv("LOSTKEY_SMTP_SINK")
	if path == "" {
		path = program(t, "smtp-sink", "/usr/sbin/smtp-sink")
	}
	port := freePort(t)
	command := exec.CommandContext(t.Context(), path,
		append(options, "127.0.0.1:"+port, "10")...)
	if os.Getuid() == 0 {
		command.Args = append([]string{path, "-u", "nobody"},
			command.Args[1:]...)
	}

	run(t, port, command)
	mailer, err := smtpmail.New(smtpmail.Config{URL: "insecure-smtp://127.0.0.1:" +
		port, Timeout: 5 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = mailer.Close() })
	return mailer
}

func TestSMTPSinkAcceptsAndRefuses(t *testing.T) {
	t.Parallel()
	const (
		forGood = mail.VerdictPermanent
		forNow  = mail.VerdictTemporary
	)
	for _, c := range []struct {
		name    string
		options []string
		fails   bool
		want    mail.Verdict
	}{
		{"accepts", nil, false, 0},
		// HELO alone is not spoken
		{"accepts without extensions", []string{"-e"}, true, forGood},
		{"refuses MAIL for good", []string{"-f", "MAIL"}, true, forGood},
		{"refuses RCPT for good", []string{"-f", "RCPT"}, true, forGood},
		{"refuses DATA for good", []string{"-f", "DATA"}, true, forGood},
		{"refuses the content for good", []string{"-f", "."}, true, forGood},
		{"refuses RCPT for now", []string{"-r", "RCPT"}, true, forNow},
		{"refuses the content for now", []string{"-r", "."}, true, forNow},
		{"hangs up at MAIL", []string{"-q", "MAIL"}, true, forNow},
		{
			"hangs up after the final dot",
			[]string{"-q", "."},
			true,
			mail.VerdictUnknown,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := sink(t, c.options...).Send(t.Context(),
				sample(t, mail.KindReset, "en"))
			require.Equal(t, c.fails, err != nil, "%v", err)
			if c.fails {
				require.Equal(t, c.want, mail.VerdictOf(err), "%v", err)
			}
			t.Logf("%-30s %v", c.name, err)
		})
	}
}

var score = regexp.MustCompile(`(?m)^X-Spam-Status: \S+ score=(-?[0-9.]+)` +
	` required=\S+ tests=(.*(?:\n\s.*)*?)\s+autolearn`)

// Local rules alone, without the network. The sender's records and reputation
// are not in it.
func TestSpamAssassinFindsNothingWrong(t *testing.T) {
	t.Parallel()
	path := program(t, "spamassassin")
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)

	for _, locale := range templates.Locales() {
		for _, kind := range mail.BuiltInKinds() {
			t.Run(locale+" "+string(kind), func(t *testing.T) {
				encoded, err := mail.Encode(sample(t, kind, locale))
				require.NoError(t, err)
				command := exec.CommandContext(t.Context(), path, "-L", "-x",
					"--cf=report_safe 0")
				command.Stdin = bytes.NewReader(encoded)
				out, err := command.Output()
				require.NoError(t, err)

				found := score.FindSubmatch(out)
				require.NotNil(t, found, "%s", out)

				points, err := strconv.ParseFloat(string(found[1]), 64)
				require.NoError(t, err)
				t.Logf("%-6s %-19s %.1f %s", locale, kind, points, found[2])
				require.LessOrEqual(t, points, 1.0)
			})
		}
	}
}
