package format

import (
	"encoding/binary"
	"strings"
)

// aspnetScheme reads the base64 blobs of ASP.NET Core Identity's
// PasswordHasher. They are version 3, which holds its parameters, and version
// 2, which is PBKDF2-HMAC-SHA-1 with 1000 rounds. Both start in 'A'.
type aspnetScheme struct{}

const (
	aspnetV2Len    = 68 // Base64 of 1+16+32 bytes.
	aspnetV2Rounds = 1000
	aspnetHeader   = 13 // Marker, prf, rounds, salt length.
)

func (aspnetScheme) Name() string { return "aspnet" }

func (aspnetScheme) Example() string {
	return "AQAAAAIAAYagAAAAE" + strings.Repeat("A", 66) + "="
}

func (aspnetScheme) Identify(encoded string) bool { return IsASPNET(encoded) }

// IsASPNET reports whether encoded has the shape of version 2 or 3.
func IsASPNET(encoded string) bool {
	v3 := strings.HasPrefix(encoded, "AQAAAA") && Within(len(encoded), 60, 256)
	// The first byte is zero, so the second character is one of the first 16.
	v2 := len(encoded) == aspnetV2Len &&
		encoded[0] == 'A' && Within(int(encoded[1]), 'A', 'P')
	if !v2 && !v3 || len(encoded)%4 != 0 {
		return false
	}

	for i := range len(encoded) {
		if c := encoded[i]; c == '.' ||
			c != '+' && c != '=' && !isCryptChar(c) {
			return false
		}
	}
	return true
}

func (aspnetScheme) Parse(encoded string, bounds Bounds) (Record, error) {
	blob, err := paddedBase64.DecodeString(encoded)
	if err != nil {
		return Record{}, Malformed("aspnet", "base64")
	}

	if blob[0] == 0 {
		if len(blob) != 49 {
			return Record{}, Malformed("aspnet-v2", "length")
		}
		row := PBKDF2Row{
			prf:    prfSHA1,
			Rounds: aspnetV2Rounds,
			Salt:   blob[1:17],
			Key:    blob[17:],
		}
		return row.record("aspnet-v2", bounds)
	}

	const name = "aspnet-v3"
	if len(blob) < aspnetHeader {
		return Record{}, Malformed(name, "length")
	}
	var row PBKDF2Row
	switch binary.BigEndian.Uint32(blob[1:]) {
	case 0:
		row.prf = prfSHA1
	case 1:
		row.prf = prfSHA256
	case 2:
		row.prf = prfSHA512
	default:
		return Record{}, Unsupported(name, "prf")
	}

	rounds, salt := binary.BigEndian.Uint32(blob[5:]),
		binary.BigEndian.Uint32(blob[9:])
	rest := blob[aspnetHeader:]
	// The length is compared as unsigned before anything is cut, because it
	// comes from the row.
	if salt < 16 || uint64(salt)+16 > uint64(len(rest)) {
		return Record{}, Malformed(name, "salt length")
	}
	if uint64(rounds) > uint64(bounds.PBKDF2Rounds) {
		return Record{}, OutOfBounds(name, "rounds")
	}
	row.Rounds, row.Salt, row.Key = int(rounds), rest[:salt], rest[salt:]

	// The key is whatever follows the salt. ASP.NET writes 32 bytes. A length
	// that is no whole number of words is a damaged row.
	if len(row.Key)%4 != 0 {
		return Record{}, Malformed(name, "key length")
	}
	return row.record(name, bounds)
}
