// Command old is built against an older version of the library. It makes links
// and jobs, and says what becomes of those that a newer version has made. It
// reads an order from its standard input and writes what came of it to its
// standard output, both as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

type order struct {
	Site, Keys string
	Users      []account
	// MakeLinks are the ids of accounts to make links for. MakeJobs has, by
	// the id of an account, the kind of job to make.
	MakeLinks []string
	MakeJobs  map[string]string
	// TakeLinks are links to confirm with, TakeJobs jobs to process.
	TakeLinks []string
	TakeJobs  []json.RawMessage
}

type account struct{ ID, Email, Hash string }

type result struct {
	Links map[string]string
	Jobs  []json.RawMessage
	// What became of each link and job, "" for all well.
	Confirmed, Processed []string
	Mailed               int
}

func main() {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		log.Fatal(err)
	}
	r, err := o.run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Fatal(err)
	}
}

func (o order) run(ctx context.Context) (*result, error) {
	r, mailbox := &result{Links: map[string]string{}}, &mailtest.Recorder{}
	svc, err := o.service(r, mailbox)
	if err != nil {
		return nil, err
	}

	for _, id := range o.MakeLinks {
		link, err := svc.Link(ctx, id, reset.LinkOptions{})
		if err != nil {
			return nil, err
		}
		r.Links[id] = link.Reveal()
	}
	for _, user := range o.Users {
		if err := makeJob(ctx, svc, o.MakeJobs[user.ID], user); err != nil {
			return nil, err
		}
	}

	for _, link := range o.TakeLinks {
		err := svc.Confirm(ctx, reset.ConfirmInput{
			Token: link, Password: "words of the older version",
		})
		r.Confirmed = append(r.Confirmed, said(err))
	}
	for _, text := range o.TakeJobs {
		var job reset.Job
		err := json.Unmarshal(text, &job)
		if err == nil {
			err = svc.Process(ctx, job)
		}
		r.Processed = append(r.Processed, said(err))
	}
	r.Mailed = len(mailbox.Messages())
	return r, nil
}

func (o order) service(
	r *result, mailbox *mailtest.Recorder,
) (*reset.Service, error) {
	ring, err := token.ParseKeys(o.Keys)
	if err != nil {
		return nil, err
	}
	store := memstore.New()
	for _, user := range o.Users {
		if err := store.Add(reset.User{
			ID: user.ID, Email: user.Email, PasswordHash: user.Hash,
		}); err != nil {
			return nil, err
		}
	}

	return reset.New(reset.Config{
		Site: o.Site, From: "Cluster <no-reply@app.example>",
		Keys: ring, Store: store, Mailer: mailbox,
		Sessions: reset.KeepSessions(),
		Pages:    reset.Pages{InsecureHTTP: true},
		Mail:     reset.Mail{SkipNotice: true},
		Limits:   reset.Limits{Off: true},
		Queue: reset.Queue{
			Dispatch: func(_ context.Context, job reset.Job) error {
				text, err := json.Marshal(job)
				r.Jobs = append(r.Jobs, text)
				return err
			},
		},
	})
}

// makeJob makes one of each kind that a queue may hold.
func makeJob(
	ctx context.Context, svc *reset.Service, kind string, user account,
) error {
	switch kind {
	case "":
		return nil
	case "request":
		return svc.Request(ctx, reset.RequestInput{
			Email: user.Email, Locale: "pt-BR", UserAgent: "Firefox/1",
		})
	case "send":
		return svc.SendReset(ctx, reset.SendInput{UserID: user.ID})
	case "invite":
		return svc.Invite(ctx, reset.InviteInput{UserID: user.ID})
	case "notice":
		return svc.NotifyChanged(ctx, reset.NotifyInput{UserID: user.ID})
	}
	return fmt.Errorf("no kind of job: %s", kind)
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
