package mail

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Kind says which mail a Message is, and chooses its template.
type Kind string

// The mails this module sends.
const (
	KindReset            Kind = "reset"              // a link for a new password
	KindInvite           Kind = "invite"             // a link for the first one
	KindPasswordChanged  Kind = "password-changed"   // the notice after either
	KindNoAccount        Kind = "no-account"         // the address has none here
	KindSignsInElsewhere Kind = "signs-in-elsewhere" // there is no password
)

// BuiltInKinds returns the kinds that this module sends, in a fixed order.
func BuiltInKinds() []Kind {
	return []Kind{
		KindReset, KindInvite, KindPasswordChanged, KindNoAccount,
		KindSignsInElsewhere,
	}
}

// Message is one mail to one person, in parts rather than as raw MIME, so that
// an HTTP mail service can implement [Mailer] as easily as an SMTP client can.
//
// It prints as its Kind, Locale and ID, because the bodies usually hold a live
// link. So it cannot be stored by marshalling it. In an unexported field of
// another struct, and under %p and %w, it prints whole.
type Message struct {
	// ID is the same for every retry and no other mail, in 1 to 64 letters,
	// digits and any of "._-". [NewID] makes one.
	ID     string
	Kind   Kind
	Locale string // BCP 47 tag of the language of the bodies; may be empty

	From    string // "Name <addr>" or addr
	To      string // one plain address, see [ValidateAddress]
	ReplyTo string // "Name <addr>" or addr; may be empty

	Subject string
	Text    string
	HTML    string // may be empty

	Date time.Time // required

	// Headers are further header lines by their names. [Encode] checks them.
	Headers map[string]string
}

// NewID returns a fresh random [Message].ID of 128 bits or more.
func NewID() string {
	// One in 200 such texts has no digit, and spam filters count a Message-ID
	// of capitals alone against the mail.
	return strings.ToLower(rand.Text())
}

// String returns Kind, Locale and ID.
func (m Message) String() string {
	return fmt.Sprintf("mail.Message{Kind: %s, Locale: %s, ID: %s}",
		m.Kind, m.Locale, m.ID)
}

// Format is String for every verb.
func (m Message) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, m.String())
}

// LogValue returns Kind, Locale and ID for log/slog.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("kind", string(m.Kind)),
		slog.String("locale", m.Locale),
		slog.String("id", m.ID),
	)
}

// MarshalJSON returns Kind, Locale and ID.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind   Kind   `json:"kind"`
		Locale string `json:"locale"`
		ID     string `json:"id"`
	}{m.Kind, m.Locale, m.ID})
}
