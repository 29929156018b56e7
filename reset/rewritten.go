package reset

import (
	"net/netip"
	"sync"
	"time"
)

// rewrittenEvery is the shortest time between two events of rewritten links.
const rewrittenEvery = time.Minute

// rewrittenLinks counts links between two events.
type rewrittenLinks struct {
	mu    sync.Mutex
	count int
	next  time.Time // The next event is due then.
}

// LinkRewritten counts a link that came back in another form than it was mailed
// in. It records [OutcomeLinkRewritten] at once and then at most once a minute.
// Forged links count too.
func (s *Service) LinkRewritten(client netip.Addr) {
	now := s.cfg.Now()

	s.rewritten.mu.Lock()
	s.rewritten.count++
	count := s.rewritten.count
	due := !now.Before(s.rewritten.next)
	if due {
		s.rewritten.count, s.rewritten.next = 0, now.Add(rewrittenEvery)
	}
	s.rewritten.mu.Unlock()

	if due {
		s.events.recordLater(Event{
			Outcome: OutcomeLinkRewritten, Client: plainClient(client), Count: count,
		})
	}
}
