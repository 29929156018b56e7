package handover

import (
	"bytes"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Django judges the tokens of PasswordResetTokenGenerator, versions 3.2 to 5,
// at an address with the wildcards uidb64 and token. They are bound to the hash
// and to the last sign-in.
type Django struct {
	SecretKey string
	Find      Find
	Lifetime  time.Duration // PASSWORD_RESET_TIMEOUT
	// Zone is Django's TIME_ZONE. Nil means UTC.
	Zone *time.Location
}

// Judge implements [Judge].
func (d *Django) Judge(r *http.Request) (string, time.Time, error) {
	id, err := base64.RawURLEncoding.DecodeString(r.PathValue("uidb64"))
	raw := r.PathValue("token")
	stamp, _, ok := strings.Cut(raw, "-")
	if err != nil || !ok || len(stamp) > 8 {
		return "", time.Time{}, ErrRejected
	}
	seconds, err := strconv.ParseInt(stamp, 36, 64)
	if err != nil {
		return "", time.Time{}, ErrRejected
	}

	account, err := d.Find(r.Context(), string(id))
	if err != nil {
		return "", time.Time{}, err
	}
	if !hmac.Equal([]byte(d.token(account, stamp, seconds)), []byte(raw)) {
		return "", time.Time{}, ErrRejected
	}

	zone := d.Zone
	if zone == nil {
		zone = time.UTC
	}
	made := time.Date(2001, 1, 1, 0, 0, int(seconds), 0, zone)
	return account.ID, made.Add(d.Lifetime), nil
}

// token is every second digit of an HMAC over what must not have changed.
func (d *Django) token(a Account, stamp string, seconds int64) string {
	const salt = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
	key := sha256.Sum256([]byte(salt + d.SecretKey))

	var login string
	if !a.LastLogin.IsZero() {
		login = a.LastLogin.UTC().Format("2006-01-02 15:04:05")
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write(fmt.Appendf(nil, "%s%s%s%d%s",
		a.ID, a.Hash, login, seconds, a.Email))

	var digits strings.Builder
	for i, digit := range hex.EncodeToString(mac.Sum(nil)) {
		if i%2 == 0 {
			digits.WriteRune(digit)
		}
	}
	return stamp + "-" + digits.String()
}

// Dchest judges the tokens of github.com/dchest/passwordreset, in the parameter
// "token". They are bound to what the application gave it, which is taken to be
// the stored hash.
type Dchest struct {
	Secret []byte
	Find   Find // by login
}

// Judge implements [Judge].
func (d *Dchest) Judge(r *http.Request) (string, time.Time, error) {
	raw, err := base64.RawURLEncoding.DecodeString(
		strings.TrimRight(r.FormValue("token"), "="),
	)
	if err != nil || len(raw) <= 4+sha256.Size {
		return "", time.Time{}, ErrRejected
	}
	data, sum := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]

	account, err := d.Find(r.Context(), string(data[4:]))
	if err != nil {
		return "", time.Time{}, err
	}
	key := sum256(d.Secret, []byte(account.Hash))
	if !hmac.Equal(sum256(sum256(key, data), data), sum) {
		return "", time.Time{}, ErrRejected
	}
	expires := time.Unix(int64(binary.BigEndian.Uint32(data)), 0)
	return account.ID, expires, nil
}

func sum256(key, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(nil)
}

// Signed judges tokens that are bound to nothing: a timed serializer of
// itsdangerous, or a JWT made by hand. Read verifies one and says whom it names
// and when it was made. Such a token stays good after a reset, so an account
// whose password was changed since then is refused. Without the time of that
// change let these links die.
type Signed struct {
	Read     func(r *http.Request) (key string, made time.Time, err error)
	Find     Find
	Lifetime time.Duration
}

// Judge implements [Judge].
func (s *Signed) Judge(r *http.Request) (string, time.Time, error) {
	key, made, err := s.Read(r)
	if err != nil {
		return "", time.Time{}, ErrRejected
	}
	account, err := s.Find(r.Context(), key)
	if err != nil {
		return "", time.Time{}, err
	}
	if account.Changed.IsZero() || !made.After(account.Changed) {
		return "", time.Time{}, ErrRejected
	}
	return account.ID, made.Add(s.Lifetime), nil
}

// Itsdangerous verifies URLSafeTimedSerializer(secretKey, salt) of version 1.1
// and later, as Flask applications use it, and gives the JSON text that was
// signed.
func Itsdangerous(
	raw, secretKey, salt string,
) (payload []byte, made time.Time, err error) {
	body, sum, ok := cutLast(raw, ".")
	text, stamp, timed := cutLast(body, ".")
	if !ok || !timed || len(raw) > 4096 {
		return nil, time.Time{}, ErrRejected
	}

	key := sha1.Sum([]byte(salt + "signer" + secretKey))
	mac := hmac.New(sha1.New, key[:])
	mac.Write([]byte(body))
	got, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return nil, time.Time{}, ErrRejected
	}

	digits, err := base64.RawURLEncoding.DecodeString(stamp)
	if err != nil || len(digits) > 8 {
		return nil, time.Time{}, ErrRejected
	}
	seconds := binary.BigEndian.Uint64(append(make([]byte, 8-len(digits)), digits...))
	payload, err = unpack(text)
	return payload, time.Unix(int64(seconds), 0), err
}

// unpack decodes the text, which is compressed when it begins with a dot.
func unpack(text string) ([]byte, error) {
	packed, compressed := strings.CutPrefix(text, ".")
	payload, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil || !compressed {
		return payload, err
	}
	z, err := zlib.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, 4096))
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
