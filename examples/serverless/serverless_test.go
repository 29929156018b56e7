package serverless_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/serverless"
	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/memstore"
	"github.com/lostkey-go/lostkey/token"
)

const ada = "ada@example.com"

func newConfig(t *testing.T, mailer mail.Mailer) reset.Config {
	t.Helper()
	key, err := token.GenerateKey("test")
	require.NoError(t, err)
	ring, err := token.NewKeys(key)
	require.NoError(t, err)
	store := memstore.New()
	require.NoError(t, store.Add(reset.User{
		ID: "1", Email: ada, PasswordHash: "$2b$10$stand-in",
	}))
	return reset.Config{
		Site: "https://app.example", From: "App <no-reply@app.example>",
		Keys: ring, Store: store, Mailer: mailer,
		Sessions: reset.KeepSessions(),
		Limits:   reset.Limits{Off: true},
		Events:   reset.SinkFunc(func(context.Context, reset.Event) {}),
	}
}

// ask is what the platform does for a visitor: one call of the handler.
func ask(handler http.Handler, addr string) int {
	r := httptest.NewRequest(http.MethodPost, "/forgot-password",
		strings.NewReader("email="+addr))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	return answer.Code
}

func TestSynchronousPagesLeaveNothingToDoAfterTheAnswer(t *testing.T) {
	mails := new(mailtest.Recorder)
	before := runtime.NumGoroutine()
	handler, err := serverless.SynchronousPages(newConfig(t, mails))
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, ask(handler, ada))
	require.Equal(t, http.StatusSeeOther, ask(handler, "nobody@example.com"))
	// No waiting: whatever is not done by now would be frozen.
	require.Len(t, mails.Messages(), 1)
	require.NotEmpty(t, mailtest.Token(mails.Messages()[0]))
	require.Equal(t, before, runtime.NumGoroutine())
}

func TestQueueCarriesTheWorkToAnotherFunction(t *testing.T) {
	t.Parallel()
	mails := new(mailtest.Recorder)
	cfg := newConfig(t, mails)
	var queue [][]byte
	send := func(_ context.Context, message []byte) error {
		queue = append(queue, message)
		return nil
	}
	handler, err := serverless.Pages(cfg, send)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, ask(handler, ada))
	require.Equal(t, http.StatusSeeOther, ask(handler, "nobody@example.com"))
	require.Empty(t, mails.Messages())
	require.Len(t, queue, 2)

	work, err := serverless.Worker(cfg, send)
	require.NoError(t, err)
	for _, message := range queue {
		require.NoError(t, work(t.Context(), message))
	}
	require.Len(t, mails.Messages(), 1)
	require.NotContains(t, string(queue[0]),
		mailtest.Token(mails.Messages()[0]))

	// Queues deliver twice now and then: the copy is the same message.
	require.NoError(t, work(t.Context(), queue[0]))
	require.Len(t, mails.Messages(), 2)
	require.Equal(t, mails.Messages()[0].ID, mails.Messages()[1].ID)
}

func TestWorkerAsksForAnotherDeliveryWhenTheMailerIsDown(t *testing.T) {
	t.Parallel()
	mails := new(mailtest.Recorder)
	down := &mail.SendError{
		Verdict: mail.VerdictTemporary, Err: errors.New("try later"),
	}
	mails.Fail(func(mail.Message) error { return down })
	cfg := newConfig(t, mails)
	var queue [][]byte
	send := func(_ context.Context, message []byte) error {
		queue = append(queue, message)
		return nil
	}
	handler, err := serverless.Pages(cfg, send)
	require.NoError(t, err)
	ask(handler, ada)

	work, err := serverless.Worker(cfg, send)
	require.NoError(t, err)
	err = work(t.Context(), queue[0])
	require.ErrorContains(t, err, "serverless: ")
	require.NotContains(t, err.Error(), ada)
	mails.Fail(nil)
	require.NoError(t, work(t.Context(), queue[0]))
	require.Len(t, mails.Messages(), 1)
}

func TestMailThatFailedForOneOfSeveralAccountsGoesBackToTheQueue(t *testing.T) {
	t.Parallel()
	mails := new(mailtest.Recorder)
	cfg := newConfig(t, mails)
	store := memstore.New()
	for _, id := range []string{"1", "2"} {
		require.NoError(t, store.Add(reset.User{
			ID: id, Email: ada, PasswordHash: "$2b$10$stand-in",
		}))
	}
	cfg.Store = store
	first := true
	mails.Fail(func(mail.Message) error {
		if !first {
			return nil
		}
		first = false
		return &mail.SendError{
			Verdict: mail.VerdictTemporary, Err: errors.New("try later"),
		}
	})
	var queue [][]byte
	send := func(_ context.Context, message []byte) error {
		queue = append(queue, message)
		return nil
	}
	handler, err := serverless.Pages(cfg, send)
	require.NoError(t, err)
	ask(handler, ada)
	work, err := serverless.Worker(cfg, send)
	require.NoError(t, err)
	require.NoError(t, work(t.Context(), queue[0]))
	require.Len(t, mails.Messages(), 1)
	require.Len(t, queue, 2)
	require.NoError(t, work(t.Context(), queue[1]))
	require.Len(t, mails.Messages(), 2, "one mail for each account")
	require.NotEqual(t, mails.Messages()[0].ID, mails.Messages()[1].ID)
}

func TestQueueThatFailsGivesTheSameAnswerForEveryAddress(t *testing.T) {
	t.Parallel()
	handler, err := serverless.Pages(newConfig(t, new(mailtest.Recorder)),
		func(context.Context, []byte) error {
			return errors.New("queue down")
		})
	require.NoError(t, err)
	known := ask(handler, ada)
	require.GreaterOrEqual(t, known, 500)
	require.Equal(t, known, ask(handler, "nobody@example.com"))
}

func TestWorkerRefusesWhatIsNoJobWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	work, err := serverless.Worker(newConfig(t, new(mailtest.Recorder)),
		func(context.Context, []byte) error { return nil })
	require.NoError(t, err)
	for _, message := range []string{"", "secret", `{"client":"secret"}`, `["secret"]`} {
		err := work(t.Context(), []byte(message))
		require.EqualError(t, err, "serverless: the message is not a job")
	}
}

func TestPagesNeedAQueue(t *testing.T) {
	t.Parallel()
	handler, err := serverless.Pages(newConfig(t, new(mailtest.Recorder)), nil)
	require.EqualError(t, err, "serverless: send is nil")
	require.Nil(t, handler)
	_, err = serverless.Worker(newConfig(t, new(mailtest.Recorder)), nil)
	require.EqualError(t, err, "serverless: send is nil")
}
