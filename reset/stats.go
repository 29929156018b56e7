package reset

import "github.com/lostkey-go/lostkey/hash"

// Stats are the figures of a [Service] for a metrics page. Counters begin with
// the Service and never go down. Events tell what becomes of single requests.
type Stats struct {
	// Queue is the in-process pool for mail, or zero without one.
	Queue QueueStats
	// Hashing has the slots of Config.Hasher, which others may share.
	Hashing hash.SlotsStats

	// EventsWaiting are events of requests that the sink has not been given
	// yet, at most 1024.
	EventsWaiting int
	// EventsLost are those it was never given. See OutcomeEventsLost.
	EventsLost uint64
	// SinkPanics are the events in whose recording Config.Events panicked.
	SinkPanics uint64
}

// QueueStats are the figures of the pool that works on jobs.
type QueueStats struct {
	// Size and Workers are as in [Queue].
	Size, Workers int

	Waiting  int // Jobs that no worker has taken yet.
	Running  int // Jobs that a worker has, so at most Workers.
	Retrying int // Jobs between two attempts.

	// Places are those of Size that are taken, each until the first attempt of
	// a request has ended. Jobs that no stranger can cause do not count.
	Places int

	// Dropped are the jobs that found no place, or lost it before their first
	// attempt. For a request that makes OutcomeDropped, which the sink may have
	// missed.
	Dropped uint64
}

// Stats returns the figures as they are now, after [Service.Shutdown] the last.
// It allocates nothing, calls nothing of the application's but the clock of its
// Slots, and is safe for concurrent use.
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
