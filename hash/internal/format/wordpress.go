package format

import (
	"crypto/hmac"
	"crypto/sha512"
	"strings"
)

// wordpressScheme reads $wp$2y$, which WordPress writes since 6.8. It is bcrypt
// over a keyed digest of the trimmed password. Older rows are phpass.
type wordpressScheme struct{}

func (wordpressScheme) Name() string    { return "wordpress" }
func (wordpressScheme) Example() string { return "$wp$2y$10$" }

func (wordpressScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$wp$2")
}

func (wordpressScheme) Parse(encoded string, bounds Bounds) (Record, error) {
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
