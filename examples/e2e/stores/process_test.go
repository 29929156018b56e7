package stores_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
)

// Another process is this test program again. It is told what to do on its
// standard input, says "ready", waits for a line, confirms, and says how that
// went.

const childVariable = "LOSTKEY_STORES_CHILD"

func TestMain(m *testing.M) {
	// The driver logs every lost connection, and losing them is what is done
	// here.
	if err := mysql.SetLogger(&mysql.NopLogger{}); err != nil {
		panic(err)
	}
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := runChild(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// An order is what a child process is to do.
type order struct {
	Engine, DSN, Keys, Token string
	// Racers confirm at once, held before their write until the line comes.
	Racers int
	// Torn makes the change without a transaction.
	Torn bool
	// Audit, if set, is the user of events that are recorded until the process
	// is killed. It then does no more.
	Audit string
}

func runChild(stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	for _, e := range engines {
		if e.name == o.Engine {
			return o.run(e, in, stdout)
		}
	}
	return errors.New("no such engine")
}

func (o order) run(e engine, in *bufio.Reader, out io.Writer) error {
	ctx := context.Background()
	db, err := sql.Open(e.driver, o.DSN)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	if o.Audit != "" {
		return recordForever(e, db, o.Audit, out)
	}

	var mailbox mailtest.Recorder
	release := make(chan struct{})
	service, held, err := o.service(e, db, &mailbox, release)
	if err != nil {
		return err
	}

	// Connects, so that the time after the line is spent on confirming alone.
	if _, err := service.Check(ctx, reset.CheckInput{Token: o.Token}); err != nil {
		return err
	}

	sum := make(chan tally)
	go func() {
		if o.Racers == 1 {
			<-release
		}
		sum <- race(ctx, service, o.Token, o.Racers, held)
	}()

	if held != nil {
		if err := held.wait(); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}

	close(release)
	result := <-sum
	// Before the mail queue is drained: whoever kills this process wants to
	// know how long the confirmation took.
	if _, err := fmt.Fprintln(out, "confirmed"); err != nil {
		return err
	}
	if err := service.Shutdown(ctx); err != nil {
		return err
	}

	result.Notices = notices(&mailbox)
	return json.NewEncoder(out).Encode(result)
}

// service makes the service of the process. Several racers are held at a
// barrier, which is nil for one.
func (o order) service(
	e engine, db *sql.DB, mailbox *mailtest.Recorder, release chan struct{},
) (service *reset.Service, held *barrier, err error) {
	hasher, err := buildHasher()
	if err != nil {
		return nil, nil, err
	}

	_, service, err = buildService(e, db, hasher, mailbox, options{
		keys: o.Keys,
		inTx: func(ctx context.Context, tx *sql.Tx, seen reset.User) error {
			return linger(ctx, tx, e, seen)
		},
		wrap: func(_ *sql.DB, s *sqlstore.Store) reset.Store {
			if o.Torn {
				return separate{s, db, e}
			}
			if o.Racers == 1 {
				return s
			}
			held = newBarrier(s, o.Racers, release)
			return held
		},
	})
	return service, held, err
}

// A child is a running process that has said "ready".
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startChild(t *testing.T, o order) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, json.NewEncoder(in).Encode(o))
	return &child{cmd: cmd, in: in, out: bufio.NewReader(out)}
}

func (c *child) expect(t *testing.T, want string) {
	t.Helper()
	line, err := c.out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, want+"\n", line)
}

func (c *child) proceed(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(c.in, "\n")
	require.NoError(t, err)
}

func (c *child) result(t *testing.T) tally {
	t.Helper()
	var sum tally
	require.NoError(t, json.NewDecoder(c.out).Decode(&sum))
	require.NoError(t, c.cmd.Wait())
	return sum
}

//lostkey:covers ASVS-15.4.2 CWE-362
func TestOfManyConfirmationsInThreeProcessesOneSucceeds(t *testing.T) {
	eachEngine(t, engines, func(t *testing.T, e engine) {
		const processes = 3
		each := 334
		if testing.Short() {
			each = 22
		}
		app := newApplication(t, e, options{})
		o := order{
			Engine: e.name, DSN: app.dsn, Keys: app.keys, Token: app.link(t),
			Racers: each,
		}
		children := make([]*child, processes)
		for i := range children {
			children[i] = startChild(t, o)
		}

		for _, c := range children {
			c.expect(t, "ready")
		}

		for _, c := range children {
			c.proceed(t)
		}

		var all tally
		for _, c := range children {
			c.expect(t, "confirmed")
			sum := c.result(t)
			require.Empty(t, sum.Odd)
			all.Won += sum.Won
			all.Stale += sum.Stale
			all.Notices += sum.Notices
		}

		require.Equal(t, tally{Won: 1, Stale: processes*each - 1, Notices: 1},
			all)
		app.requireChanged(t)
		t.Logf("%s: %d in %d processes: %+v", e.name, processes*each, processes,
			all)
	})
}
