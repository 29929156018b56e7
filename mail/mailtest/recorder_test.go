package mailtest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/mail/mailtest"
	"github.com/stretchr/testify/require"
)

func message(id, text string) mail.Message {
	return mail.Message{
		ID: id, Kind: mail.KindReset, Subject: "Reset", Text: text,
		From: "no-reply@app.example", To: "ana@example.com",
		Date: time.Date(2026, time.November, 21, 2, 10, 0, 0, time.UTC),
	}
}

func TestRecorderKeepsWhatItIsGivenInOrder(t *testing.T) {
	t.Parallel()
	var recorder mailtest.Recorder
	require.Empty(t, recorder.Messages())

	headers := map[string]string{"X-A": "1"}
	msg := message("a", "x\n")
	msg.Headers = headers
	require.NoError(t, recorder.Send(t.Context(), msg))
	require.NoError(t, recorder.Send(t.Context(), message("b", "y\n")))

	headers["X-A"] = "changed"
	got := recorder.Messages()
	require.Len(t, got, 2)
	require.Equal(t, "a", got[0].ID)
	require.Equal(t, "1", got[0].Headers["X-A"])

	got[0].ID = "changed"
	require.Equal(t, "a", recorder.Messages()[0].ID)
}

func TestRecorderRefusesWhatARealMailerWould(t *testing.T) {
	t.Parallel()
	var recorder mailtest.Recorder
	bad := message("a", "x\n")
	bad.Subject = "a\r\nBcc: x@y.example"
	require.Equal(t, mail.VerdictPermanent,
		mail.VerdictOf(recorder.Send(t.Context(), bad)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, mail.VerdictTemporary,
		mail.VerdictOf(recorder.Send(ctx, message("a", "x\n"))))
	require.Empty(t, recorder.Messages())
}

func TestWaitReturnsWhenTheMessagesAreThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var recorder mailtest.Recorder
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				got, err := recorder.Wait(t.Context(), 2)
				if err != nil || len(got) < 2 {
					t.Errorf("%d messages, %v", len(got), err)
				}
			})
		}

		synctest.Wait()
		require.NoError(t, recorder.Send(t.Context(), message("a", "x\n")))
		synctest.Wait()
		require.NoError(t, recorder.Send(t.Context(), message("b", "x\n")))
		wg.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		got, err := recorder.Wait(ctx, 3)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, got, 2)
	})
}

func TestFailDecidesForEachMessage(t *testing.T) {
	t.Parallel()
	var recorder mailtest.Recorder
	refusal := errors.New("not today")
	recorder.Fail(func(msg mail.Message) error {
		if msg.ID == "a" {
			return refusal
		}
		return nil
	})

	require.ErrorIs(t, recorder.Send(t.Context(), message("a", "x\n")), refusal)
	require.NoError(t, recorder.Send(t.Context(), message("b", "x\n")))
	recorder.Fail(nil)
	require.NoError(t, recorder.Send(t.Context(), message("a", "x\n")))
	require.Len(t, recorder.Messages(), 2)
}

func TestLinkAndTokenAreFoundWhereMailsPutThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"Hi\n\nhttps://a.example/r#token=abc.d-e_f\n\nBye\n": {
			"https://a.example/r#token=abc.d-e_f", "abc.d-e_f",
		},
		"Hi\r\n\r\nhttps://a.example/r?token=abc\r\n": {
			"https://a.example/r?token=abc", "abc",
		},
		"http://localhost:8080/r?x=1#token=f\n": {
			"http://localhost:8080/r?x=1#token=f", "f",
		},
		"https://a.example/r?token=q#top\n": {
			"https://a.example/r?token=q#top", "q",
		},
		"see https://a.example/r#token=x inline\n": {"", ""},
		"https://a.example/\n":                     {"https://a.example/", ""},
		"nothing\n":                                {"", ""},
	} {
		msg := message("a", text)
		require.Equal(t, want[0], mailtest.Link(msg), text)
		require.Equal(t, want[1], mailtest.Token(msg), text)
	}
}

func ExampleRecorder() {
	// Pass &recorder where a mail.Mailer is wanted.
	var recorder mailtest.Recorder
	_ = recorder.Send(context.Background(),
		message("a", "Open:\n\nhttps://a.example/reset-password#token=abc\n"))
	got, err := recorder.Wait(context.Background(), 1)
	fmt.Println(len(got), err, mailtest.Token(got[0]))
	// Output: 1 <nil> abc
}
