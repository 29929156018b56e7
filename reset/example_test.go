package reset_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/reset/policy"
	"github.com/lostkey-go/lostkey/token"
)

// exampleService is what the other examples start from: one account, mail that
// is recorded, a hasher for tests.
func exampleService(
	change func(cfg *reset.Config),
) (*reset.Service, *memstore.Store, *mailtest.Recorder) {
	ring, err := token.GenerateKeys("2026-11")
	if err != nil {
		panic(err)
	}
	store, outbox := memstore.New(), &mailtest.Recorder{}
	hasher := hash.NewInsecureForTests()
	encoded, err := hasher.Hash(context.Background(), "the old password")
	if err != nil {
		panic(err)
	}
	if err := store.Add(
		reset.User{ID: "7", Email: "ana@example.com", PasswordHash: encoded},
	); err != nil {
		panic(err)
	}

	cfg := reset.Config{
		Site:     "https://app.example",
		From:     "App <no-reply@app.example>",
		Keys:     ring,
		Store:    store,
		Mailer:   outbox,
		Sessions: reset.EndSessionsInStore(),
		Hasher:   hasher,
		Events:   reset.SlogSink(slog.New(slog.DiscardHandler)),
	}

	if change != nil {
		change(&cfg)
	}
	svc, err := reset.New(cfg)
	if err != nil {
		panic(err)
	}
	return svc, store, outbox
}

// The whole flow, without HTTP.
func Example() {
	ctx := context.Background()
	svc, _, outbox := exampleService(nil)

	// The forgot page: the answer is the same whether there is an account or
	// not.
	client := netip.MustParseAddr("192.0.2.1")
	fmt.Println(svc.Request(
		ctx, reset.RequestInput{Email: "nobody@example.com", Client: client},
	))
	fmt.Println(svc.Request(
		ctx, reset.RequestInput{Email: "Ana@example.com", Client: client},
	))

	mails, _ := outbox.Wait(ctx, 1)
	fmt.Println("mailed", mails[0].To)

	// The reset page.
	raw := mailtest.Token(mails[0])
	checked, err := svc.Check(ctx, reset.CheckInput{Token: raw})
	fmt.Println(checked.MaskedEmail, err)
	fmt.Println(svc.Confirm(ctx, reset.ConfirmInput{
		Token:    raw,
		Password: "correct horse battery",
		Client:   client,
	}))
	fmt.Println(svc.Confirm(ctx, reset.ConfirmInput{
		Token:    raw,
		Password: "somebody else's idea",
		Client:   client,
	}))

	// Before the process ends: send what is queued.
	if err := svc.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(len(outbox.Messages()), "mails")
	// Output:
	// <nil>
	// <nil>
	// mailed ana@example.com
	// a•••@example.com <nil>
	// <nil>
	// token: rejected
	// 2 mails
}

func ExampleNew() {
	_, err := reset.New(reset.Config{
		Site:   "https://app.example",
		From:   "no-reply@app.example",
		Store:  memstore.New(),
		Mailer: &mailtest.Recorder{},
	})
	wrong, advice, _ := strings.Cut(err.Error(), ": use ")
	fmt.Println(wrong)
	fmt.Println("use", advice)
	// Output:
	// reset: Config.Sessions is not decided
	// use EndSessionsInStore, EndSessionsWith a function, or KeepSessions
}

// What a handler does with the errors of Request.
func ExampleService_Request() {
	ctx := context.Background()
	svc, _, _ := exampleService(nil)
	defer func() { _ = svc.Shutdown(ctx) }()
	for range 21 {
		err := svc.Request(ctx, reset.RequestInput{
			Email:  "ana@example.com",
			Client: netip.MustParseAddr("2001:db8::1"),
		})
		if throttled, ok := errors.AsType[*reset.ThrottledError](err); ok {
			fmt.Println(
				"429, retry after", throttled.RetryAfter.Round(time.Minute),
			)
		}
	}

	if errors.Is(
		svc.Request(
			ctx, reset.RequestInput{Email: "ana@example.com, eve@example.com"},
		),
		reset.ErrInvalidAddress,
	) {
		fmt.Println("422, not a mail address")
	}
	// Output:
	// 429, retry after 3m0s
	// 422, not a mail address
}

