package hash

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

func (aspnetScheme) example() string {
	return "AQAAAAIAAYagAAAAE" + strings.Repeat("A", 66) + "="
}

func (aspnetScheme) Identify(encoded string) bool {
	v3 := strings.HasPrefix(encoded, "AQAAAA") && within(len(encoded), 60, 256)
	// The first byte is zero, so the second character is one of the first 16.
	v2 := len(encoded) == aspnetV2Len &&
		encoded[0] == 'A' && within(int(encoded[1]), 'A', 'P')
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

func (aspnetScheme) Parse(encoded string, limits Limits) (Record, error) {
	blob, err := paddedBase64.DecodeString(encoded)
	if err != nil {
		return Record{}, malformed("aspnet", "base64")
	}

	if blob[0] == 0 {
		if len(blob) != 49 {
			return Record{}, malformed("aspnet-v2", "length")
		}
		row := pbkdf2Row{
			prf:    prfSHA1,
			rounds: aspnetV2Rounds,
			salt:   blob[1:17],
			key:    blob[17:],
		}
		return row.record("aspnet-v2", limits)
	}

	const name = "aspnet-v3"
	if len(blob) < aspnetHeader {
		return Record{}, malformed(name, "length")
	}
	var row pbkdf2Row
	switch binary.BigEndian.Uint32(blob[1:]) {
	case 0:
		row.prf = prfSHA1
	case 1:
		row.prf = prfSHA256
	case 2:
		row.prf = prfSHA512
	default:
		return Record{}, unsupported(name, "prf")
	}

	rounds, salt := binary.BigEndian.Uint32(blob[5:]),
		binary.BigEndian.Uint32(blob[9:])
	rest := blob[aspnetHeader:]
	// The length is compared as unsigned before anything is cut, because it
	// comes from the row.
	if salt < 16 || uint64(salt)+16 > uint64(len(rest)) {
		return Record{}, malformed(name, "salt length")
	}
	if uint64(rounds) > uint64(limits.PBKDF2Rounds) {
		return Record{}, overLimit(name, "rounds")
	}
	row.rounds, row.salt, row.key = int(rounds), rest[:salt], rest[salt:]

	// The key is whatever follows the salt. ASP.NET writes 32 bytes. A length
	// that is no whole number of words is a damaged row.
	if len(row.key)%4 != 0 {
		return Record{}, malformed(name, "key length")
	}
	return row.record(name, limits)
}
