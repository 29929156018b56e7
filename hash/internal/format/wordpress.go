package format

import (
	"crypto/hmac"
	"crypto/sha512"
	"strings"
)

// WordPress reads $wp$2y$, which WordPress writes since 6.8. It is bcrypt
// over a keyed digest of the trimmed password. Older rows are phpass.
type WordPress struct{}

func (WordPress) Name() string    { return "wordpress" }
func (WordPress) Example() string { return "$wp$2y$10$" }

func (WordPress) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$wp$2")
}

func (WordPress) Parse(encoded string, bounds Bounds) (Record, error) {
	return bcryptRecord(
		"wordpress",
		strings.TrimPrefix(encoded, "$wp"),
		bounds,
		wordpressShape,
	)
}

// wordpressShape returns what WordPress passes to bcrypt.
func wordpressShape(password string) string {
	mac := hmac.New(sha512.New384, []byte("wp-sha384"))
	// The cut set is what PHP's trim removes.
	mac.Write([]byte(strings.Trim(password, " \t\n\r\x00\x0b")))
	return paddedBase64.EncodeToString(mac.Sum(nil))
}
