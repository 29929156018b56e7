package token

import (
	"errors"
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// State is what a token is bound to: the facts about a user whose change kills
// every token that was issued before it. All of them enter exactly as stored,
// byte for byte; nothing is trimmed or folded. All but the user id is [Hidden]:
// a State shows neither hash nor address, wherever it is printed.
//
//	token.State{UserID: u.ID, PasswordHash: token.Hide(u.PasswordHash), Email: token.Hide(u.Email)}
type State struct {
	// UserID names the user, and is readable in the token: 1 to 255 bytes of
	// UTF-8 without control characters.
	UserID string
	// PasswordHash is the stored hash, whole. It may be empty, for accounts
	// that have none yet, except for the purpose Reset. This and the fields
	// below have at most 4,096 bytes.
	PasswordHash Hidden
	// Email is the stored address that the token is sent to, so that a link in
	// an old mailbox dies when the address changes. Empty binds to no address.
	Email Hidden
	// Stamp is anything else that should kill links when it changes: a counter
	// that is raised with each request makes only the newest link good, the
	// time of the last sign-in kills links at sign-in. Empty when not used.
	Stamp Hidden
}

// maxUserID is the longest user id in bytes: room for an e-mail address (254).
const maxUserID = 255

// maxField is the longest of the other fields. No password hash or address
// comes near; a longer one is a mistake.
const maxField = 4096

// A fingerprint has 128 bits: 22 characters in a token.
const (
	fingerprintBytes = 16
	fingerprintChars = 22
)

// fingerprint returns a keyed digest of the state for one purpose. It is a MAC
// and no plain hash, so that whoever finds a link cannot test guesses of the
// stored hash against it, and the fields carry their lengths, so that nothing
// can move from one into the next.
func (k *macKey) fingerprint(purpose Purpose, state State) [fingerprintBytes]byte {
	m := k.start()
	defer k.release(m)
	m.addField(string(purpose))
	m.addField(state.UserID)
	m.addField(state.PasswordHash.Reveal())
	m.addField(state.Email.Reveal())
	m.addField(state.Stamp.Reveal())
	return [fingerprintBytes]byte(m.sum()[:fingerprintBytes])
}

// String returns the user id and nothing else of the state.
func (s State) String() string { return fmt.Sprintf("token.State(%q, redacted)", s.UserID) }

// Format prints what String returns, whatever the verb.
func (s State) Format(f fmt.State, _ rune) { printText(f, s.String()) }

// MarshalText returns what String returns, so that JSON holds no hash and no
// address.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String returns.
func (s State) LogValue() slog.Value { return slog.StringValue(s.String()) }

// check refuses what Issue makes no token for.
func (s State) check(purpose Purpose) error {
	if err := checkUserID(s.UserID); err != nil {
		return err
	}
	return s.checkFields(purpose)
}

func (s State) checkFields(purpose Purpose) error {
	if s.PasswordHash.Reveal() == "" && purpose == Reset {
		// Such an account signs in elsewhere, or is disabled; a reset would
		// give it a password that nobody meant it to have.
		return errors.New("State.PasswordHash is empty, there is no password to reset")
	}
	for _, field := range [...]Hidden{s.PasswordHash, s.Email, s.Stamp} {
		if len(field.Reveal()) > maxField {
			return fmt.Errorf("State has a field of more than %d bytes", maxField)
		}
	}
	return nil
}

// checkUserID refuses what would be ambiguous in logs, in SQL or in JSON.
// Invalid UTF-8 above all: encoding/json turns each bad byte into U+FFFD, so
// that two ids would become one.
func checkUserID(id string) error {
	if id == "" || len(id) > maxUserID {
		return fmt.Errorf("State.UserID has %d bytes, want 1 to %d", len(id), maxUserID)
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

// isPrintableASCII is the quick way for nearly every id.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
