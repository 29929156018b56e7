package format

import (
	"encoding/binary"

	"golang.org/x/crypto/blake2b"
)

// Argon2 as RFC 9106 has it, for what golang.org/x/crypto does not compute,
// which is argon2d, and version 16 of all three variants. The lanes are filled
// one after the other, in the goroutine of the caller. New hashes are never
// made with it.

const (
	argon2Syncs     = 4   // Segments of a lane between which lanes meet.
	argon2BlockSize = 128 // Words of 64 bits in a block of 1 KiB.
)

type argon2Block [argon2BlockSize]uint64

// argon2Type is the number of a variant in the hash.
var argon2Type = map[string]uint32{"argon2d": 0, "argon2i": 1, "argon2id": 2}

// An argon2Fill is one derivation on its way through the memory.
type argon2Fill struct {
	memory  []argon2Block
	variant uint32
	version int
	passes  int
	lanes   int
	lane    int // Blocks of a lane.
	segment int // Blocks of a segment.
}

// deriveArgon2 returns a tag of size bytes.
func deriveArgon2(row Argon2Row, password string, size int) []byte {
	f := argon2Fill{
		variant: argon2Type[row.Variant],
		version: row.Version,
		passes:  row.T,
		lanes:   row.P,
		segment: row.M / (argon2Syncs * row.P),
	}
	f.lane = argon2Syncs * f.segment
	f.memory = make([]argon2Block, f.lane*f.lanes)

	f.begin(row, password, size)
	for pass := range f.passes {
		for slice := range argon2Syncs {
			for lane := range f.lanes {
				f.fill(pass, slice, lane)
			}
		}
	}

	var last argon2Block
	for lane := range f.lanes {
		last.xor(&f.memory[lane*f.lane+f.lane-1])
	}
	return argon2Hash(last.bytes(), size)
}

// begin writes the first two blocks of every lane (sections 3.2 to 3.4).
func (f *argon2Fill) begin(row Argon2Row, password string, size int) {
	le := binary.LittleEndian
	var in []byte
	for _, n := range []int{row.P, size, row.M, row.T, row.Version} {
		in = le.AppendUint32(in, uint32(n))
	}
	in = le.AppendUint32(in, f.variant)
	in = append(le.AppendUint32(in, uint32(len(password))), password...)
	in = append(le.AppendUint32(in, uint32(len(row.Salt))), row.Salt...)
	in = le.AppendUint32(in, 0) // No secret.
	in = le.AppendUint32(in, 0) // No associated data.
	seed := blake2b.Sum512(in)

	for lane := range f.lanes {
		for column := range 2 {
			in := le.AppendUint32(seed[:], uint32(column))
			in = le.AppendUint32(in, uint32(lane))
			f.memory[lane*f.lane+column].set(argon2Hash(in, 8*argon2BlockSize))
		}
	}
}

// fill computes one segment of one lane.
func (f *argon2Fill) fill(pass, slice, lane int) {
	const argon2i, argon2id = 1, 2
	blind := f.variant == argon2i ||
		f.variant == argon2id && pass == 0 && slice < argon2Syncs/2
	addresses := argon2Addresses{input: argon2Block{
		uint64(pass), uint64(lane), uint64(slice), uint64(len(f.memory)),
		uint64(f.passes), uint64(f.variant),
	}}

	first := 0
	if pass == 0 && slice == 0 {
		first = 2
	}
	for i := first; i < f.segment; i++ {
		at := slice*f.segment + i
		before := &f.memory[lane*f.lane+(at+f.lane-1)%f.lane]

		random := before[0]
		if blind {
			random = addresses.at(i)
		}
		from := f.reference(random, pass, slice, lane, i)

		block := &f.memory[lane*f.lane+at]
		if pass > 0 && f.version != argon2Version16 {
			old := *block
			block.mix(before, from)
			block.xor(&old)
		} else {
			block.mix(before, from)
		}
	}
}

