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

// Kind says which mail a Message is. It chooses the template, and tells mails
// apart without reading them.
type Kind string

// The mails this module sends. KindReset and KindInvite hold a link that sets a
// password. KindPasswordChanged is the notice after that, KindNoAccount says
// that the address has no account here, and KindSignsInElsewhere that the
// account has no password.
const (
	KindReset            Kind = "reset"
	KindInvite           Kind = "invite"
	KindPasswordChanged  Kind = "password-changed"
	KindNoAccount        Kind = "no-account"
	KindSignsInElsewhere Kind = "signs-in-elsewhere"
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
// Text and HTML usually hold a live link. All print forms (fmt verbs, slog,
// JSON) therefore show Kind, Locale and ID alone, and a Message cannot be
// stored by marshalling it: queue what it is made from and make it anew. That
// protection is lost in an unexported field of another struct, and under %p and
// %w.
type Message struct {
	// ID is stable over retries and different for every other mail. The
	// Message-ID header is made of it. It has 1 to 64 letters, digits and any
	// of "._-". [NewID] makes one.
	ID     string
	Kind   Kind
	Locale string // BCP 47 tag of the language of the bodies; may be empty

	From    string // "Name <addr>" or addr
	To      string // one plain address, see [ValidateAddress]
	ReplyTo string // "Name <addr>" or addr; may be empty

	Subject string
	Text    string // required
	HTML    string // may be empty

	Date time.Time

	// Headers are further header lines by their names. [Encode] checks them.
	Headers map[string]string
}

// NewID returns a fresh random [Message.ID] with 128 bits of entropy or more.
func NewID() string {
	// One in 200 such texts has no digit, and spam filters count a Message-ID
	// of capitals alone against the mail.
	return strings.ToLower(rand.Text())
}

// String shows Kind, Locale and ID.
func (m Message) String() string {
	return fmt.Sprintf("mail.Message{Kind: %s, Locale: %s, ID: %s}",
		m.Kind, m.Locale, m.ID)
}

// Format is String for every verb.
func (m Message) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, m.String())
}

// LogValue shows what String does.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("kind", string(m.Kind)),
		slog.String("locale", m.Locale),
		slog.String("id", m.ID),
	)
}

// MarshalJSON shows what String does.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind   Kind   `json:"kind"`
		Locale string `json:"locale"`
		ID     string `json:"id"`
	}{m.Kind, m.Locale, m.ID})
}
