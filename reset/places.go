package reset

import (
	"cmp"
	"container/heap"
	"container/list"
	"net/netip"
	"time"
)

// A task is a job as the pool works on it. It holds the mails of the job that
// are still to be sent. The pool's mutex guards everything below paid.
type task struct {
	svc      *Service // of the site that the job belongs to.
	attempts []attempt
	paid     bill // what its request was charged.

	network network
	seq     uint64        // in the order of arrival.
	added   time.Time     // the first attempt waits for headStart from then on.
	retries bool          // an attempt has failed.
	last    bool          // the pool is closing: what fails now is given up.
	timer   *time.Timer   // runs while the task waits for a retry.
	place   *list.Element // in holding.fresh or holding.due.
	rank    int           // in holding.held.
}

// A network is whom the pool counts places for. That is the /24 (IPv4) or /48
// (IPv6) of a client, which one customer can hold, or all unknown clients taken
// together. What no stranger can cause is a network of its own.
type network struct {
	prefix netip.Prefix
	own    bool
}

func networkOf(client netip.Addr) network {
	bits := 48
	if client.Is4() {
		bits = 24
	}
	prefix, err := client.Prefix(bits)
	if err != nil {
		return network{} // the zero Addr.
	}
	return network{prefix: prefix}
}

// A holding is what one network has in a lane.
type holding struct {
	network network
	// Tasks that wait for their first attempt, oldest first.
	fresh list.List
	due   list.List // of tasks that wait for a worker to retry them.
	held  ranking[*task]
	turn  *list.Element // in pool.turns, or nil while it has no work.
	// dueNext alternates, so that neither new tasks nor retries wait for all of
	// the others.
	dueNext bool
	// The positions in the lane's rankings.
	freshRank, heldRank int
}

// next returns the task to work on next. There is one.
func (s *holding) next() *task {
	from := &s.fresh
	if s.due.Len() > 0 && (s.dueNext || s.fresh.Len() == 0) {
		from = &s.due
	}
	s.dueNext = from == &s.fresh
	t, _ := from.Front().Value.(*task) // nothing else is in there.
	return t
}

// A lane is one of the two bounded parts of a pool. The pool's mutex guards it.
type lane struct {
	room     int // for new tasks, and again for those between two attempts.
	places   int // of new tasks, until their first attempt has ended.
	fresh    int // new tasks that no worker has taken.
	held     int // tasks between two attempts.
	holdings map[network]*holding
	// The holdings, with the one that has most on top.
	byFresh, byHeld ranking[*holding]
}

func newLane(room int) lane {
	return lane{
		room:     room,
		holdings: make(map[network]*holding),
		byFresh: ranking[*holding]{
			position: func(s *holding) *int { return &s.freshRank },
			compare: func(a, b *holding) int {
				return b.fresh.Len() - a.fresh.Len()
			},
		},
		byHeld: ranking[*holding]{
			position: func(s *holding) *int { return &s.heldRank },
			compare: func(a, b *holding) int {
				return b.held.Len() - a.held.Len()
			},
		},
	}
}

// holding returns what a network has, which may be nothing yet. The caller adds
// something and then calls changed.
func (l *lane) holding(n network) *holding {
	s := l.holdings[n]
	if s == nil {
		s = &holding{network: n, held: ranking[*task]{
			position: func(t *task) *int { return &t.rank },
			compare:  func(a, b *task) int { return cmp.Compare(a.seq, b.seq) },
		}}
		l.holdings[n] = s
		heap.Push(&l.byFresh, s)
		heap.Push(&l.byHeld, s)
	}
	return s
}

// changed brings the rankings up to date, and forgets a holding that has
// nothing.
func (l *lane) changed(s *holding) {
	if s.fresh.Len()+s.held.Len() > 0 {
		heap.Fix(&l.byFresh, s.freshRank)
		heap.Fix(&l.byHeld, s.heldRank)
		return
	}
	heap.Remove(&l.byFresh, s.freshRank)
	heap.Remove(&l.byHeld, s.heldRank)
	delete(l.holdings, s.network)
}

// newestOfMost returns the newest of the waiting tasks of the network that has
// most of them, or nil if n would then have more than remain to that network.
func (l *lane) newestOfMost(n network) *task {
	if l.byFresh.Len() == 0 {
		return nil
	}
	has := 0
	if s := l.holdings[n]; s != nil {
		has = s.fresh.Len()
	}

	most := l.byFresh.items[0]
	if has+1 >= most.fresh.Len() {
		return nil
	}
	t, _ := most.fresh.Back().Value.(*task) // nothing else is in there.
	return t
}

func (l *lane) hold(t *task) {
	s := l.holding(t.network)
	heap.Push(&s.held, t)
	l.held++
	l.changed(s)
}

func (l *lane) release(t *task) {
	s := l.holding(t.network)
	heap.Remove(&s.held, t.rank)
	l.held--
	l.changed(s)
}

// oldestOfMost returns, of the network that has most between two attempts, the
// task that came first. There is one.
func (l *lane) oldestOfMost() *task { return l.byHeld.items[0].held.items[0] }

// A ranking keeps what comes first by compare at index 0. It is for the
// functions of container/heap.
type ranking[T any] struct {
	items    []T
	compare  func(a, b T) int
	position func(T) *int // the place where an item keeps its index.
}

func (r *ranking[T]) Len() int { return len(r.items) }

func (r *ranking[T]) Less(i, j int) bool {
	return r.compare(r.items[i], r.items[j]) < 0
}

func (r *ranking[T]) Swap(i, j int) {
	r.items[i], r.items[j] = r.items[j], r.items[i]
	*r.position(r.items[i]), *r.position(r.items[j]) = i, j
}

// Push is for container/heap.
func (r *ranking[T]) Push(item any) {
	added, _ := item.(T) // nothing else is pushed.
	*r.position(added) = len(r.items)
	r.items = append(r.items, added)
}

// Pop is for container/heap.
func (r *ranking[T]) Pop() any {
	var zero T
	end := len(r.items) - 1
	item := r.items[end]
	r.items[end] = zero
	r.items = r.items[:end]
	return item
}