// reference picks the block that a new one is mixed with (section 3.4.2). i is
// the place of the new one in its segment.
func (f *argon2Fill) reference(
	random uint64, pass, slice, lane, i int,
) *argon2Block {
	other := int(random>>32) % f.lanes
	if pass == 0 && slice == 0 {
		other = lane
	}

	// The blocks that are filled by now, in other lanes those of segments that
	// have ended. The block just before the new one is never among them.
	start, area := 0, slice*f.segment
	if pass > 0 {
		start = (slice + 1) % argon2Syncs * f.segment
		area = f.lane - f.segment
	}
	if other == lane {
		area += i - 1
	} else if i == 0 {
		area--
	}

	x := random & 0xffffffff
	x = x * x >> 32
	back := int(uint64(area) * x >> 32)
	return &f.memory[other*f.lane+(start+area-1-back)%f.lane]
}

// argon2Addresses are the references of a segment that do not depend on the
// password.
type argon2Addresses struct {
	input, block argon2Block
	made         uint64 // Blocks of addresses so far.
}

func (a *argon2Addresses) at(i int) uint64 {
	for a.made <= uint64(i/argon2BlockSize) {
		a.made++
		a.input[6] = a.made
		var zero argon2Block
		a.block.mix(&zero, &a.input)
		in := a.block
		a.block.mix(&zero, &in)
	}
	return a.block[i%argon2BlockSize]
}

func (b *argon2Block) set(from []byte) {
	for i := range b {
		b[i] = binary.LittleEndian.Uint64(from[8*i:])
	}
}

func (b *argon2Block) bytes() []byte {
	var out []byte
	for _, word := range b {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return out
}

func (b *argon2Block) xor(other *argon2Block) {
	for i := range b {
		b[i] ^= other[i]
	}
}

// mix sets b to the compression of x and y (section 3.5). The block is a matrix
// of 8 by 8 pairs of words, whose rows and then columns are permuted.
func (b *argon2Block) mix(x, y *argon2Block) {
	var sum argon2Block
	for i := range sum {
		sum[i] = x[i] ^ y[i]
	}
	out := sum

	for row := range 8 {
		permute(&out, 16*row, 2)
	}
	for column := range 8 {
		permute(&out, 2*column, 16)
	}

	for i := range b {
		b[i] = out[i] ^ sum[i]
	}
}

// permute is the round of BLAKE2b over eight pairs of words (section 3.6). The
// first pair is at start, each further one step words on.
func permute(b *argon2Block, start, step int) {
	var v [16]*uint64
	for i := range 8 {
		v[2*i], v[2*i+1] = &b[start+i*step], &b[start+i*step+1]
	}

	for i := range 4 {
		quarter(v[i], v[4+i], v[8+i], v[12+i])
	}
	for i := range 4 {
		quarter(v[i], v[4+(i+1)%4], v[8+(i+2)%4], v[12+(i+3)%4])
	}
}

func quarter(a, b, c, d *uint64) {
	turn := func(x uint64, n int) uint64 { return x>>n | x<<(64-n) }
	multiply := func(x, y uint64) uint64 {
		return x + y + 2*(x&0xffffffff)*(y&0xffffffff)
	}

	*a = multiply(*a, *b)
	*d = turn(*d^*a, 32)
	*c = multiply(*c, *d)
	*b = turn(*b^*c, 24)
	*a = multiply(*a, *b)
	*d = turn(*d^*a, 16)
	*c = multiply(*c, *d)
	*b = turn(*b^*c, 63)
}

// argon2Hash is BLAKE2b with a digest of any length (section 3.3).
func argon2Hash(in []byte, size int) []byte {
	in = append(binary.LittleEndian.AppendUint32(nil, uint32(size)), in...)
	if size <= blake2b.Size {
		return blake2bOf(in, size)
	}

	const half = blake2b.Size / 2
	part := blake2bOf(in, blake2b.Size)
	out := append([]byte(nil), part[:half]...)
	for size-len(out) > blake2b.Size {
		part = blake2bOf(part, blake2b.Size)
		out = append(out, part[:half]...)
	}
	return append(out, blake2bOf(part, size-len(out))...)
}

func blake2bOf(in []byte, size int) []byte {
	h, err := blake2b.New(size, nil)
	if err != nil {
		panic(err) // size is 1 to 64
	}
	_, _ = h.Write(in)
	return h.Sum(nil)
}
