package format

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// argon2Scheme reads the PHC strings of argon2id and argon2i of version 19, or
// else of argon2d and of version 16, the parameters in any order. For example,
// npm's argon2 writes m,p,t and others t,m,p.
type argon2Scheme struct{ other bool }

// Argon2Version is the version of RFC 9106, which new hashes have.
const Argon2Version = argon2.Version

// argon2Version16 is what Argon2 1.0 computes. It wrote no version at first.
const argon2Version16 = 16

// MaxArgon2Threads is the largest p.
const MaxArgon2Threads = 16

func (s argon2Scheme) Name() string {
	if s.other {
		return "argon2-other"
	}
	return "argon2"
}

func (s argon2Scheme) Example() string {
	if s.other {
		return "$argon2d$v=19$m=65536,t=3,p=4$"
	}
	return "$argon2id$v=19$m=65536,t=3,p=4$"
}

func (s argon2Scheme) Identify(encoded string) bool {
	rest, ok := strings.CutPrefix(encoded, "$argon2")
	return ok && (strings.HasPrefix(rest, "id$") ||
		strings.HasPrefix(rest, "i$") ||
		strings.HasPrefix(rest, "d$")) && s.other == IsOtherArgon2(encoded)
}

// IsOtherArgon2 reports whether a row of Argon2 is argon2d or of version 16.
func IsOtherArgon2(encoded string) bool {
	variant, rest, _ := strings.Cut(strings.TrimPrefix(encoded, "$"), "$")
	version, _, _ := strings.Cut(rest, "$")
	return variant == "argon2d" ||
		strings.HasPrefix(variant, "argon2") &&
			(version == "v=16" || strings.HasPrefix(version, "m="))
}

func (argon2Scheme) Parse(encoded string, bounds Bounds) (Record, error) {
	row, err := ParseArgon2(encoded)
	if err != nil {
		return Record{}, err
	}
	if field := row.bound(bounds); field != "" {
		return Record{}, OutOfBounds(row.Variant, field)
	}

	return Record{
		Scheme:    row.Variant,
		Params:    fmt.Sprintf("m=%d,t=%d,p=%d", row.M, row.T, row.P),
		MemoryKiB: row.M,
		Check: func(password string) (bool, error) {
			return SameBytes(row.Tag, row.Derive(password, len(row.Tag))), nil
		},
	}, nil
}

// An Argon2Row is one stored argon2 hash.
type Argon2Row struct {
	Variant   string // "argon2id", "argon2i" or "argon2d".
	Version   int    // 19 or 16.
	M, T, P   int    // KiB, passes and threads.
	Salt, Tag []byte
}

// ParseArgon2 reads the string without judging its cost.
func ParseArgon2(encoded string) (Argon2Row, error) {
	variant, rest, _ := strings.Cut(strings.TrimPrefix(encoded, "$"), "$")
	row := Argon2Row{Variant: variant}
	if _, known := argon2Type[variant]; !known {
		return row, Malformed("argon2", "variant")
	}

	// A string without a version is older than versions are.
	row.Version = argon2Version16
	list, rest, _ := strings.Cut(rest, "$")
	if text, versioned := strings.CutPrefix(list, "v="); versioned {
		v, ok := number(text)
		switch {
		case !ok:
			return row, Malformed(variant, "v")
		case v != argon2.Version && v != argon2Version16:
			return row, Unsupported(variant, "v")
		}
		row.Version = v
		list, rest, _ = strings.Cut(rest, "$")
	}

	if err := row.parseCost(list); err != nil {
		return row, err
	}
	return row, row.parseTag(rest)
}

// parseCost reads the list of m, t and p.
func (r *Argon2Row) parseCost(list string) error {
	for part := range strings.SplitSeq(list, ",") {
		// A secret or associated data went into the hash and is not ours to
		// know.
		if strings.HasPrefix(part, "keyid=") ||
			strings.HasPrefix(part, "data=") {
			return Unsupported(r.Variant, "keyid or data")
		}
	}

	values, field, ok := parameters(list, "m", "t", "p")
	if !ok {
		return Malformed(r.Variant, field)
	}
	r.M, r.T, r.P = values[0], values[1], values[2]
	if r.T == 0 || r.P == 0 || r.M < 8*r.P {
		return Malformed(r.Variant, "m, t or p")
	}
	return nil
}

// parseTag reads salt and tag.
func (r *Argon2Row) parseTag(text string) error {
	salt, tag, ok := strings.Cut(text, "$")
	if !ok {
		return Malformed(r.Variant, "tag")
	}

	var err error
	if r.Salt, err = rawBase64.DecodeString(salt); err != nil {
		return Malformed(r.Variant, "salt")
	}
	if r.Tag, err = rawBase64.DecodeString(tag); err != nil {
		return Malformed(r.Variant, "tag")
	}
	return nil
}

// bound names the first field that is out of bounds. A tag of one byte would
// let one password in 256 in.
func (r Argon2Row) bound(bounds Bounds) string {
	switch {
	case r.M > bounds.Argon2MemoryKiB:
		return "m"
	case r.T > bounds.Argon2Time:
		return "t"
	case r.P > MaxArgon2Threads:
		return "p"
	case uint64(r.M)*uint64(r.T) > uint64(bounds.Argon2Work):
		return "m times t"
	case !Within(len(r.Salt), 8, 64):
		return "salt"
	case !Within(len(r.Tag), 16, 64):
		return "tag"
	}

	return ""
}

// Derive returns a tag of size bytes.
func (r Argon2Row) Derive(password string, size int) []byte {
	if r.Variant == "argon2d" || r.Version != argon2.Version {
		return deriveArgon2(r, password, size)
	}

	m, t, p, n := uint32(r.M), uint32(r.T), uint8(r.P), uint32(size)
	if r.Variant == "argon2i" {
		return argon2.Key([]byte(password), r.Salt, t, m, p, n)
	}
	return argon2.IDKey([]byte(password), r.Salt, t, m, p, n)
}

// Encode writes the one spelling that the PHC string format gives the row.
func (r Argon2Row) Encode() string {
	return "$" + r.Variant + "$v=" + strconv.Itoa(r.Version) +
		"$m=" + strconv.Itoa(r.M) +
		",t=" + strconv.Itoa(r.T) +
		",p=" + strconv.Itoa(r.P) +
		"$" + rawBase64.EncodeToString(r.Salt) +
		"$" + rawBase64.EncodeToString(r.Tag)
}
