// Package mailservice shows how little it takes to send through an HTTP mail service in place of SMTP: one method, and a verdict for each
// status code. The request below is like those of the common services; take names and URL from the documentation of
// yours.
//
// Switch click tracking off at the service. It rewrites links, and with them hands every reset link to somebody else.
package mailservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/lostkey-go/lostkey/mail"
)

// Mailer is a mail.Mailer. It is safe for concurrent use.
type Mailer struct {
	endpoint string
	apiKey   *string // behind a pointer, so that printing a Mailer does not show it
	client   *http.Client
}

// New returns a mailer for a service. A nil client means one that follows no redirects: a redirect would carry key and link to
// another place.
func New(endpoint, apiKey string, client *http.Client) (*Mailer, error) {
	if endpoint == "" || apiKey == "" {
		return nil, errors.New("mailservice: endpoint or API key is empty")
	}
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Mailer{endpoint: endpoint, apiKey: &apiKey, client: client}, nil
}

// request is what the service wants to know.
type request struct {
	From    string            `json:"from"`
	To      []string          `json:"to"`
	ReplyTo string            `json:"reply_to,omitempty"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	HTML    string            `json:"html,omitempty"`
	Headers map[string]string `json:"headers"`
}

// Send posts msg. The service's answer is not put into errors: it may quote the recipient.
func (m *Mailer) Send(ctx context.Context, msg mail.Message) error {
	// Encode makes a mail that the service will make itself; its checks are wanted here.
	if _, err := mail.Encode(msg); err != nil {
		return err
	}
	headers := map[string]string{"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
	if msg.Locale != "" {
		headers["Content-Language"] = msg.Locale
	}
	for _, h := range msg.Headers {
		headers[h.Name] = h.Value
	}
	body, err := json.Marshal(request{
		From: msg.From, To: []string{msg.To}, ReplyTo: msg.ReplyTo,
		Subject: msg.Subject, Text: msg.Text, HTML: msg.HTML, Headers: headers,
	})
	if err != nil {
		return &mail.SendError{Verdict: mail.Permanent, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.endpoint, bytes.NewReader(body))
	if err != nil {
		return &mail.SendError{Verdict: mail.Permanent, Err: errors.New("mailservice: the endpoint is not a URL")}
	}
	req.Header.Set("Authorization", "Bearer "+*m.apiKey)
	req.Header.Set("Content-Type", "application/json")
	// ID is the same for every try of one mail, so that the service can drop the second of two.
	req.Header.Set("Idempotency-Key", msg.ID)
	response, err := m.client.Do(req)
	if err != nil {
		return &mail.SendError{Verdict: unanswered(err), Err: fmt.Errorf("mailservice: %w", err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // read, so that the connection can be used again
	if verdict, failed := verdictOf(response.StatusCode); failed {
		return &mail.SendError{Verdict: verdict, Err: fmt.Errorf("mailservice: the service answered %d", response.StatusCode)}
	}
	return nil
}

// verdictOf: 2xx is acceptance. What asks for patience is temporary, and so is a refused key, which an operator will replace sooner than
// a link expires. A server that failed half-way may have sent the mail.
func verdictOf(status int) (mail.Verdict, bool) {
	switch {
	case status/100 == 2:
		return 0, false
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == http.StatusRequestTimeout,
		status == http.StatusUnauthorized, status == http.StatusForbidden:
		return mail.Temporary, true
	case status/100 == 5:
		return mail.Unknown, true
	}
	return mail.Permanent, true
}

// unanswered tells a service that was never reached from one that may have read the request.
func unanswered(err error) mail.Verdict {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return mail.Temporary
	}
	return mail.Unknown
}
