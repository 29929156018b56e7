package reset_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
)

// newestOnly raises a counter with every look-up by address, and a link is
// bound to the counter. Over SQL:
//
//	UPDATE users SET reset_count = reset_count + 1
//	WHERE lower(email) = lower($1)
//	RETURNING id, email, password_hash, reset_count
//
// It costs one write a request, made by the worker, and lets whoever knows an
// address kill the link its owner has just been sent.
type newestOnly struct{ *memstore.Store }

func (s newestOnly) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	users, err := s.Store.FindByEmail(ctx, email)
	for i := range users {
		err = s.Update(users[i].ID, func(user *reset.User) {
			count, _ := strconv.Atoi(user.Stamp)
			user.Stamp = strconv.Itoa(count + 1)
			users[i] = *user
		})
	}
	return users, err
}

// A Stamp that changes with each request leaves only the newest link alive.
func Example_onlyTheNewestLink() {
	ctx := context.Background()
	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Store = newestOnly{cfg.Store.(*memstore.Store)}
		cfg.Limits = reset.Limits{Off: true}
	})
	for n := range 2 {
		_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
		_, _ = outbox.Wait(ctx, n+1)
	}
	for _, msg := range outbox.Messages() {
		_, err := svc.Check(ctx, reset.CheckInput{Token: mailtest.Token(msg)})
		fmt.Println(err)
	}
	_ = svc.Shutdown(ctx)
	// Output:
	// token: rejected
	// <nil>
}

// A Stamp that a sign-in changes kills the links of a user who remembered the
// password after all. A session version does, or a counter of sign-ins; a time
// may lose digits on its way through the database.
func Example_deadAfterSignIn() {
	ctx := context.Background()
	svc, store, outbox := exampleService(nil)
	signIn := func(id string) error {
		return store.Update(id, func(user *reset.User) {
			count, _ := strconv.Atoi(user.Stamp)
			user.Stamp = strconv.Itoa(count + 1)
		})
	}
	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
	mails, _ := outbox.Wait(ctx, 1)
	_, err := svc.Check(ctx, reset.CheckInput{Token: mailtest.Token(mails[0])})
	fmt.Println(err)
	_ = signIn("7")
	_, err = svc.Check(ctx, reset.CheckInput{Token: mailtest.Token(mails[0])})
	fmt.Println(err)
	_ = svc.Shutdown(ctx)
	// Output:
	// <nil>
	// token: rejected
}

// severalAddresses serves accounts with several verified addresses. To this
// package an id is opaque, so it can name the account and the address that the
// link went to: "7/private". A link then dies with the address it was sent to,
// and not with the others.
type severalAddresses struct {
	*memstore.Store
	// account, name of the address, address
	addresses map[string]map[string]string
}

func (s severalAddresses) FindByEmail(
	ctx context.Context, email string,
) ([]reset.User, error) {
	var users []reset.User
	for account, addresses := range s.addresses {
		for name, address := range addresses {
			if !strings.EqualFold(
				address, email,
			) { // wider than needed: the Service compares again
				continue
			}
			user, err := s.FindByID(ctx, account+"/"+name)
			if err != nil {
				return nil, err
			}
			users = append(users, user)
		}
	}

	return users, nil
}

func (s severalAddresses) FindByID(
	ctx context.Context, id string,
) (reset.User, error) {
	account, name, _ := strings.Cut(id, "/")
	address, ok := s.addresses[account][name]
	if !ok {
		return reset.User{}, reset.ErrUserNotFound
	}
	user, err := s.Store.FindByID(ctx, account)
	user.ID, user.Email = id, address
	return user, err
}

func (s severalAddresses) ReplaceHash(
	ctx context.Context, seen reset.User, encoded string,
) error {
	account, name, _ := strings.Cut(seen.ID, "/")
	if s.addresses[account][name] != seen.Email {
		return reset.ErrStale // over SQL: a join in the WHERE clause
	}
	seen.ID, seen.Email = account, s.addresses[account]["main"]
	return s.Store.ReplaceHash(ctx, seen, encoded)
}

// An account may be reset through any of its verified addresses. The mail goes
// to the one that was typed, and to no other.
func Example_severalAddresses() {
	ctx := context.Background()
	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Store = severalAddresses{
			Store: cfg.Store.(*memstore.Store),
			addresses: map[string]map[string]string{
				"7": {"main": "ana@example.com", "private": "ana@home.example"},
			},
		}
	})

	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@home.example"})
	mails, _ := outbox.Wait(ctx, 1)
	fmt.Println(len(mails), mails[0].To)
	fmt.Println(svc.Confirm(ctx, reset.ConfirmInput{
		Token:    mailtest.Token(mails[0]),
		Password: "correct horse battery",
	}))
	_ = svc.Shutdown(ctx)
	// Output:
	// 1 ana@home.example
	// <nil>
}

// Two sites in one process: each has its own Service. A link of one is refused
// by the other, even with the same keys and users.
func Example_severalSites() {
	ctx := context.Background()
	var shared reset.Config
	first, _, _ := exampleService(func(cfg *reset.Config) { shared = *cfg })
	shared.Site = "https://other.example"
	second, err := reset.New(shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	link, _ := first.Link(ctx, "7", reset.LinkOptions{})
	_, raw, _ := strings.Cut(link.Reveal(), "#token=")
	_, err = second.Check(ctx, reset.CheckInput{Token: raw})
	fmt.Println(err)
	_, err = first.Check(ctx, reset.CheckInput{Token: raw})
	fmt.Println(err)
	_, _ = first.Shutdown(ctx), second.Shutdown(ctx)
	// Output:
	// token: rejected
	// <nil>
}

// A metrics page reads Stats when it is asked for. The examples folder has
// collectors for Prometheus and OpenTelemetry.
func ExampleService_Stats() {
	ctx := context.Background()
	svc, _, outbox := exampleService(nil)
	_ = svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"})
	_, _ = outbox.Wait(ctx, 1)
	_ = svc.Shutdown(ctx)

	stats := svc.Stats()
	fmt.Println(stats.Queue.Waiting, "waiting,", stats.Queue.Dropped, "dropped")
	fmt.Println(stats.EventsLost, "events lost")
	fmt.Println(stats.Hashing.Busy, "turned away by the hasher")
	// Output:
	// 0 waiting, 0 dropped
	// 0 events lost
	// 0 turned away by the hasher
}

// An administrator sends a link to an account, and is told what is wrong with
// it. The application's own change-password page tells the owner of the change.
// Both go through the queue.
func ExampleService_SendReset() {
	ctx := context.Background()
	svc, _, outbox := exampleService(nil)

	fmt.Println(svc.SendReset(ctx, reset.SendInput{UserID: "7"}))
	fmt.Println(svc.SendReset(ctx, reset.SendInput{UserID: "8"}))
	fmt.Println(svc.NotifyChanged(ctx, reset.NotifyInput{UserID: "7"}))

	_ = svc.Shutdown(ctx)
	mails := outbox.Messages()
	fmt.Println(len(mails), mails[0].To)
	// Output:
	// <nil>
	// reset: load the account: reset: user not found
	// <nil>
	// 2 ana@example.com
}
