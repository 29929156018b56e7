package hash_test

import (
	"encoding/base64"
	"encoding/binary"
)

const (
	salt16 = "c29tZXNhbHQxMjM0NTY3OA" // somesalt12345678
	// The tag of argon2 -id -k 19456 -t 2, of phrase.
	tag32 = "iqbHhgtqJMWWf23kIatRWniYNRyhFWif/l6I+m/2Exw"
	bc53  = "PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy"
	hex64 = "07ec017e2b8be3e985281c69bf4a06343f62ee2f43a6137fd3e2ad0ef0d5f644"
	h6432 = "le3ba292Cv.h/38kne0Qj9X2Ov.zKCoCJIu0IsZi7k8"

	md5Digest  = "4/U5.w6NPtLkJ2WyrTwm91"
	cryptKey   = "ZNW34rz.GYrisIweeFplmH5OKCxTDg1uMQrvw5YnsP/"
	drupalRest = "TOxWPdvJRs0P/xZBdrrPlGgzViOS0drHu3jaIjitesfttrp18bk"
)

func argon(
	params string,
) string {
	return "$argon2id$v=19$" + params + "$" + salt16 + "$" + tag32
}

// aspnetV3 frames an ASP.NET Identity blob.
func aspnetV3(prf, rounds, saltLen uint32, rest int) string {
	blob := []byte{1}
	for _, n := range []uint32{prf, rounds, saltLen} {
		blob = binary.BigEndian.AppendUint32(blob, n)
	}
	return base64.StdEncoding.EncodeToString(
		append(blob, make([]byte, rest)...),
	)
}

const (
	// Made by passlib 1.7.4 from phrase.
	legacyPBKDF2 = "$pbkdf2-sha256$29000$M8YYg/B.b42REiJECGHs/Q$" +
		"iy.CNIr96P.KkBU.uDO/MjmZV/W9eq4PQEX78oHpCDU"
	legacySHA512 = "$6$ew.Tr633h1mTKBZc$" +
		"6nmcu.nSocFNbAeLOvxrA5K4n2oHXf/jOEFBA4RfxMghu" +
		"E0t7VcjEsU3J/9/75PN9ZKrE71ZV62VNNET1iMTO1"
)
