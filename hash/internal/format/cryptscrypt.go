package format

import "strings"

// cryptScryptScheme reads $7$, scrypt as crypt(3) of libxcrypt and libsodium's
// crypto_pwhash_scryptsalsa208sha256_str write it. The salt is used as the text
// it is.
type cryptScryptScheme struct{}

const (
	cryptScryptHead = 3 + 1 + 5 + 5 // $7$, log2(N), r and p.
	cryptScryptKey  = 43            // Characters of 32 bytes.
)

func (cryptScryptScheme) Name() string    { return "scrypt-crypt" }
func (cryptScryptScheme) Example() string { return "$7$C6..../....salt$" }

func (cryptScryptScheme) Identify(encoded string) bool {
	return strings.HasPrefix(encoded, "$7$")
}

func (s cryptScryptScheme) Parse(
	encoded string,
	bounds Bounds,
) (Record, error) {
	if len(encoded) < cryptScryptHead {
		return Record{}, Malformed(s.Name(), "length")
	}
	head := encoded[3:cryptScryptHead]
	if !isCrypt(head) {
		return Record{}, Malformed(s.Name(), "N, r or p")
	}
	log2 := strings.IndexByte(cryptAlphabet, head[0])
	if log2 > 30 {
		return Record{}, OutOfBounds(s.Name(), "N")
	}

	salt, text, ok := strings.Cut(encoded[cryptScryptHead:], "$")
	if !ok || len(text) != cryptScryptKey {
		return Record{}, Malformed(s.Name(), "parts")
	}
	key, ok := cryptBytes(text)
	if !ok {
		return Record{}, Malformed(s.Name(), "key")
	}

	row := scryptRow{
		n:    1 << log2,
		r:    cryptNumber(head[1:6]),
		p:    cryptNumber(head[6:]),
		salt: []byte(salt),
		key:  key,
	}
	return row.record(s.Name(), bounds)
}

// cryptNumber reads digits of crypt(3)'s alphabet, lowest first. Five make 30
// bits.
func cryptNumber(s string) int {
	n := 0
	for i := range len(s) {
		n |= strings.IndexByte(cryptAlphabet, s[i]) << (6 * i)
	}
	return n
}

// cryptBytes reads four characters for three bytes, lowest first. Bits that
// encode nothing must be zero.
func cryptBytes(s string) ([]byte, bool) {
	if !isCrypt(s) {
		return nil, false
	}

	var out []byte
	for len(s) > 0 {
		group := s[:min(4, len(s))]
		s = s[len(group):]
		bits := cryptNumber(group)
		for range len(group) * 6 / 8 {
			out = append(out, byte(bits))
			bits >>= 8
		}
		if bits != 0 {
			return nil, false
		}
	}
	return out, true
}
