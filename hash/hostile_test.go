package hash_test

import (
	"encoding/base64"
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/hash/legacy"
	"github.com/stretchr/testify/require"
)

const (
	salt16 = "c29tZXNhbHQxMjM0NTY3OA"                      // somesalt12345678
	tag32  = "iqbHhgtqJMWWf23kIatRWniYNRyhFWif/l6I+m/2Exw" // argon2 -id -k 19456 -t 2, of phrase
	bc53   = "PDK0iSW8XewdU1h7K40sKesIwzv6VT0k/UszZFn1GcSdDp4COp0qy"
	hex64  = "07ec017e2b8be3e985281c69bf4a06343f62ee2f43a6137fd3e2ad0ef0d5f644"
	h6432  = "le3ba292Cv.h/38kne0Qj9X2Ov.zKCoCJIu0IsZi7k8"

	md5Digest  = "4/U5.w6NPtLkJ2WyrTwm91"
	cryptKey   = "ZNW34rz.GYrisIweeFplmH5OKCxTDg1uMQrvw5YnsP/"
	drupalRest = "TOxWPdvJRs0P/xZBdrrPlGgzViOS0drHu3jaIjitesfttrp18bk"
)

func argon(params string) string { return "$argon2id$v=19$" + params + "$" + salt16 + "$" + tag32 }

// aspnetV3 frames an ASP.NET Identity blob.
func aspnetV3(prf, rounds, saltLen uint32, rest int) string {
	blob := []byte{1}
	for _, n := range []uint32{prf, rounds, saltLen} {
		blob = binary.BigEndian.AppendUint32(blob, n)
	}
	return base64.StdEncoding.EncodeToString(append(blob, make([]byte, rest)...))
}

