package hash

import (
	"errors"
	"strings"
)

// Info says what a stored string is, for counting what remains to migrate.
type Info struct {
	// Scheme is as in [Result].
	Scheme string
	// Params is the cost, such as "sha256,rounds=600000". Empty for unusable
	// rows.
	Params string
	// Pepper is the id of the pepper it was made with, if any.
	Pepper string
	// MemoryKiB is what verifying it holds.
	MemoryKiB int
	// NeedsRehash is as [Hasher.NeedsRehash].
	NeedsRehash bool
}

// Inspect reads encoded without deriving anything, in microseconds, and so
// needs no password, no slot and no ctx. Its errors are those that Verify would
// give for the row.
func (h *Hasher) Inspect(encoded string) (Info, error) {
	rec, err := h.parse(encoded)
	switch {
	case errors.Is(err, errUnusable):
		return Info{Scheme: "unusable"}, nil
	case err != nil:
		return Info{}, err
	}

	info := Info{
		Scheme:      rec.Scheme,
		Params:      rec.Params,
		MemoryKiB:   rec.MemoryKiB,
		NeedsRehash: !h.current(encoded),
	}
	if rest, ok := strings.CutPrefix(encoded, pepperPrefix); ok {
		info.Pepper, _, _ = strings.Cut(rest, "$")
	}

	return info, nil
}

// Identify returns the name of the scheme that claims encoded, or "", also for
// the mark of an account without a password. It looks at prefix and shape only
// and does not allocate.
func (h *Hasher) Identify(encoded string) string {
	if len(encoded) > maxEncodedBytes || !h.HasPassword(encoded) {
		return ""
	}
	if s := h.schemes.Find(encoded); s != nil {
		return s.Name()
	}
	return ""
}
