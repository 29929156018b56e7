package mailservice_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/mailservice"
	"github.com/lostkey-go/lostkey/mail"
)

const (
	apiKey = "key-canary"
	link   = "https://app.test/reset-password/#token=live-secret"
)

func message() mail.Message {
	return mail.Message{
		ID:      "stable-id",
		Kind:    mail.KindReset,
		Locale:  "pt-BR",
		From:    "App <no-reply@app.test>",
		To:      "ana@destination.test",
		Subject: "Redefina sua senha", Text: "Abra:\n\n" + link +
			"\n", HTML: "<p>" + link + "</p>",
		Date: time.Date(2026, time.November, 21, 2, 10, 0, 0,
			time.UTC), Headers: map[string]string{"Feedback-ID": "reset"},
	}
}

// fake is a mail service that answers with a status and keeps what it accepts,
// once for each idempotency key.
type fake struct {
	mu       sync.Mutex
	status   int
	accepted map[string]map[string]any
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method != http.MethodPost ||
		r.Header.Get("Authorization") != "Bearer "+apiKey ||
		r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}

	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if f.status/100 == 2 {
		f.accepted[r.Header.Get("Idempotency-Key")] = body
	}
	w.WriteHeader(f.status)

	_, _ = fmt.Fprintf(w, `{"message":"about %v: %v"}`, body["to"],
		body["text"])
}

func service(t *testing.T, status int) (*fake, *mailservice.Mailer) {
	t.Helper()
	f := &fake{status: status, accepted: map[string]map[string]any{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	mailer, err := mailservice.New(server.URL, apiKey, nil)
	require.NoError(t, err)
	return f, mailer
}

func discreet(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"ana@", "live-secret", apiKey} {
		require.NotContains(t, fmt.Sprintf("%v %+v", err, err), secret)
	}
}

func TestAMailArrivesWholeAndOnce(t *testing.T) {
	t.Parallel()
	f, mailer := service(t, http.StatusAccepted)
	require.NoError(t, mailer.Send(t.Context(), message()))
	require.NoError(t, mailer.Send(t.Context(), message()), "a retry")
	require.Len(t, f.accepted, 1)

	got := f.accepted["stable-id"]
	require.Equal(t, "App <no-reply@app.test>", got["from"])
	require.Equal(t, []any{"ana@destination.test"}, got["to"])
	require.Equal(t, message().Text, got["text"])
	require.Equal(t, message().HTML, got["html"])
	require.Equal(t, map[string]any{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Content-Language":         "pt-BR",
		"Feedback-ID":              "reset",
	}, got["headers"])
}

func TestEachStatusHasItsVerdict(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]mail.Verdict{
		301: mail.VerdictPermanent,
		307: mail.VerdictPermanent,
		400: mail.VerdictPermanent,
		401: mail.VerdictTemporary,
		403: mail.VerdictTemporary,
		404: mail.VerdictPermanent,
		408: mail.VerdictTemporary,
		413: mail.VerdictPermanent,
		422: mail.VerdictPermanent,
		429: mail.VerdictTemporary,
		500: mail.VerdictUnknown,
		502: mail.VerdictUnknown,
		503: mail.VerdictTemporary, 504: mail.VerdictUnknown,
	} {
		_, mailer := service(t, status)
		err := mailer.Send(t.Context(), message())
		require.Error(t, err)
		require.Equal(t, want, mail.VerdictOf(err), status)

		discreet(t, err)
	}
}

func TestARedirectIsNotFollowedWithTheKey(t *testing.T) {
	t.Parallel()
	reached := false
	note := func(http.ResponseWriter, *http.Request) { reached = true }
	other := httptest.NewServer(http.HandlerFunc(note))
	t.Cleanup(other.Close)
	redirect := http.RedirectHandler(other.URL, http.StatusTemporaryRedirect)
	server := httptest.NewServer(redirect)
	t.Cleanup(server.Close)

	mailer, err := mailservice.New(server.URL, apiKey, nil)
	require.NoError(t, err)
	require.Error(t, mailer.Send(t.Context(), message()))
	require.False(t, reached)
}

func TestServicesThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	mailer, err := mailservice.New(gone.URL, apiKey, nil)
	require.NoError(t, err)

	err = mailer.Send(t.Context(), message())
	require.Equal(t, mail.VerdictTemporary, mail.VerdictOf(err),
		"nothing was listening")
	discreet(t, err)

	reading := make(chan struct{})
	wait := func(_ http.ResponseWriter, r *http.Request) {
		// The server notices that a client is gone only once the request is
		// read.
		_, _ = io.Copy(io.Discard, r.Body)
		close(reading)
		<-r.Context().Done()
	}
	silent := httptest.NewServer(http.HandlerFunc(wait))
	t.Cleanup(silent.Close)
	mailer, err = mailservice.New(silent.URL, apiKey, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reading; cancel() }()
	err = mailer.Send(ctx, message())

	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, mail.VerdictUnknown, mail.VerdictOf(err),
		"it may have taken the mail")
	discreet(t, err)

	abort := func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}
	broken := httptest.NewServer(http.HandlerFunc(abort))
	t.Cleanup(broken.Close)
	mailer, err = mailservice.New(broken.URL, apiKey, nil)
	require.NoError(t, err)
	require.Equal(t, mail.VerdictUnknown,
		mail.VerdictOf(mailer.Send(t.Context(), message())))
}

func TestMessagesAreCheckedBeforeTheServiceSeesThem(t *testing.T) {
	t.Parallel()
	f, mailer := service(t, http.StatusAccepted)
	msg := message()
	msg.To = "ana@destination.test, eve@evil.test"
	err := mailer.Send(t.Context(), msg)
	require.Equal(t, mail.VerdictPermanent, mail.VerdictOf(err))
	require.Empty(t, f.accepted)

	_, err = mailservice.New("", apiKey, nil)
	require.Error(t, err)

	_, err = mailservice.New("https://service.test", "", nil)
	require.Error(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, mailer), apiKey)
	}
}
