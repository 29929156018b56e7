package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

// rawArgs is a job as the old version has written it, byte for byte.
type rawArgs struct {
	Job  json.RawMessage `json:"job"`
	Once string          `json:"once"`
}

func (rawArgs) Kind() string { return "lostkey_mail" }

func (rawArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "lostkey", MaxAttempts: 1000}
}

// oldUsers returns accounts as the database has them.
func (c *cluster) oldUsers(t *testing.T, n int) []oldUser {
	t.Helper()
	var users []oldUser
	for i := 1; i <= n; i++ {
		users = append(users, oldUser{strconv.Itoa(i), user(i), c.text(t,
			"SELECT coalesce(password_hash, '') FROM users WHERE id = $1",
			strconv.Itoa(i))})
	}
	return users
}

func rawToken(link string) string {
	return mailtest.Token(mail.Message{Text: link})
}

func TestRollingDeployment(t *testing.T) {
	t.Parallel()
	program := buildOld(t)
	t.Run("links and jobs of the version before are taken",
		func(t *testing.T) { takeOld(t, program) })
	t.Run("they live as long as ours",
		func(t *testing.T) { outliveOld(t, program) })
	t.Run("the version before takes our links",
		func(t *testing.T) { takeNew(t, program) })
}

func takeOld(t *testing.T, program string) {
	c := newCluster(t)
	_, err := c.database.pool.Exec(t.Context(),
		"UPDATE users SET password_hash = NULL WHERE id = '3'")
	require.NoError(t, err)
	o := order{
		Site: c.url, Keys: c.settings[0].Keys, Users: c.oldUsers(t, 10),
		MakeLinks: []string{"5", "6", "7"},
		MakeJobs: map[string]string{
			"1": "request", "2": "send", "3": "invite", "4": "notice",
		},
	}
	old := runOld(t, program, o)
	require.Len(t, old.Jobs, len(o.MakeJobs))

	for id, link := range old.Links {
		n, err := strconv.Atoi(id)
		require.NoError(t, err)
		a := newVisitor().confirm(c.url, rawToken(link), passwordOf(user(n)))
		require.Equal(t, http.StatusSeeOther, a.status)
		c.requirePassword(t, user(n), passwordOf(user(n)))
	}

	inserter, err := river.NewClient(riverpgxv5.New(c.database.pool),
		&river.Config{})
	require.NoError(t, err)
	for i, job := range old.Jobs {
		_, err := inserter.Insert(t.Context(),
			rawArgs{job, strconv.Itoa(i)}, nil)
		require.NoError(t, err)
	}
	for i := 1; i <= 3; i++ {
		link := c.waitForLink(t, user(i))
		a := newVisitor().confirm(c.url, link.token(), passwordOf(user(i)))
		require.Equal(t, http.StatusSeeOther, a.status)
		c.requirePassword(t, user(i), passwordOf(user(i)))
	}
	c.waitForJobs(t)
	links, notices := c.mailsTo(user(4))
	require.Empty(t, links)
	require.Len(t, notices, 1)
	t.Logf("of commit %.7s: %d of %d links and %d of %d jobs were taken",
		oldCommit, len(old.Links), len(o.MakeLinks), len(old.Jobs),
		len(o.MakeJobs))
}

// newer is the version that this test is built with, with a clock of its own.
func newer(
	t *testing.T, o order, now time.Time, r *made,
) (*reset.Service, *mailtest.Recorder) {
	t.Helper()
	ring, err := token.ParseKeys(o.Keys)
	require.NoError(t, err)
	store, mailbox := memstore.New(), &mailtest.Recorder{}
	for _, u := range o.Users {
		require.NoError(t, store.Add(reset.User{
			ID: u.ID, Email: u.Email, PasswordHash: u.Hash,
		}))
	}

	svc, err := reset.New(reset.Config{
		Site: o.Site, From: "Cluster <no-reply@app.example>",
		Keys: ring, Store: store, Mailer: mailbox,
		Sessions: reset.KeepSessions(),
		Pages:    reset.Pages{InsecureHTTP: true},
		Limits:   reset.Limits{Off: true},
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
		Now:      func() time.Time { return now },
		Queue: reset.Queue{
			Dispatch: func(_ context.Context, job reset.Job) error {
				text, err := json.Marshal(job)
				r.Jobs = append(r.Jobs, text)
				return err
			},
		},
	})
	require.NoError(t, err)
	return svc, mailbox
}