// What a handler does with the errors of Confirm.
func ExampleService_Confirm() {
	ctx := context.Background()
	svc, _, _ := exampleService(nil)
	defer func() { _ = svc.Shutdown(ctx) }()
	link, _ := svc.Link(ctx, "7", reset.LinkOptions{})
	_, raw, _ := strings.Cut(link.Reveal(), "#token=")

	for _, in := range []reset.ConfirmInput{
		{Token: raw, Password: "short"},
		{Token: "made up", Password: "correct horse battery"},
	} {
		err := svc.Confirm(ctx, in)
		refused, isRefused := errors.AsType[*policy.Error](err)
		throttled, isThrottled := errors.AsType[*reset.ThrottledError](err)
		switch {
		case err == nil:
			fmt.Println("303, done")
		case errors.Is(err, reset.ErrRejected):
			fmt.Println("400, this link does not work any more")
		case isRefused:
			fmt.Println(
				"422,", refused.Problems[0].Code, refused.Problems[0].Min,
			)
		case isThrottled:
			fmt.Println("429,", throttled.RetryAfter)
		default:
			fmt.Println("503, try again") // the link is still good
		}
	}
	// Output:
	// 422, too-short 15
	// 400, this link does not work any more
}

func ExampleService_Check() {
	ctx := context.Background()
	svc, _, _ := exampleService(nil)
	defer func() { _ = svc.Shutdown(ctx) }()
	link, _ := svc.Link(ctx, "7", reset.LinkOptions{})
	_, raw, _ := strings.Cut(link.Reveal(), "#token=")
	checked, err := svc.Check(ctx, reset.CheckInput{Token: raw})
	fmt.Println(checked.MaskedEmail, checked.Purpose, err)
	_, err = svc.Check(ctx, reset.CheckInput{Token: raw + "x"})
	fmt.Println(errors.Is(err, reset.ErrRejected))
	// Output:
	// a•••@example.com reset <nil>
	// true
}

// Support staff hand a link over themselves. It prints redacted; only Reveal
// gives it away.
func ExampleService_Link() {
	ctx := context.Background()
	svc, _, _ := exampleService(nil)
	defer func() { _ = svc.Shutdown(ctx) }()
	link, err := svc.Link(
		ctx, "7", reset.LinkOptions{Lifetime: 10 * time.Minute},
	)
	if err != nil {
		fmt.Println(err)
	}
	start, _, _ := strings.Cut(link.Reveal(), "=")
	fmt.Println(start, time.Until(link.ExpiresAt()).Round(time.Minute))
	_, err = svc.Link(ctx, "8", reset.LinkOptions{})
	fmt.Println(errors.Is(err, reset.ErrUserNotFound))
	// Output:
	// https://app.example/reset-password/#token 10m0s
	// true
}

// An administrator makes an account without a password, and its owner chooses
// the first one.
func ExampleService_Invite() {
	ctx := context.Background()
	svc, store, outbox := exampleService(nil)
	_ = store.Add(reset.User{ID: "8", Email: "new@example.com"})
	fmt.Println(svc.Invite(
		ctx, reset.SendInput{UserID: "8", Lifetime: 48 * time.Hour},
	))
	fmt.Println(svc.Invite(ctx, reset.SendInput{UserID: "7"}))
	_ = svc.Shutdown(ctx)
	for _, msg := range outbox.Messages() {
		fmt.Println(msg.Kind, msg.To)
	}
	// Output:
	// <nil>
	// reset: the account already has a password
	// invite new@example.com
}

// The application's own page for changing a password tells the owner too.
func ExampleService_NotifyChanged() {
	ctx := context.Background()
	svc, _, outbox := exampleService(nil)
	fmt.Println(svc.NotifyChanged(
		ctx, reset.NotifyInput{UserID: "7", SessionsEnded: true},
	))
	_ = svc.Shutdown(ctx) // waits for the mail
	fmt.Println(outbox.Messages()[0].Kind, outbox.Messages()[0].To)
	// Output:
	// <nil>
	// password-changed ana@example.com
}

