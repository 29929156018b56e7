package hash

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2id makes argon2id hashes, version 19, with a salt of 16 bytes and a tag
// of 32, written as a PHC string. Zero fields together mean m=19456 KiB, t=2,
// p=1, the first choice of the OWASP Password Storage Cheat Sheet.
type Argon2id struct {
	// MemoryKiB is m, in KiB. Zero means 19456.
	MemoryKiB int
	// Time is t, the passes. Zero means 2.
	Time int
	// Threads is p. Zero means 1, because a server is parallel already across
	// requests.
	Threads int
}

var defaultArgon2id = Argon2id{MemoryKiB: 19456, Time: 2, Threads: 1}

// RFC9106 returns the second recommended option of RFC 9106 section 4, for
// memory-constrained environments. It is m=64 MiB, t=3, p=4, and costs some six
// times the default. The first option takes 2 GiB a login and is not for
// servers.
func RFC9106() Argon2id {
	return Argon2id{MemoryKiB: 64 << 10, Time: 3, Threads: 4}
}

const argon2TagBytes = 32

// argon2Floor is the least m for t passes, from the five settings of equal
// strength in the OWASP Password Storage Cheat Sheet.
func argon2Floor(t int) int {
	switch t {
	case 1:
		return 46 << 10
	case 2:
		return 19 << 10
	case 3:
		return 12 << 10
	case 4:
		return 9 << 10
	default:
		return 7 << 10
	}
}

func (a Argon2id) resolve() Params {
	if a == (Argon2id{}) {
		return defaultArgon2id
	}
	return a
}

func (a Argon2id) check(insecure bool) error {
	top := ceilings()

	switch {
	case !within(a.Time, 1, top.Argon2Time):
		return errors.New("hash: Argon2id.Time must be at least 1")
	case !within(a.Threads, 1, maxArgon2Threads):
		return fmt.Errorf(
			"hash: Argon2id.Threads must lie between 1 and %d",
			maxArgon2Threads,
		)
	case !within(a.MemoryKiB, 8*a.Threads, top.Argon2MemoryKiB):
		return errors.New(
			"hash: Argon2id.MemoryKiB must be at least 8 for each thread",
		)
	case !insecure && a.MemoryKiB < argon2Floor(a.Time):
		return fmt.Errorf(
			"hash: Argon2id.MemoryKiB is below %d, the least for Time %d",
			argon2Floor(a.Time), a.Time,
		)
	}

	return nonFIPS("Argon2id")
}

func (a Argon2id) scheme() Scheme { return argon2Scheme{} }
func (a Argon2id) memoryKiB() int { return a.MemoryKiB }

func (a Argon2id) create(password string) (string, error) {
	row := argon2Row{
		variant: "argon2id",
		m:       a.MemoryKiB,
		t:       a.Time,
		p:       a.Threads,
		salt:    newSalt(),
	}
	row.tag = row.derive(password, argon2TagBytes)
	return row.encode(), nil
}

func (a Argon2id) current(encoded string, onlyUpgrade bool) bool {
	row, err := parseArgon2(encoded)
	if err != nil || row.variant != "argon2id" || row.encode() != encoded {
		return false
	}

	if onlyUpgrade {
		return row.m >= a.MemoryKiB && row.t >= a.Time &&
			len(row.tag) >= argon2TagBytes && len(row.salt) >= saltBytes
	}
	return row.m == a.MemoryKiB && row.t == a.Time && row.p == a.Threads &&
		len(row.tag) == argon2TagBytes && len(row.salt) == saltBytes
}

// argon2Scheme reads the PHC strings of argon2id and argon2i, the parameters in
// any order. For example, npm's argon2 writes m,p,t and others t,m,p.
type argon2Scheme struct{}

const maxArgon2Threads = 16

func (argon2Scheme) Name() string { return "argon2" }

func (argon2Scheme) example() string {
	return "$argon2id$v=19$m=65536,t=3,p=4$"
}

func (argon2Scheme) Identify(encoded string) bool {
	rest, ok := strings.CutPrefix(encoded, "$argon2")
	return ok && (strings.HasPrefix(rest, "id$") ||
		strings.HasPrefix(rest, "i$") ||
		strings.HasPrefix(rest, "d$"))
}