func smallOrder(t *testing.T) order {
	t.Helper()
	users := []oldUser{{ID: "9", Email: "no-hash@app.example"}}
	for i := 1; i <= 4; i++ {
		users = append(users, oldUser{
			strconv.Itoa(i), user(i), "$2b$10$stand-in for a hash of " + user(i),
		})
	}
	return order{
		Site: "https://app.example", Keys: newKeys(t, "both"), Users: users,
		MakeLinks: []string{"1", "2"},
		MakeJobs:  map[string]string{"3": "request"},
	}
}

func outliveOld(t *testing.T, program string) {
	o := smallOrder(t)
	links := runOld(t, program, o)
	begun := time.Now()
	for kind, id := range map[string]string{
		"request": "3", "send": "3", "invite": "9", "notice": "3",
	} {
		window := 24 * time.Hour
		if kind == "request" {
			window = 15 * time.Minute
		}
		o.MakeJobs = map[string]string{id: kind}
		jobs := runOld(t, program, o).Jobs
		for _, tt := range []struct {
			after time.Duration
			mails int
		}{{0, 1}, {window - time.Minute, 1}, {window + time.Minute, 0}} {
			var job reset.Job
			require.NoError(t, json.Unmarshal(jobs[0], &job))
			svc, mailbox := newer(t, o, begun.Add(tt.after), new(made))
			require.NoError(t, svc.Process(t.Context(), job))
			require.Len(t, mailbox.Messages(), tt.mails, "%s after %v", kind,
				tt.after)
		}
	}

	for _, tt := range []struct {
		after time.Duration
		good  bool
	}{{time.Hour - time.Minute, true}, {time.Hour + time.Minute, false}} {
		svc, _ := newer(t, o, begun.Add(tt.after), new(made))
		for _, link := range links.Links {
			_, err := svc.Check(t.Context(), reset.CheckInput{
				Token: rawToken(link),
			})
			if tt.good {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, reset.ErrRejected)
			}
		}
	}
	t.Log("taken: links for an hour, requests for 15 minutes, what an " +
		"administrator sends and notices for a day")
}

// Links are promised in both directions, since the format of tokens does not
// change. Jobs are not: the version before refuses what it does not know.
func takeNew(t *testing.T, program string) {
	o, ours := smallOrder(t), new(made)
	svc, _ := newer(t, o, time.Now(), ours)
	for _, id := range o.MakeLinks {
		link, err := svc.Link(t.Context(), id, reset.LinkOptions{})
		require.NoError(t, err)
		o.TakeLinks = append(o.TakeLinks, rawToken(link.Reveal()))
	}
	for i := 1; i <= 4; i++ {
		require.NoError(t, svc.SendReset(t.Context(),
			reset.SendInput{UserID: strconv.Itoa(i)}))
	}
	require.NoError(t, svc.Request(t.Context(),
		reset.RequestInput{Email: user(3)}))
	require.NoError(t, svc.Shutdown(t.Context()))

	o.MakeLinks, o.MakeJobs, o.TakeJobs = nil, nil, ours.Jobs
	old := runOld(t, program, o)
	require.Equal(t, []string{"", ""}, old.Confirmed)
	t.Logf("links: %d of %d taken by commit %.7s; jobs, which nobody promises: "+
		"%d of %d mailed, %q", len(old.Confirmed), len(o.TakeLinks), oldCommit,
		old.Mailed, len(o.TakeJobs), old.Processed)
}