// A queue of one's own stores jobs as JSON; they hold no token. Its worker
// calls Process.
func ExampleService_Process() {
	ctx := context.Background()
	var queue [][]byte // a table of River's, a list in Redis, SQS
	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		cfg.Queue.Dispatch = func(_ context.Context, job reset.Job) error {
			text, err := json.Marshal(job)
			queue = append(queue, text)
			return err
		}
	})
	defer func() { _ = svc.Shutdown(ctx) }()
	fmt.Println(svc.Request(ctx, reset.RequestInput{Email: "ana@example.com"}))

	var job reset.Job
	if err := json.Unmarshal(queue[0], &job); err != nil {
		fmt.Println(err)
	}
	fmt.Println(svc.Process(ctx, job)) // an error: call again later
	fmt.Println(outbox.Messages()[0].To)
	// Output:
	// <nil>
	// <nil>
	// ana@example.com
}

// Shutdown says what it could not send in time.
func ExampleService_Shutdown() {
	svc, _, outbox := exampleService(nil)
	outbox.Fail(func(mail.Message) error {
		return &mail.SendError{
			Verdict: mail.VerdictTemporary,
			Err:     errors.New("mail server is down"),
		}
	})
	_ = svc.Request(
		context.Background(), reset.RequestInput{Email: "ana@example.com"},
	)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := svc.Shutdown(ctx)
	if unfinished, ok := errors.AsType[*reset.ShutdownError](err); ok {
		fmt.Println(unfinished.Unfinished, "mails were not sent")
	}
	fmt.Println(err)
	// Output: <nil>
}

// Two sinks: a log, and a counter for metrics.
func ExampleSinks() {
	ctx := context.Background()
	counts := make(map[reset.Outcome]int)
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			switch attr.Key {
			case slog.TimeKey, slog.LevelKey, "token", "purpose":
				return slog.Attr{}
			}
			return attr
		},
	})

	svc, _, _ := exampleService(func(cfg *reset.Config) {
		// so that the example's lines come in order
		cfg.Queue.Synchronous = true
		cfg.Events = reset.Sinks{
			reset.SlogSink(slog.New(handler)),
			reset.SinkFunc(func(_ context.Context, ev reset.Event) {
				counts[ev.Outcome]++
			}),
		}
	})

	_, _ = svc.Link(ctx, "7", reset.LinkOptions{})
	_ = svc.Confirm(ctx, reset.ConfirmInput{
		Token:    "made up",
		Password: "correct horse battery",
		Client:   netip.MustParseAddr("192.0.2.1"),
	})
	fmt.Println(counts)
	// Output:
	// msg="password reset link-made" outcome=link-made user=7
	// msg="password reset rejected" outcome=rejected client=192.0.2.1 reason=malformed
	// map[link-made:1 rejected:1]
}

// After a reset the application clears the lock-out counter of its login.
func ExampleConfig_onConfirmed() {
	ctx := context.Background()
	failures := map[string]int{"7": 12}
	svc, _, _ := exampleService(func(cfg *reset.Config) {
		cfg.Hooks.OnConfirmed = []func(
			context.Context, reset.Confirmation,
		) error{
			func(_ context.Context, done reset.Confirmation) error {
				delete(failures, done.UserID)
				return nil
			},
		}
	})

	defer func() { _ = svc.Shutdown(ctx) }()
	link, _ := svc.Link(ctx, "7", reset.LinkOptions{})
	_, raw, _ := strings.Cut(link.Reveal(), "#token=")
	fmt.Println(
		svc.Confirm(
			ctx,
			reset.ConfirmInput{Token: raw, Password: "correct horse battery"},
		),
		len(failures),
	)
	// Output: <nil> 0
}

// Users who sign in with a name may type that, and the mail still goes to the
// address of the account.
func ExampleConfig_findByIdentifier() {
	ctx := context.Background()
	svc, _, outbox := exampleService(func(cfg *reset.Config) {
		byName := map[string]string{"ana_the_first": "7"}
		store := cfg.Store
		cfg.Hooks.FindByIdentifier = func(
			ctx context.Context, name string,
		) ([]reset.User, error) {
			id, ok := byName[name]
			if !ok {
				return nil, nil
			}
			user, err := store.FindByID(ctx, id)
			return []reset.User{user}, err
		}
	})

	fmt.Println(svc.Request(ctx, reset.RequestInput{Email: "ana_the_first"}))
	fmt.Println(svc.Request(ctx, reset.RequestInput{Email: "nobody_at_all"}))
	_ = svc.Shutdown(ctx)
	for _, msg := range outbox.Messages() {
		fmt.Println(msg.To)
	}
	// Output:
	// <nil>
	// <nil>
	// ana@example.com
}