// hostile are stored strings that crashed, stalled or fooled other
// implementations, and the answer that each must have.
var hostile = map[string]struct {
	stored string
	want   error
}{
	"argon2 of four terabytes":              {argon("m=4294967295,t=1,p=1"), hash.ErrOutOfBounds},
	"argon2 just above the bound of memory": {argon("m=262145,t=1,p=1"), hash.ErrOutOfBounds},
	"argon2 for centuries":                  {argon("m=64,t=4294967295,p=1"), hash.ErrOutOfBounds},
	"argon2 of 17 passes":                   {argon("m=64,t=17,p=1"), hash.ErrOutOfBounds},
	"argon2 above the bound of work":        {argon("m=262144,t=5,p=1"), hash.ErrOutOfBounds},
	"argon2 of 17 threads":                  {argon("m=65536,t=1,p=17"), hash.ErrOutOfBounds},
	"argon2 without passes":                 {argon("m=64,t=0,p=1"), hash.ErrMalformed},
	"argon2 without threads":                {argon("m=64,t=1,p=0"), hash.ErrMalformed},
	"argon2 of less than 8 KiB a thread":    {argon("m=15,t=1,p=2"), hash.ErrMalformed},
	"argon2 with m twice":                   {argon("m=64,t=1,p=1,m=65"), hash.ErrMalformed},
	"argon2 without p":                      {argon("m=64,t=1"), hash.ErrMalformed},
	"argon2 with an unknown parameter":      {argon("m=64,t=1,p=1,q=1"), hash.ErrMalformed},
	"argon2 with a sign":                    {argon("m=+64,t=1,p=1"), hash.ErrMalformed},
	"argon2 with a leading zero":            {argon("m=064,t=1,p=1"), hash.ErrMalformed},
	"argon2 in hexadecimal":                 {argon("m=0x40,t=1,p=1"), hash.ErrMalformed},
	"argon2 with trailing text":             {argon("m=64,t=1,p=1xyz"), hash.ErrMalformed},
	"argon2 with an empty value":            {argon("m=,t=1,p=1"), hash.ErrMalformed},
	"argon2 with an empty parameter":        {argon("m=64,t=1,p=1,"), hash.ErrMalformed},
	"argon2 of 2^32 KiB":                    {argon("m=4294967296,t=1,p=1"), hash.ErrMalformed},
	"argon2 of 2^64+64 KiB":                 {argon("m=18446744073709551680,t=1,p=1"), hash.ErrMalformed},
	"argon2 with keyid":                     {argon("m=64,t=1,p=1,keyid=YWJj"), hash.ErrUnsupported},
	"argon2 with data":                      {argon("m=64,t=1,p=1,data=YWJj"), hash.ErrUnsupported},
	"argon2d":                               {strings.Replace(argon("m=64,t=1,p=1"), "2id", "2d", 1), hash.ErrUnsupported},
	"argon2 of version 16":                  {strings.Replace(argon("m=64,t=1,p=1"), "v=19", "v=16", 1), hash.ErrUnsupported},
	"argon2 without version":                {strings.Replace(argon("m=64,t=1,p=1"), "v=19$", "", 1), hash.ErrUnsupported},
	"argon2 of a bare 19":                   {strings.Replace(argon("m=64,t=1,p=1"), "v=19", "19", 1), hash.ErrUnsupported},
	"argon2 with a blank in its version":    {strings.Replace(argon("m=64,t=1,p=1"), "v=19", "v=19 ", 1), hash.ErrMalformed},
	"argon2 with an empty tag":              {"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$", hash.ErrOutOfBounds},
	"argon2 with a tag of one byte":         {"$argon2id$v=19$m=64,t=1,p=1$" + salt16 + "$AA", hash.ErrOutOfBounds},
	"argon2 with an empty salt":             {"$argon2id$v=19$m=64,t=1,p=1$$" + tag32, hash.ErrOutOfBounds},
	"argon2 without a tag":                  {"$argon2id$v=19$m=64,t=1,p=1$" + salt16, hash.ErrMalformed},
	"argon2 with a third part":              {argon("m=64,t=1,p=1") + "$" + tag32, hash.ErrMalformed},
	"argon2 with padding":                   {argon("m=64,t=1,p=1") + "=", hash.ErrMalformed},
	"argon2 with a line break":              {argon("m=64,t=1,p=1") + "\n", hash.ErrMalformed},
	"argon2 with a line break inside":       {strings.Replace(argon("m=64,t=1,p=1"), "iqbH", "iq\r\nbH", 1), hash.ErrMalformed},
	"argon2 with bits that encode naught":   {argon("m=64,t=1,p=1")[:len(argon("m=64,t=1,p=1"))-1] + "x", hash.ErrMalformed},
	"argon2 in the URL alphabet":            {strings.Replace(argon("m=64,t=1,p=1"), "/l6I", "_l6I", 1), hash.ErrMalformed},
	"argon2 in passlib's alphabet":          {strings.Replace(argon("m=64,t=1,p=1"), "I+m", "I.m", 1), hash.ErrMalformed},

	"bcrypt of cost 31":                {"$2b$31$" + bc53, hash.ErrOutOfBounds},
	"bcrypt of cost 17":                {"$2b$17$" + bc53, hash.ErrOutOfBounds},
	"bcrypt of cost 03":                {"$2b$03$" + bc53, hash.ErrMalformed},
	"bcrypt of cost +5":                {"$2b$+5$" + bc53, hash.ErrMalformed},
	"bcrypt of cost 5":                 {"$2b$5$" + bc53, hash.ErrMalformed},
	"bcrypt of cost 005":               {"$2b$005$" + bc53, hash.ErrMalformed},
	"bcrypt of 59 characters":          {"$2b$10$" + bc53[1:], hash.ErrMalformed},
	"bcrypt of 61 characters":          {"$2b$10$" + bc53 + "a", hash.ErrMalformed},
	"bcrypt with a line break":         {"$2b$10$" + bc53 + "\n", hash.ErrMalformed},
	"bcrypt with a blank":              {"$2b$10$" + bc53 + " ", hash.ErrMalformed},
	"bcrypt outside its alphabet":      {"$2b$10$" + bc53[:52] + "+", hash.ErrMalformed},
	"bcrypt $2x$, which is not $2y$":   {"$2x$10$" + bc53, hash.ErrUnsupported},
	"bcrypt without a minor version":   {"$2$10$" + bc53, hash.ErrUnsupported},
	"bcrypt of an unknown version":     {"$2!$10$" + bc53, hash.ErrUnknownFormat},
	"bcrypt of an unknown main number": {"$1b$10$" + bc53, hash.ErrUnknownFormat},

	"scrypt of N=2^40":               {"$scrypt$ln=40,r=8,p=1$" + salt16 + "$" + tag32, hash.ErrOutOfBounds},
	"scrypt of N=2^24":               {"$scrypt$ln=24,r=8,p=1$" + salt16 + "$" + tag32, hash.ErrOutOfBounds},
	"scrypt that shifts to nothing":  {"$scrypt$ln=64,r=8,p=1$" + salt16 + "$" + tag32, hash.ErrOutOfBounds},
	"scrypt of N=1":                  {"$scrypt$ln=0,r=8,p=1$" + salt16 + "$" + tag32, hash.ErrMalformed},
	"scrypt of a million lanes":      {"$scrypt$ln=1,r=1,p=1000000$" + salt16 + "$" + tag32, hash.ErrOutOfBounds},
	"scrypt without r":               {"$scrypt$ln=14,r=0,p=1$" + salt16 + "$" + tag32, hash.ErrMalformed},
	"scrypt of much work":            {"$scrypt$ln=16,r=32,p=16$" + salt16 + "$" + tag32, hash.ErrOutOfBounds},
	"scrypt with an empty key":       {"$scrypt$ln=14,r=8,p=1$" + salt16 + "$", hash.ErrOutOfBounds},
	"Werkzeug's scrypt of no square": {"scrypt:32767:8:1$salt$" + hex64, hash.ErrMalformed},
	"Werkzeug's scrypt of 2^31":      {"scrypt:2147483648:8:1$salt$" + hex64, hash.ErrOutOfBounds},
	"Werkzeug's scrypt of r twice":   {"scrypt:16384:8:1:1$salt$" + hex64, hash.ErrMalformed},
	"Django's scrypt of p=2^32-1":    {"scrypt$16384$salt$8$4294967295$" + base64.StdEncoding.EncodeToString(make([]byte, 64)), hash.ErrOutOfBounds},

	"PBKDF2 of 2^31-1 rounds":           {"$pbkdf2-sha256$2147483647$" + salt16 + "$" + tag32[:42] + ".", hash.ErrMalformed},
	"PBKDF2 of ten million and one":     {"$pbkdf2-sha256$10000001$" + salt16 + "$" + strings.Repeat("A", 43), hash.ErrOutOfBounds},
	"PBKDF2 of no rounds":               {"$pbkdf2-sha256$0$" + salt16 + "$" + strings.Repeat("A", 43), hash.ErrMalformed},
	"PBKDF2 with an endless key":        {"$pbkdf2-sha256$1000$" + salt16 + "$" + strings.Repeat("A", 86), hash.ErrOutOfBounds},
	"PBKDF2 with an empty key":          {"$pbkdf2-sha256$1000$" + salt16 + "$", hash.ErrOutOfBounds},
	"PBKDF2 in the standard alphabet":   {"$pbkdf2-sha256$1000$" + salt16 + "$" + strings.Repeat("+", 43), hash.ErrMalformed},
	"PBKDF2 of another length than l":   {"$pbkdf2-sha256$i=1000,l=31$" + salt16 + "$" + strings.Repeat("A", 43), hash.ErrMalformed},
	"Werkzeug's PBKDF2 of days of old":  {"pbkdf2:sha256$salt$" + hex64, hash.ErrUnsupported},
	"Werkzeug's PBKDF2 of an odd digit": {"pbkdf2:sha256:1000$salt$" + hex64[1:], hash.ErrMalformed},
	"Werkzeug's PBKDF2 in upper case":   {"pbkdf2:sha256:1000$salt$" + strings.ToUpper(hex64), hash.ErrMalformed},
	"Django's PBKDF2 of -1 rounds":      {"pbkdf2_sha256$-1$salt$rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY=", hash.ErrMalformed},
	"Django's PBKDF2 without padding":   {"pbkdf2_sha256$1$salt$rzw39Hw+WgJ3Jp043Iy36Dorkv5dY62dVzJPsgvA0uY", hash.ErrMalformed},
	"Django's bcrypt with one dollar":   {"bcrypt$2b$10$" + bc53, hash.ErrMalformed},
	"Django's argon2 of four terabytes": {"argon2" + argon("m=4294967295,t=1,p=1"), hash.ErrOutOfBounds},

	"sha-crypt of a billion rounds": {"$5$rounds=999999999$saltsalt$" + h6432, hash.ErrOutOfBounds},
	"sha-crypt of 999 rounds":       {"$5$rounds=999$saltsalt$" + h6432, hash.ErrOutOfBounds},
	"sha-crypt of 01000 rounds":     {"$5$rounds=01000$saltsalt$" + h6432, hash.ErrMalformed},
	"sha-crypt with a long salt":    {"$5$seventeen-letters$" + h6432, hash.ErrMalformed},
	"sha-crypt without a salt":      {"$5$" + h6432, hash.ErrMalformed},
	"sha-crypt with a short digest": {"$6$saltsalt$" + h6432, hash.ErrMalformed},
	"phpass of 2^31 rounds":         {"$P$TK9x6p/MnQPHL8yRAPznMyM0u8Nh3o/", hash.ErrOutOfBounds},
	"phpass of 2^6 rounds":          {"$P$4K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/", hash.ErrOutOfBounds},
	"phpass cut short":              {"$P$BK9x6p/MnQPHL8yRAPznMyM0u8Nh3o", hash.ErrMalformed},

	"ASP.NET with a salt beyond the blob": {aspnetV3(1, 10000, 1000, 48), hash.ErrMalformed},
	"ASP.NET with a salt of 2^32-1":       {aspnetV3(1, 10000, 1<<32-1, 48), hash.ErrMalformed},
	"ASP.NET with a salt of one byte":     {aspnetV3(1, 10000, 1, 48), hash.ErrMalformed},
	"ASP.NET with a salt of 12 bytes":     {aspnetV3(1, 10000, 12, 44), hash.ErrMalformed},
	"ASP.NET with a key of 12 bytes":      {aspnetV3(1, 10000, 36, 48), hash.ErrMalformed},
	"ASP.NET of an unknown function":      {aspnetV3(3, 10000, 16, 48), hash.ErrUnsupported},
	"ASP.NET of 2^32-1 rounds":            {aspnetV3(1, 1<<32-1, 16, 48), hash.ErrOutOfBounds},
	"ASP.NET of no rounds":                {aspnetV3(1, 0, 16, 48), hash.ErrMalformed},
	"ASP.NET with a key of 15 bytes":      {aspnetV3(1, 10000, 20, 35), hash.ErrMalformed},
	"ASP.NET with a byte too many":        {aspnetV3(2, 10000, 16, 49), hash.ErrMalformed},
	"ASP.NET cut short":                   {aspnetV3(1, 10000, 16, 48)[:80], hash.ErrMalformed},

	"Spring of an unknown id":         {"{whirlpool}abc", hash.ErrUnknownFormat},
	"Spring without a closing brace":  {"{bcrypt$2b$10$" + bc53, hash.ErrUnknownFormat},
	"Spring nested":                   {"{bcrypt}{bcrypt}$2b$10$" + bc53, hash.ErrMalformed},
	"Spring in clear":                 {"{noop}" + phrase[:7], hash.ErrUnsupported},
	"Spring's bare MD5":               {"{MD5}" + hex64[:32], hash.ErrUnsupported},
	"Spring's scrypt of 2^255":        {"{scrypt}$ff0801$" + salt16 + "==$" + tag32 + "=", hash.ErrOutOfBounds},
	"Spring's scrypt of no parameter": {"{scrypt}$0$" + salt16 + "==$" + tag32 + "=", hash.ErrMalformed},
	"Spring's PBKDF2 cut short":       {"{pbkdf2}" + hex64, hash.ErrMalformed},
	"Spring's argon2 of bcrypt":       {"{argon2}$2b$10$" + bc53, hash.ErrMalformed},

	"MD5-crypt without a salt":        {"$1$$" + md5Digest, hash.ErrOutOfBounds},
	"MD5-crypt with a long salt":      {"$1$ninechars$" + md5Digest, hash.ErrOutOfBounds},
	"MD5-crypt with an endless salt":  {"$apr1$" + strings.Repeat("a", 900) + "$" + md5Digest, hash.ErrOutOfBounds},
	"MD5-crypt without a digest":      {"$1$saltsalt", hash.ErrMalformed},
	"MD5-crypt with an empty digest":  {"$1$saltsalt$", hash.ErrMalformed},
	"MD5-crypt cut short":             {"$1$saltsalt$" + md5Digest[1:], hash.ErrMalformed},
	"MD5-crypt with a tail":           {"$1$saltsalt$" + md5Digest + "$x", hash.ErrMalformed},
	"MD5-crypt with a NUL":            {"$1$salt\x00alt$" + md5Digest, hash.ErrMalformed},
	"MD5-crypt outside its alphabet":  {"$apr1$saltsalt$" + md5Digest[1:] + "+", hash.ErrMalformed},
	"MD5-crypt with rounds, as Sun's": {"$1$rounds=904$salt$" + md5Digest, hash.ErrMalformed},

	"LDAP without a salt":           {"{SSHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20)), hash.ErrOutOfBounds},
	"LDAP with a long salt":         {"{SSHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20+33)), hash.ErrOutOfBounds},
	"LDAP with an endless salt":     {"{SSHA512}" + base64.StdEncoding.EncodeToString(make([]byte, 700)), hash.ErrOutOfBounds},
	"LDAP with a short digest":      {"{SSHA256}" + base64.StdEncoding.EncodeToString(make([]byte, 31)), hash.ErrMalformed},
	"LDAP of nothing":               {"{SMD5}", hash.ErrMalformed},
	"LDAP without padding":          {"{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/U", hash.ErrMalformed},
	"LDAP in the URL alphabet":      {"{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi_U=", hash.ErrMalformed},
	"LDAP with a line break":        {"{SMD5}jNoSMNY0cybfuBWi\naGlFw3Mfi/U=", hash.ErrMalformed},
	"LDAP with bits for naught":     {"{SMD5}jNoSMNY0cybfuBWiaGlFw3Mfi/V=", hash.ErrMalformed},
	"LDAP of an unknown digest":     {"{SSHA224}AAAA", hash.ErrUnknownFormat},
	"LDAP without a closing brace":  {"{SSHA", hash.ErrUnknownFormat},
	"LDAP's plain SHA-1, not taken": {"{SHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20)), hash.ErrUnknownFormat},

	"crypt's scrypt of N=2^24":        {"$7$M6..../....salt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt of N=2^31":        {"$7$T6..../....salt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt of N=2^63":        {"$7$z6..../....salt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt of N=1":           {"$7$.6..../....salt$" + cryptKey, hash.ErrMalformed},
	"crypt's scrypt without r":        {"$7$C...../....salt$" + cryptKey, hash.ErrMalformed},
	"crypt's scrypt without p":        {"$7$C6.........salt$" + cryptKey, hash.ErrMalformed},
	"crypt's scrypt of r=2^30-1":      {"$7$Czzzzz/....salt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt of p=2^30-1":      {"$7$/6....zzzzzsalt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt of much work":     {"$7$EU....E....salt$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt without a salt":   {"$7$C6..../....$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt with a long salt": {"$7$C6..../...." + strings.Repeat("a", 129) + "$" + cryptKey, hash.ErrOutOfBounds},
	"crypt's scrypt with a NUL":       {"$7$C6..../....sa\x00t$" + cryptKey, hash.ErrMalformed},
	"crypt's scrypt without a key":    {"$7$C6..../....salt$", hash.ErrMalformed},
	"crypt's scrypt cut short":        {"$7$C6..../....salt$" + cryptKey[1:], hash.ErrMalformed},
	"crypt's scrypt with a tail":      {"$7$C6..../....salt$" + cryptKey + ".", hash.ErrMalformed},
	"crypt's scrypt, bits for naught": {"$7$C6..../....salt$" + cryptKey[1:] + "z", hash.ErrMalformed},
	"crypt's scrypt out of alphabet":  {"$7$C6..+./....salt$" + cryptKey, hash.ErrMalformed},
	"crypt's scrypt of a head alone":  {"$7$C6", hash.ErrMalformed},

	"Drupal of 2^21 rounds":         {"$S$J" + drupalRest, hash.ErrOutOfBounds},
	"Drupal of 2^63 rounds":         {"$S$z" + drupalRest, hash.ErrOutOfBounds},
	"Drupal of 2^6 rounds":          {"$S$4" + drupalRest, hash.ErrOutOfBounds},
	"Drupal cut short":              {"$S$5" + drupalRest[1:], hash.ErrMalformed},
	"Drupal with a tail":            {"$S$5" + drupalRest + "a", hash.ErrMalformed},
	"Drupal with a NUL":             {"$S$5" + drupalRest[1:] + "\x00", hash.ErrMalformed},
	"Drupal out of alphabet":        {"$S$5" + drupalRest[1:] + "+", hash.ErrMalformed},
	"updated Drupal of 2^30":        {"U$S$S" + drupalRest, hash.ErrOutOfBounds},
	"updated Drupal, cut short":     {"U$S$5" + drupalRest[1:], hash.ErrMalformed},
	"updated Drupal of nothing":     {"U$S$", hash.ErrMalformed},
	"Drupal updated more than once": {"UU$S$5" + drupalRest, hash.ErrUnknownFormat},

	"passlib's bcrypt-sha256 of cost 31":   {"$bcrypt-sha256$v=2,t=2b,r=31$" + bc53[:22] + "$" + bc53[22:], hash.ErrOutOfBounds},
	"passlib's bcrypt-sha256 of version 3": {"$bcrypt-sha256$v=3,t=2b,r=10$" + bc53[:22] + "$" + bc53[22:], hash.ErrMalformed},
	"passlib's bcrypt-sha256 of 2x":        {"$bcrypt-sha256$v=2,t=2x,r=10$" + bc53[:22] + "$" + bc53[22:], hash.ErrUnsupported},
	"WordPress with a tail":                {"$wp$2y$10$" + bc53 + "x", hash.ErrMalformed},
	"a pepper over nothing":                {"$lostkey-pepper$", hash.ErrMalformed},
	"yescrypt":                             {"$y$j9T$NJyWWKeVMKPqFGHF0Ym3T1$2fAkDq6D20a6bXcuS5Ii46uJARmPMx8YqnCIj4dEd43", hash.ErrUnknownFormat},
	"a bare MD5":                           {hex64[:32], hash.ErrUnknownFormat},
	"Django's or Werkzeug's md5":           {"md5$salt$" + hex64[:32], hash.ErrUnknownFormat},
	"passlib's plain text":                 {"$plaintext$secret", hash.ErrUnknownFormat},
	"binary":                               {"\x00\xff\xfe", hash.ErrUnknownFormat},
}

// allAndInsecure has every format of the package that one Hasher can hold.
func allAndInsecure() []hash.Scheme {
	return slices.Concat(
		legacy.All(), legacy.InsecureMD5Crypt(), legacy.InsecureLDAP(),
	)
}

func TestDamagedAndHostileRowsAreTypedErrorsAndDeriveNothing(t *testing.T) {
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for name, tt := range hostile {
		t.Run(name, func(t *testing.T) {
			before := allocated()
			var info hash.Info
			var err error
			runs := derivations(h, func() { info, err = h.Inspect(tt.stored) })
			require.ErrorIs(t, err, tt.want)
			require.Zero(t, info)
			require.Zero(t, runs)
			require.Less(t, allocated()-before, uint64(64<<10))

			runs = derivations(h, func() {
				var res hash.Result
				res, err = h.Verify(t.Context(), phrase, tt.stored)
				require.Zero(t, res)
			})
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, 1, runs, "the dummy alone")
			require.False(t, h.NeedsRehash(tt.stored), "as the results of Inspect and Verify")
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestArgon2ParametersInAnyOrderAreOneHash(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Params: hash.Argon2id{19456, 2, 1}})
	for _, params := range []string{
		"m=19456,t=2,p=1", "m=19456,p=1,t=2", "t=2,m=19456,p=1", "t=2,p=1,m=19456", "p=1,m=19456,t=2", "p=1,t=2,m=19456",
	} {
		res, err := h.Verify(t.Context(), phrase, argon(params))
		require.NoError(t, err, params)
		require.True(t, res.OK, params)
		require.Equal(t, params != "m=19456,t=2,p=1", res.NeedsRehash, params)
	}
}

func TestBoundsCanBeRaisedAndLowered(t *testing.T) {
	t.Parallel()
	const row = "pbkdf2_sha256$1000$saltsaltsalt$" // a right digest is not needed
	stored := row + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for rounds, want := range map[int]error{999: hash.ErrOutOfBounds, 1000: nil, 1001: nil} {
		_, err := insecure(t, hash.Config{Bounds: hash.Bounds{PBKDF2Rounds: rounds}}).Inspect(stored)
		require.ErrorIs(t, err, want)
	}
}

func TestMemoryIsBoundedWhateverTheSlotsHave(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 1 << 30})
	require.NoError(t, err)
	h := insecure(t, hash.Config{Slots: l})
	for _, stored := range []string{
		argon("m=262145,t=1,p=1"), "$scrypt$ln=19,r=8,p=1$" + salt16 + "$" + tag32,
	} {
		_, err := h.Inspect(stored)
		require.ErrorIs(t, err, hash.ErrOutOfBounds, stored)
	}
}

func TestDefaultBoundsHoldAtTheirExactEdge(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: allAndInsecure()})
	for _, stored := range []string{
		argon("m=262144,t=4,p=16"), argon("m=65536,t=16,p=1"), "$2b$16$" + bc53, "$2b$04$" + bc53,
		"$scrypt$ln=18,r=8,p=1$" + salt16 + "$" + tag32, "$scrypt$ln=17,r=8,p=4$" + salt16 + "$" + tag32,
		"$pbkdf2-sha256$10000000$" + salt16 + "$" + strings.Repeat("A", 43),
		"$5$rounds=5000000$saltsalt$" + h6432, "$5$rounds=1000$saltsalt$" + h6432,
		"$7$G6..../....salt$" + cryptKey,
		"$7$C6..../...." + strings.Repeat("a", 128) + "$" + cryptKey,
		"$S$I" + drupalRest, "$S$5" + drupalRest, "U$S$I" + drupalRest,
		"$1$s$" + md5Digest, "$apr1$saltsalt$" + md5Digest,
		"{SSHA}" + base64.StdEncoding.EncodeToString(make([]byte, 20+1)),
		"{SSHA512}" + base64.StdEncoding.EncodeToString(make([]byte, 64+32)),
		"$P$IK9x6p/MnQPHL8yRAPznMyM0u8Nh3o/", "$P$5K9x6p/MnQPHL8yRAPznMyM0u8Nh3o/",
	} {
		_, err := h.Inspect(stored)
		require.NoError(t, err, stored)
	}
}

func TestARowHeavierThanTheWholeBudgetIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{MemoryKiB: 1024})
	require.NoError(t, err)
	h := insecure(t, hash.Config{Slots: l})
	_, err = h.Verify(t.Context(), phrase, argon("m=1025,t=1,p=1"))
	require.ErrorIs(t, err, hash.ErrOutOfBounds)
	_, err = h.Inspect(argon("m=1025,t=1,p=1"))
	require.ErrorIs(t, err, hash.ErrOutOfBounds)
	_, err = h.Verify(t.Context(), phrase, argon("m=1024,t=1,p=1"))
	require.NoError(t, err)
}

type panickyParser struct{ fakeScheme }

func (*panickyParser) Parse(encoded string, _ hash.Bounds) (hash.Record, error) {
	panic("cannot read " + encoded)
}

func TestAPanicInAParserIsAMalformedRow(t *testing.T) {
	t.Parallel()
	h := insecure(t, hash.Config{Accept: []hash.Scheme{&panickyParser{}}})
	_, err := h.Verify(t.Context(), phrase, "fake:S3CR3T")
	require.ErrorIs(t, err, hash.ErrMalformed)
	require.NotContains(t, err.Error(), "S3CR3T")
	require.False(t, h.NeedsRehash("fake:S3CR3T"))
}

func TestAPanicInASchemeIsAnErrorAndFreesTheSlot(t *testing.T) {
	t.Parallel()
	l, err := hash.NewSlots(hash.SlotsConfig{Count: 1, Queue: 1})
	require.NoError(t, err)
	fake := &fakeScheme{check: func(password string) (bool, error) { panic("cannot hash " + password) }}
	h := insecure(t, hash.Config{Accept: []hash.Scheme{fake}, Slots: l})
	for range 1000 {
		res, err := h.Verify(t.Context(), "secret", "fake:1")
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
		require.False(t, res.OK)
	}
	require.Zero(t, l.Stats().Running)
	require.Zero(t, l.Stats().MemoryKiB)
	require.NoError(t, h.VerifyDummy(t.Context(), "x"))
}
