package reset

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"
)

// A share keeps those who ask most from using up what Limits.Global leaves for
// everybody. It counts what the network of each request was granted lately.
// Once Global has refused, a network that was granted more than a bound is
// refused before Global is asked, so that what Global earns back goes to the
// others. Each refusal of Global halves the bound. Without one the bound
// doubles every shareRelief, until it is above all that was granted and holds
// nobody back.
//
// The bound finds its place by Global's answers alone, so Global may be any
// Limiter. Only what Global grants is counted, so that a flood of invented
// networks, which Global refuses, cannot fill the counters, which take 1 MiB.
//
// A client belongs to two networks: its /24 or /48, and its /16 or /32, which
// may be an access provider's whole range. Requests of the wider one count a
// quarter.
//
// Measured at 20 times the default Global, of 100 visitors from elsewhere 99
// are served while 1,000 networks ask, and 84 while 3,000 do.
type share struct {
	now  func() time.Time
	seed maphash.Seed

	mu       sync.Mutex // guards what follows.
	start    time.Time
	seen     time.Time // the latest time.
	granted  fading    // to everybody.
	rings    [2]shareRing
	bound    float64 // in requests, at since, or 0 while Global has room.
	since    uint32  // the tick of the last refusal.
	refusals int
}

// A shareRing is a count-min sketch. A network's count lies in one cell of each
// row, and the smaller of the two is too high only where others share both.
type shareRing [2][shareCells]fading

const (
	shareCells = 1 << 15
	// shareHalfLife is the half-life of what was granted.
	shareHalfLife = 5 * time.Minute
	// shareRelief is the time without a refusal for the bound to double.
	shareRelief = time.Minute
	// shareTick is the unit of time. 32 bits of them are 13 years.
	shareTick = 100 * time.Millisecond
	// shareWide is what a request counts in the wider network.
	shareWide = 0.25
	// shareLeast is the lowest bound, one request in 50 minutes.
	shareLeast = 1.0 / 1024
)

func newShare(now func() time.Time) *share {
	start := now()
	return &share{now: now, seed: maphash.MakeSeed(), start: start, seen: start}
}

// A fading is a count that halves every shareHalfLife.
type fading struct {
	count float32
	tick  uint32
}

func (f *fading) at(tick uint32) float64 {
	return float64(f.count) * math.Exp2(-halvings(tick-f.tick, shareHalfLife))
}

func (f *fading) add(tick uint32, n float64) {
	f.count, f.tick = float32(max(0, f.at(tick)+n)), tick
}

func halvings(ticks uint32, each time.Duration) float64 {
	return float64(ticks) / float64(each/shareTick)
}

// A shareEntry is one request on its way past Global.
type shareEntry struct {
	sums     [2]uint64 // of the client's networks.
	refusals int       // that the bound had seen when the request passed it.
}

// ask returns how long a client's network must wait, or 0.
func (s *share) ask(client netip.Addr) (shareEntry, time.Duration) {
	entry := shareEntry{sums: s.sums(client)}
	s.mu.Lock()
	defer s.mu.Unlock()

	entry.refusals = s.refusals
	if s.bound == 0 {
		return entry, 0
	}

	tick := s.tick()
	bound := s.boundAt(tick)
	if bound >= s.granted.at(tick) {
		s.bound = 0
		return entry, 0
	}

	had := s.count(entry, tick)
	if had < bound {
		return entry, 0
	}
	// The count halves and the bound doubles until they meet.
	speed := 1/shareHalfLife.Seconds() + 1/shareRelief.Seconds()
	seconds := math.Log2(had/bound) / speed
	return entry, time.Duration(max(seconds, 1) * float64(time.Second))
}

// add counts a request that Global has granted. With -1 it takes back one that
// was then given back to Global.
func (s *share) add(entry shareEntry, n float64) {
	s.mu.Lock()
	defer s.mu.Unlock()

	tick := s.tick()
	s.granted.add(tick, n)
	for i, sum := range entry.sums {
		for j, at := range shareCellsOf(sum) {
			s.rings[i][j][at].add(tick, n)
		}
	}
}

// refused lowers the bound after a refusal by Global. Of requests that passed
// one bound at once, only the first does.
func (s *share) refused(entry shareEntry) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if entry.refusals != s.refusals {
		return
	}
	s.refusals++

	tick := s.tick()
	bound := s.boundAt(tick)
	if s.bound == 0 {
		bound = s.granted.at(tick)
	}
	s.bound, s.since = max(bound/2, shareLeast), tick
}

// tick returns the time. After a step back all goes on as if there had been
// none, so that a step neither frees anybody nor holds the bound down.
func (s *share) tick() uint32 {
	now := s.now()
	if step := now.Sub(s.seen); step < 0 {
		s.start = s.start.Add(step)
	}
	s.seen = now
	return uint32(now.Sub(s.start) / shareTick)
}

func (s *share) boundAt(tick uint32) float64 {
	return s.bound * math.Exp2(halvings(tick-s.since, shareRelief))
}

// count returns what the networks of a request were granted, the higher one.
func (s *share) count(entry shareEntry, tick uint32) float64 {
	var counts [2]float64
	for i, sum := range entry.sums {
		at, ring := shareCellsOf(sum), &s.rings[i]
		counts[i] = min(ring[0][at[0]].at(tick), ring[1][at[1]].at(tick))
	}
	return max(counts[0], counts[1]*shareWide)
}

// sums hashes the client's networks under a seed that strangers do not know.
// Unknown clients are one network.
func (s *share) sums(client netip.Addr) [2]uint64 {
	full := client.As16()
	narrow, wide := 6, 4
	switch {
	case client.Is4():
		narrow, wide = 15, 14 // behind the 12 bytes of IPv4 mapped into IPv6.
	case !client.IsValid():
		narrow, wide = 0, 0
	}

	return [2]uint64{
		maphash.Bytes(s.seed, full[:narrow]),
		maphash.Bytes(s.seed, full[:wide]),
	}
}

func shareCellsOf(sum uint64) [2]uint32 {
	return [2]uint32{uint32(sum) % shareCells, uint32(sum>>32) % shareCells}
}
