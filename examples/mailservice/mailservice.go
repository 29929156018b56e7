// Package mailservice shows how little it takes to send through an HTTP mail
// service in place of SMTP: one method, and a verdict for each status code. The
// request below is like those of the common services. Take names and URL from
// the documentation of yours.
//
// Switch click tracking off at the service. It rewrites links, and with them
// hands every reset link to somebody else.
package mailservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"

	"github.com/lostkey-go/lostkey/mail"
)

// Mailer is a mail.Mailer. It is safe for concurrent use.
type Mailer struct {
	endpoint string
	apiKey   func() string // a function, so that printing does not show it
	client   *http.Client
}

// New returns a mailer for a service. A nil client means one that follows no
// redirects, because a redirect would carry key and link to another place.
func New(endpoint, apiKey string, client *http.Client) (*Mailer, error) {
	if endpoint == "" || apiKey == "" {
		return nil, errors.New("mailservice: endpoint or API key is empty")
	}

	if client == nil {
		stay := func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}
		client = &http.Client{CheckRedirect: stay}
	}
	return &Mailer{
		endpoint: endpoint,
		apiKey:   func() string { return apiKey },
		client:   client,
	}, nil
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

// Send posts msg. The service's answer is not put into errors, because it may
// quote the recipient.
func (m *Mailer) Send(ctx context.Context, msg mail.Message) error {
	// The service encodes the mail itself. The checks of Encode are wanted
	// here.
	if _, err := mail.Encode(msg); err != nil {
		return err
	}

	body, err := json.Marshal(describe(msg))
	if err != nil {
		return &mail.SendError{Verdict: mail.VerdictPermanent, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.endpoint,
		bytes.NewReader(body))
	if err != nil {
		return &mail.SendError{
			Verdict: mail.VerdictPermanent,
			Err:     errors.New("mailservice: the endpoint is not a URL"),
		}
	}
	req.Header.Set("Authorization", "Bearer "+m.apiKey())
	req.Header.Set("Content-Type", "application/json")
	// ID is the same for every retry of one mail, so that the service can drop
	// the second of two.
	req.Header.Set("Idempotency-Key", msg.ID)

	response, err := m.client.Do(req)
	if err != nil {
		return &mail.SendError{
			Verdict: unanswered(err),
			Err:     fmt.Errorf("mailservice: %w", err),
		}
	}
	defer func() { _ = response.Body.Close() }()
	// Reading it lets the connection be used for the next mail.
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)

	status := response.StatusCode
	if verdict, failed := verdictOf(status); failed {
		return &mail.SendError{
			Verdict: verdict,
			Err:     fmt.Errorf("mailservice: the service answered %d", status),
		}
	}
	return nil
}

func describe(msg mail.Message) request {
	headers := map[string]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
	}
	if msg.Locale != "" {
		headers["Content-Language"] = msg.Locale
	}
	maps.Copy(headers, msg.Headers)

	return request{
		From:    msg.From,
		To:      []string{msg.To},
		ReplyTo: msg.ReplyTo,
		Subject: msg.Subject,
		Text:    msg.Text,
		HTML:    msg.HTML,
		Headers: headers,
	}
}

// verdictOf judges a status. 2xx is acceptance. What asks to wait is temporary,
// and so is a refused key, which an operator will replace sooner than a link
// expires. A server that failed half-way may have sent the mail.
func verdictOf(status int) (verdict mail.Verdict, failed bool) {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable,
		http.StatusRequestTimeout, http.StatusUnauthorized, http.StatusForbidden:
		return mail.VerdictTemporary, true
	}

	switch status / 100 {
	case 2:
		return 0, false
	case 5:
		return mail.VerdictUnknown, true
	}
	return mail.VerdictPermanent, true
}

// unanswered tells a service that was never reached from one that may have read
// the request.
func unanswered(err error) mail.Verdict {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return mail.VerdictTemporary
	}
	return mail.VerdictUnknown
}
