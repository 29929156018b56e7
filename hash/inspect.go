package hash

import (
	"errors"
	"strings"
)

// Info says what a stored string is.
type Info struct {
	Scheme      string // as in [Result]
	Params      string // the cost, such as "rounds=600000"; empty for a mark
	Pepper      string // id of the pepper it was made with, if any
	MemoryKiB   int    // held while it is verified
	NeedsRehash bool   // as [Hasher.NeedsRehash]
}

// Inspect tells what encoded is, in microseconds, because it derives nothing.
// Its errors are those that Verify would give for the row.
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
