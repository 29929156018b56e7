package ratelimit

// shards is the number of locks. Every shard holds the same number of buckets.
const shards = 32

// slots is the number of cells in a bucket. Measured with one rate at 16 MiB,
// the first newcomer finds no room when 70 % of the cells are live with 8
// slots, 85 % with 16 and 92 % with 32, at 190 to 200 ns a call for all three.
const slots = 16

// A table is a fixed two-choice hash table. A key belongs in one of two buckets
// and goes into the emptier one. A cell is a fingerprint and one time for each
// rate. It is free as soon as all its times have passed, so that nothing is
// ever deleted or swept.
type table struct {
	prints  []uint32
	stamps  []int64
	rates   int
	buckets uint32 // in one shard.
}

// overhead is what the table leaves of its size for the locks, the structs and
// the rounding of two large allocations up to whole 8 KiB pages.
const overhead = 20 << 10

func newTable(size, rates int) *table {
	const printBytes, stampBytes = 4, 8
	buckets := (size - overhead) /
		(printBytes + stampBytes*rates) / slots / shards
	cells := buckets * slots * shards

	return &table{
		prints:  make([]uint32, cells),
		stamps:  make([]int64, cells*rates),
		rates:   rates,
		buckets: uint32(buckets),
	}
}

// The upper half of a sum places the key, the lower half is its fingerprint.
func (t *table) shard(sum uint64) uint32 { return uint32(sum>>32) % shards }
func fingerprint(sum uint64) uint32      { return uint32(sum) }

// pair returns the two buckets of a sum, which differ.
func (t *table) pair(sum uint64) [2]uint32 {
	base := t.shard(sum) * t.buckets
	first := uint32(sum>>32) / shards % t.buckets
	// The second is derived from the fingerprint, because the upper half has
	// too few bits remaining for another independent choice.
	step := 1 + fingerprint(sum)%(t.buckets-1)
	return [2]uint32{base + first, base + (first+step)%t.buckets}
}

// find returns the cell of the key, or a free one in the emptier of its two
// buckets. When there is neither, cell is -1 and free is the time at which the
// first of the cells becomes free.
func (t *table) find(sum uint64, now int64) (cell int, free int64) {
	cell = -1
	most := 0

	for _, bucket := range t.pair(sum) {
		vacant, candidate := 0, -1

		for i := range slots {
			at := int(bucket)*slots + i
			expires := t.expires(at)
			switch {
			case expires <= now:
				vacant++
				candidate = at
			case t.prints[at] == fingerprint(sum):
				return at, 0
			case free == 0 || expires < free:
				free = expires
			}
		}

		if vacant > most {
			most, cell = vacant, candidate
		}
	}
	return cell, free
}

// expires returns the time from which a cell counts as free.
func (t *table) expires(cell int) int64 {
	last := int64(0)
	for _, at := range t.times(cell) {
		last = max(last, at)
	}
	return last
}

// times returns the cell's full times, one for each rate.
func (t *table) times(cell int) []int64 {
	return t.stamps[cell*t.rates : (cell+1)*t.rates]
}

// claim writes the key's fingerprint into the cell.
func (t *table) claim(cell int, sum uint64) {
	t.prints[cell] = fingerprint(sum)
}
