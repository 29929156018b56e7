package reset

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/lostkey-go/lostkey/mail"
)

// secrets holds what is unique to one mail, for removal from errors.
type secrets struct {
	link Link
	raw  string
}

// compose makes the link and the mail.
func (s *Service) compose(job Job, d delivery) (mail.Message, secrets, error) {
	now := s.cfg.Now()
	data := s.cfg.facts(d.kind)
	data.At, data.SessionsEnded = job.RequestedAt, job.SessionsEnded
	data.Locale, data.Label = languages(d.user.Locale, job.Locale), d.user.Label
	// A queue is no reason to believe what it says of the browser.
	data.Client = mail.CoarseClient(job.Browser)

	var made secrets
	var err error
	if made.link, made.raw, err = s.linkOf(job, d); err != nil {
		return mail.Message{}, made, fmt.Errorf("reset: make a link: %w",
			scrub(err, append(d.user.secrets(), d.to)...))
	}
	data.ExpiresAt = made.link.expires
	switch {
	case d.disputable:
		data.DisputeLink = made.link.Reveal()
	case d.hasLink():
		data.Link = made.link.Reveal()
		// Whole minutes, counted from the sending, since that is when the
		// reader's hour begins.
		data.Lifetime = made.link.expires.Sub(now).Round(time.Minute)
	}

	var content mail.Message
	err = guard("Renderer.Render", func() error {
		var err error
		content, err = s.cfg.Mail.Renderer.Render(data)
		return err
	})
	if err != nil {
		return mail.Message{}, made, fmt.Errorf("reset: render mail: %w",
			scrub(err, append(d.user.secrets(), made.raw, d.to)...))
	}

	return mail.Message{
		ID: messageID(job, d), Kind: d.kind, Locale: content.Locale,
		From: s.cfg.From, To: d.to, ReplyTo: s.cfg.Mail.ReplyTo,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
		Date: now,
	}, made, nil
}

// messageID is the same for every attempt at one mail, so that a mailbox can
// drop the second copy. It gives away neither account nor job.
func messageID(job Job, d delivery) string {
	sum := sha256.Sum256(
		[]byte(job.ID + "\x00" + string(d.kind) + "\x00" + d.user.ID +
			"\x00" + d.to),
	)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
