package riverjobs_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
)

// Environment of a worker process.
const (
	childSchema = "LOSTKEY_TEST_RIVER_SCHEMA"
	childKeys   = "LOSTKEY_TEST_RIVER_KEYS"
	childHangs  = "LOSTKEY_TEST_RIVER_HANGS"
)

// work is the main function of a worker process. Its mailer reports on
// standard output; it delivers after some milliseconds, or never.
func work(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, dsn())
	if err != nil {
		return err
	}
	mailer := mail.MailerFunc(func(_ context.Context, msg mail.Message) error {
		fmt.Printf("sending %s %s\n", msg.ID, msg.To)
		if os.Getenv(childHangs) != "" {
			// a mail server that never answers; only kill -9 ends this
			select {}
		}
		<-time.After(rand.N(20 * time.Millisecond))
		fmt.Printf("sent %s %s %s\n", msg.ID, msg.To, mailtest.Token(msg))
		return nil
	})
	svc, err := newService(os.Getenv(childKeys), mailer, nil)
	if err != nil {
		return err
	}
	if _, err := startWorker(ctx, pool, os.Getenv(childSchema), svc); err != nil {
		return err
	}
	select {}
}

// outbox is what worker processes have reported: lines of words.
type outbox struct {
	mu    sync.Mutex
	lines [][]string
}

func (o *outbox) of(verb string) [][]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines [][]string
	for _, line := range o.lines {
		if line[0] == verb {
			lines = append(lines, line)
		}
	}
	return lines
}

// startChild runs a worker process and returns the function that kills it
// with SIGKILL and waits for its last words.
func (w *world) startChild(t *testing.T, out *outbox, env ...string) (kill func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(),
		append(env, childSchema+"="+w.schema, childKeys+"="+w.keys)...)
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			out.mu.Lock()
			out.lines = append(out.lines, strings.Fields(lines.Text()))
			out.mu.Unlock()
		}
	}()
	kill = sync.OnceFunc(func() {
		_ = child.Process.Kill()
		<-read
		_ = child.Wait()
	})
	t.Cleanup(kill)
	return kill
}

func TestMailOfKilledWorkerStillGoesOutOnce(t *testing.T) {
	t.Parallel()
	w, out := newWorld(t), new(outbox)
	w.request(t.Context(), t, addrOf(7))

	kill := w.startChild(t, out, childHangs+"=1")
	waitFor(t, "the first worker to begin sending", func() bool {
		return len(out.of("sending")) == 1
	})
	kill()
	require.Empty(t, out.of("sent"))
	require.Equal(t, 1, w.count(t, "state = 'running'"), "the job looks taken")

	killed := time.Now()
	kill = w.startChild(t, out)
	waitFor(t, "the job to be completed", func() bool {
		return w.count(t, "state = 'completed'") == 1
	})
	t.Logf("the mail was out %v after the kill",
		time.Since(killed).Round(100*time.Millisecond))
	kill()

	sent := out.of("sent")
	require.Len(t, sent, 1)
	require.Equal(t, addrOf(7), sent[0][2])
	require.Equal(t, out.of("sending")[0][1], sent[0][1],
		"both tries are the same message")
	_, err := w.svc.Check(t.Context(), reset.CheckInput{Token: sent[0][3]})
	require.NoError(t, err)
	require.Equal(t, 1, w.count(t, "true"))
}

// Kills at random moments, some between the delivery of a mail and the note
// that it was delivered: nobody goes without, and a second copy is the same
// message.
func TestNoMailIsLostWhenWorkersAreKilledAtRandom(t *testing.T) {
	t.Parallel()
	w, out := newWorld(t), new(outbox)
	for i := range accounts {
		w.request(t.Context(), t, addrOf(i))
	}
	const kills = 5
	for range kills {
		before := len(out.of("sending"))
		kill := w.startChild(t, out)
		waitFor(t, "a worker to begin", func() bool {
			return len(out.of("sending")) > before
		})
		<-time.After(rand.N(30 * time.Millisecond))
		kill()
	}
	unfinished := w.count(t, "state <> 'completed'")
	stuck := w.count(t, "state = 'running'")
	kill := w.startChild(t, out)
	waitFor(t, "all jobs to be completed", func() bool {
		return w.count(t, "state <> 'completed'") == 0
	})
	kill()

	ids, copies := map[string]string{}, 0
	for _, line := range out.of("sent") {
		id, to := line[1], line[2]
		if first, again := ids[to]; again {
			copies++
			require.Equal(t, first, id,
				"a second mail to %s is another message", to)
		}
		ids[to] = id
	}
	require.Len(t, ids, accounts, "somebody got no mail")
	t.Logf("%d kills left %d of %d jobs unfinished, %d of them marked as "+
		"running; %d second copies, all with the same Message-ID",
		kills, unfinished, accounts, stuck, copies)
}