func (argon2Scheme) Parse(encoded string, limits Limits) (Record, error) {
	row, err := parseArgon2(encoded)
	if err != nil {
		return Record{}, err
	}
	if field := row.bound(limits); field != "" {
		return Record{}, overLimit(row.variant, field)
	}

	return Record{
		Scheme:    row.variant,
		Params:    fmt.Sprintf("m=%d,t=%d,p=%d", row.m, row.t, row.p),
		MemoryKiB: row.m,
		Check: func(password string) (bool, error) {
			return sameBytes(row.tag, row.derive(password, len(row.tag))), nil
		},
	}, nil
}

type argon2Row struct {
	variant   string
	m, t, p   int
	salt, tag []byte
}

// parseArgon2 reads the string without judging its cost.
func parseArgon2(encoded string) (argon2Row, error) {
	variant, rest, _ := strings.Cut(strings.TrimPrefix(encoded, "$"), "$")
	row := argon2Row{variant: variant}
	switch variant {
	case "argon2id", "argon2i":
	case "argon2d":
		return row, unsupported("argon2d", "variant")
	default:
		return row, malformed("argon2", "variant")
	}

	// Argon2 1.0 wrote no version, or 16. golang.org/x/crypto computes 19 only.
	version, rest, _ := strings.Cut(rest, "$")
	text, versioned := strings.CutPrefix(version, "v=")
	if v, ok := number(text); versioned && !ok {
		return row, malformed(variant, "v")
	} else if !versioned || v != argon2.Version {
		return row, unsupported(variant, "v")
	}

	list, rest, _ := strings.Cut(rest, "$")
	for part := range strings.SplitSeq(list, ",") {
		// A secret or associated data went into the hash and is not ours to
		// know.
		if strings.HasPrefix(part, "keyid=") ||
			strings.HasPrefix(part, "data=") {
			return row, unsupported(variant, "keyid or data")
		}
	}
	values, field, ok := parameters(list, "m", "t", "p")
	if !ok {
		return row, malformed(variant, field)
	}
	row.m, row.t, row.p = values[0], values[1], values[2]
	if row.t == 0 || row.p == 0 || row.m < 8*row.p {
		return row, malformed(variant, "m, t or p")
	}

	salt, tag, ok := strings.Cut(rest, "$")
	if !ok {
		return row, malformed(variant, "tag")
	}
	var err error
	if row.salt, err = rawBase64.DecodeString(salt); err != nil {
		return row, malformed(variant, "salt")
	}
	if row.tag, err = rawBase64.DecodeString(tag); err != nil {
		return row, malformed(variant, "tag")
	}

	return row, nil
}

// bound names the first field that is out of bounds. A tag of one byte would
// let one password in 256 in.
func (r argon2Row) bound(limits Limits) string {
	switch {
	case r.m > limits.Argon2MemoryKiB:
		return "m"
	case r.t > limits.Argon2Time:
		return "t"
	case r.p > maxArgon2Threads:
		return "p"
	case uint64(r.m)*uint64(r.t) > uint64(limits.Argon2Work):
		return "m times t"
	case !within(len(r.salt), 8, 64):
		return "salt"
	case !within(len(r.tag), 16, 64):
		return "tag"
	}

	return ""
}

func (r argon2Row) derive(password string, size int) []byte {
	m, t, p, n := uint32(r.m), uint32(r.t), uint8(r.p), uint32(size)
	if r.variant == "argon2i" {
		return argon2.Key([]byte(password), r.salt, t, m, p, n)
	}
	return argon2.IDKey([]byte(password), r.salt, t, m, p, n)
}

// encode writes the one spelling that the PHC string format gives the row.
func (r argon2Row) encode() string {
	return "$" + r.variant + "$v=" + strconv.Itoa(argon2.Version) +
		"$m=" + strconv.Itoa(r.m) +
		",t=" + strconv.Itoa(r.t) +
		",p=" + strconv.Itoa(r.p) +
		"$" + rawBase64.EncodeToString(r.salt) +
		"$" + rawBase64.EncodeToString(r.tag)
}
