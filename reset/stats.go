package reset

import "github.com/lostkey-go/lostkey/hash"

// Stats are the figures of a [Service] for a metrics page. Counters never go
// down.
type Stats struct {
	// Queue is the in-process pool for mail, if there is one.
	Queue   QueueStats
	Hashing hash.SlotsStats

	// EventsWaiting are events of requests on their way to the sink, at most
	// 1024.
	EventsWaiting int
	// EventsLost are those that it was never given.
	EventsLost uint64
	// SinkPanics are the events in whose recording it panicked.
	SinkPanics uint64
}

// QueueStats are the figures of the pool for mail.
type QueueStats struct {
	Size, Workers int

	Waiting  int // Jobs that no worker has taken yet.
	Running  int // Jobs that a worker has, so at most Workers.
	Retrying int // Jobs between two attempts.

	// Places are those of Size that requests hold, each until its first attempt
	// has ended.
	Places int

	// Dropped are the jobs that found no place, or lost it.
	Dropped uint64
}

// Stats returns the figures as they are now, or were at [Service.Shutdown]. It
// allocates nothing.
func (s *Service) Stats() Stats {
	stats := Stats{
		Hashing:       s.cfg.Hasher.Slots().Stats(),
		EventsWaiting: len(s.events.queue),
		EventsLost:    s.events.allLost.Load(),
		SinkPanics:    s.events.panics.Load(),
	}
	if s.pool != nil {
		stats.Queue = s.pool.stats()
	}
	return stats
}

func (p *pool) stats() QueueStats {
	p.mu.Lock()
	defer p.mu.Unlock()

	waiting := p.requests.fresh + p.own.fresh
	retrying := p.requests.held + p.own.held
	return QueueStats{
		Size: p.queue, Workers: p.workers,
		Waiting: waiting, Retrying: retrying,
		Running: p.pending - waiting - retrying,
		Places:  p.requests.places, Dropped: p.displaced,
	}
}
