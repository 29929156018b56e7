package token

import (
	"errors"
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// State is what a token is bound to. If any of it changes, all tokens that were
// issued before are rejected. The fields are compared exactly as they are
// stored: nothing is trimmed, and case matters. A State prints the user id
// alone.
type State struct {
	// UserID names the user, in 1 to 255 bytes of UTF-8 without control
	// characters. It can be read in the token.
	UserID string

	// PasswordHash is the whole stored hash, of at most 4,096 bytes. It may be
	// empty for accounts that have no password yet, but not for purpose Reset.
	PasswordHash Hidden

	// Email is the stored address that the token is sent to, of at most 4,096
	// bytes, so that links in an old mailbox are useless once the address has
	// changed. If it is empty, the token is bound to no address.
	Email Hidden

	// Stamp is anything else whose change should end tokens, in at most 4,096
	// bytes. With a counter that is raised at each request, only the newest
	// link is good. With the time of the last sign-in, signing in ends all
	// links. Empty means nothing.
	Stamp Hidden
}

const (
	maxUserID = 255  // in bytes; an e-mail address has at most 254
	maxField  = 4096 // in bytes; hashes and addresses are far shorter

	// A fingerprint has 128 bits, which are 22 characters in base64url.
	fingerprintBytes = 16
	fingerprintChars = 22
)

// fingerprintOf returns a keyed digest of the state. A plain hash would let
// whoever finds a link test guesses of the stored hash. Each field carries its
// length, so that nothing can move from one to the next.
func (k *purposeKey) fingerprintOf(state State) [fingerprintBytes]byte {
	m := k.fingerprint.start()
	defer k.fingerprint.release(m)

	m.addField(string(k.purpose))
	m.addField(state.UserID)
	m.addField(state.PasswordHash.Reveal())
	m.addField(state.Email.Reveal())
	m.addField(state.Stamp.Reveal())
	return [fingerprintBytes]byte(m.sum()[:fingerprintBytes])
}

// String returns the user id.
func (s State) String() string {
	return fmt.Sprintf("token.State(%q, redacted)", s.UserID)
}

// Format is String for every verb.
func (s State) Format(f fmt.State, _ rune) { printText(f, s.String()) }

// MarshalText is String for encoders.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String for log/slog.
func (s State) LogValue() slog.Value { return slog.StringValue(s.String()) }

// validate refuses states that Issue makes no token for.
func (s State) validate(purpose Purpose) error {
	if err := validateUserID(s.UserID); err != nil {
		return err
	}
	return s.validateFields(purpose)
}

func (s State) validateFields(purpose Purpose) error {
	// An account without a password signs in elsewhere or is disabled. A reset
	// would give it a password that nobody meant it to have.
	if s.PasswordHash.Reveal() == "" && purpose == PurposeReset {
		return errors.New(
			"State.PasswordHash is empty, there is no password to reset")
	}

	for _, field := range [...]Hidden{s.PasswordHash, s.Email, s.Stamp} {
		if len(field.Reveal()) > maxField {
			return fmt.Errorf("State has a field of more than %d bytes",
				maxField)
		}
	}
	return nil
}

// validateUserID refuses ids that are ambiguous in logs, in SQL or in JSON, bad
// UTF-8 above all: encoding/json turns each bad byte into U+FFFD, so that two
// ids would become one.
func validateUserID(id string) error {
	if id == "" || len(id) > maxUserID {
		return fmt.Errorf("State.UserID has %d bytes, want 1 to %d",
			len(id), maxUserID)
	}
	if isPrintableASCII(id) {
		return nil
	}

	if !utf8.ValidString(id) {
		return errors.New("State.UserID is not valid UTF-8")
	}
	for _, r := range id {
		if unicode.IsControl(r) {
			return errors.New("State.UserID has a control character")
		}
	}
	return nil
}

// isPrintableASCII is a fast path for nearly every id.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
