package reset_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/token"
	"github.com/stretchr/testify/require"
)

// storedKey is the ring that testdata/stored was written with.
func storedKey(t *testing.T) token.Keys {
	t.Helper()
	ring, err := token.ParseKeys("k1:" + base64.StdEncoding.EncodeToString(
		[]byte("qX7#mV2!zR9@kL4$wT6%nB8^hJ3&yC5*"),
	))
	require.NoError(t, err)
	return ring
}

// newStoredFixture is the application that testdata/stored was written by, at
// the same time, with the code as it is now. Those files are never written
// anew: what is in them lies in the queues and mailboxes of others.
func newStoredFixture(t *testing.T) *fixture {
	t.Helper()
	fx, _ := newPurposeFixture(t, func(cfg *reset.Config) {
		cfg.Keys = storedKey(t)
		cfg.Queue.Dispatch = func(context.Context, reset.Job) error { return nil }
		cfg.Lifetimes.MaxReset = 3 * time.Hour
		cfg.Pages.ReturnTo = map[string]string{"shop": "/shop"}
		cfg.Hooks.OnDisputed = (&disputes{}).lock
	})
	require.NoError(t, fx.store.Update("7", func(user *reset.User) {
		user.Label, user.Locale = "Bakery", "es"
		user.Recovery = []string{"ana@home.example"}
	}))
	fx.add(t, reset.User{
		ID: "new", Email: "new@example.com",
		PasswordHash: "!" + strings.Repeat("a", 40),
	})
	_, err := fx.For(goodSite())
	require.NoError(t, err)
	return fx
}

func storedJobs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/stored/jobs.jsonl")
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Each row is a line of the file: whom it mails, and what is in the mail.
func TestJobsOfAnOlderVersionAreTaken(t *testing.T) {
	t.Parallel()
	rows := []struct {
		kind mail.Kind
		to   []string
		has  string
	}{
		{mail.KindReset, []string{"ana@home.example"}, "&return=shop"},
		{}, // muted.
		{mail.KindReset, []string{"ana@example.com"}, "/reset-password/#token="},
		{mail.KindInvite, []string{"new@example.com"}, "/reset-password/#token="},
		{
			mail.KindPasswordChanged,
			[]string{"ana@example.com", "ana@home.example"},
			"/dispute/#token=",
		},
		{"verify-email", []string{"ana@example.com"}, "/verify-email/#token="},
		{"change-email", []string{"ana@new.example"}, "/change-email/#token="},
		{}, // a write that has not shown yet.
		{mail.KindReset, []string{"ana@example.com"}, "https://b.example/"},
	}
	jobs := storedJobs(t)
	require.Len(t, jobs, len(rows))

	for i, row := range rows {
		fx := newStoredFixture(t)
		var job reset.Job
		require.NoError(t, json.Unmarshal([]byte(jobs[i]), &job))
		fx.clock.advance(14 * time.Minute)
		err := fx.Process(t.Context(), job)
		if job.Unresolved != "" {
			require.ErrorContains(t, err, "has not shown yet")
			continue
		}

		require.NoError(t, err, jobs[i])
		require.Equal(t, row.to, fx.to(row.kind), jobs[i])
		require.Len(t, fx.outbox.Messages(), len(row.to))
		for _, msg := range fx.outbox.Messages() {
			require.Contains(t, msg.Text, row.has)
		}
	}
}

func TestLinksOfAnOlderVersionAreTaken(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/stored/links.json")
	require.NoError(t, err)
	var links map[string]string
	require.NoError(t, json.Unmarshal(text, &links))
	require.Len(t, links, 7)

	for name, raw := range links {
		fx := newStoredFixture(t)
		fx.clock.advance(time.Hour - time.Second)
		kind, to, _ := strings.Cut(name, " to ")
		switch purpose := token.Purpose(kind); purpose {
		case token.PurposeReset, token.PurposeInvite:
			require.NoError(t, fx.confirm(t, raw), name)
		case "password-changed":
			require.NoError(t, fx.dispute(t, raw), name)
		default:
			if purpose == verifyEmail {
				to = ""
			}
			require.NoError(t, fx.Redeem(t.Context(), purpose,
				reset.RedeemInput{Token: raw, To: to}, changeStamp(fx),
			), name)
		}
	}
}

// A newer version may have put something into a job that this one would leave
// out. What it does not know it does not do by half.
func TestJobWithAFieldOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	fx := newStoredFixture(t)
	seal, err := storedKey(t).Derive(site, "jobs")
	require.NoError(t, err)
	line, _, _ := strings.Cut(storedJobs(t)[2], `,"mac"`)
	sign := func(canonical string) reset.Job {
		mac := base64.RawURLEncoding.EncodeToString(seal.Sum([]byte(canonical)))
		var job reset.Job
		require.NoError(t, json.Unmarshal([]byte(
			strings.TrimSuffix(canonical, "}")+`,"mac":"`+mac+`"}`,
		), &job))
		return job
	}

	requireRefused(t, fx, sign(line+`,"only_to":"8"}`), "bad-mac")
	require.NoError(t, fx.Process(t.Context(), sign(line+"}")))
	require.Equal(t, []string{"ana@example.com"}, fx.to(mail.KindReset))
	require.NotEmpty(t, mailtest.Link(fx.outbox.Messages()[0]))
}
