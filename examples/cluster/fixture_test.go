package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/token"
)

// TestMain turns the test program into an instance when a cluster starts it
// again as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == instanceArg {
		os.Exit(instanceMain())
	}
	os.Exit(m.Run())
}

const (
	// patience is how long a test waits for what must come.
	patience = 90 * time.Second
	tick     = 20 * time.Millisecond
)

// quick settings let a test wait for seconds where production waits for
// minutes, and let one machine be many visitors.
func quick(t *testing.T) settings {
	t.Helper()
	return settings{
		Keys: newKeys(t, "first"), LimitFactor: 100,
		Timeout: 4 * time.Second, Rescue: 5 * time.Second,
	}
}

func newKeys(t *testing.T, id string) string {
	t.Helper()
	ring, err := token.GenerateKeys(id)
	require.NoError(t, err)
	return ring.Reveal()
}

// newCluster starts three instances, or what the functions make of them.
func newCluster(t *testing.T, change ...func(*options)) *cluster {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	opts := options{
		Postgres: defaultPostgres(), Redis: defaultRedis(),
		Instances: 3, Users: 10_000, Settings: quick(t), Log: log,
	}
	for _, f := range change {
		f(&opts)
	}

	c, err := startCluster(t.Context(), opts)
	skipMissing(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.stop(context.Background()))
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			lines := strings.Split(string(said), "\n")
			t.Log(strings.Join(lines[max(0, len(lines)-200):], "\n"))
		}
		_ = log.Close()
	})
	return c
}

// skipMissing skips a test for want of a server, and fails on other errors.
func skipMissing(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errMissing) &&
		os.Getenv("LOSTKEY_REQUIRE_SERVICES") != "1" {
		t.Skip(err)
	}
	require.NoError(t, err)
}

// text reads one value from the cluster's database.
func (c *cluster) text(t *testing.T, query string, args ...any) string {
	t.Helper()
	var value string
	require.NoError(t, c.database.pool.QueryRow(t.Context(),
		"SELECT ("+query+")::text", args...).Scan(&value))
	return value
}

// requirePassword checks what an account's password is.
func (c *cluster) requirePassword(t *testing.T, user, password string) {
	t.Helper()
	hasher, err := hash.New(hash.Config{})
	require.NoError(t, err)
	ok, err := hasher.Verify(t.Context(), password,
		c.text(t, "SELECT password_hash FROM users WHERE email = $1", user))
	require.NoError(t, err)
	require.True(t, ok.OK, "the password of %s is another", user)
}

// mailsTo returns the mails to an address, those with a link and the others.
func (c *cluster) mailsTo(user string) (links, notices []received) {
	for _, m := range c.inbox.all() {
		switch {
		case m.To != user:
		case m.token() != "":
			links = append(links, m)
		default:
			notices = append(notices, m)
		}
	}
	return links, notices
}

func (m received) token() string {
	return mailtest.Token(mail.Message{Text: m.Text})
}

// waitForLink returns the newest link that was mailed to an address.
func (c *cluster) waitForLink(t *testing.T, user string) received {
	t.Helper()
	var links []received
	require.Eventually(t, func() bool {
		links, _ = c.mailsTo(user)
		return len(links) > 0
	}, patience, tick, "no mail to "+user)
	return links[len(links)-1]
}

// said reports whether the log of any process has the text.
func (c *cluster) said(t *testing.T, text string) bool {
	t.Helper()
	all, err := os.ReadFile(c.log.(*os.File).Name())
	require.NoError(t, err)
	return strings.Contains(string(all), text)
}

// audit returns how often each outcome and reason stands in the audit trail, of
// one client or of all. It stops the instances, which then write what they have
// counted.
func (c *cluster) audit(t *testing.T, client string) map[string]int {
	t.Helper()
	for i, p := range c.processes {
		if p != nil {
			require.NoError(t, c.stopInstance(i))
		}
	}

	rows, err := c.database.pool.Query(t.Context(), `
		SELECT trim(outcome || ' ' || reason), sum(hits)::int
		FROM lostkey_audit WHERE $1 IN ('', client) GROUP BY 1`, client)
	require.NoError(t, err)
	all := map[string]int{}
	var outcome string
	var hits int
	_, err = pgx.ForEachRow(rows, []any{&outcome, &hits}, func() error {
		all[outcome] = hits
		return nil
	})
	require.NoError(t, err)
	return all
}

// waitForJobs waits until River has nothing left to do.
func (c *cluster) waitForJobs(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return c.text(t, `SELECT count(*) FROM river_job
			WHERE state NOT IN ('completed', 'cancelled')`) == "0"
	}, patience, 5*tick, "jobs are left")
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d, err := createDatabase(t.Context(), defaultPostgres())
	skipMissing(t, err)
	t.Cleanup(func() { require.NoError(t, d.drop(context.Background())) })
	return d
}
