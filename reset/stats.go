package reset

import "github.com/lostkey-go/lostkey/hash"

// Stats are the figures of a [Service] for a metrics page, gauges and counters
// of the moment they are read. The counters begin with the Service and never
// go down. What becomes of single requests and links is told by events.
type Stats struct {
	// Queue is the in-process pool for mail. It is zero when
	// Config.Queue.Synchronous or Config.Queue.Dispatch is set.
	Queue QueueStats
	// Hashing has the slots of Config.Hasher, which others may share.
	Hashing hash.SlotsStats

	// EventsWaiting are events of requests that the sink has not been given
	// yet, at most 1024.
	EventsWaiting int
	// EventsLost are those it was never given, ever. OutcomeEventsLost tells
	// the sink of them once it keeps up.
	EventsLost uint64
	// SinkPanics are the events in whose recording Config.Events panicked,
	// ever.
	SinkPanics uint64
}

// QueueStats are the figures of the pool that works on mail. A job is a request
// for a link, an invitation, or a notice of a change.
type QueueStats struct {
	// Size is Config.Queue.Size, and Workers is Config.Queue.Workers.
	Size, Workers int

	Waiting  int // Jobs that no worker has taken yet.
	Running  int // Jobs that a worker has, so at most Workers.
	Retrying int // Jobs between two attempts.

	// Places are those of Size that are taken. A job has one until its first
	// attempt has ended. Jobs that no stranger can cause do not count here.
	// They have a quarter of Size and what requests leave of it.
	Places int

	// Dropped are the jobs that found no place, or lost it to another network's
	// before their first attempt, ever. For a request that makes
	// OutcomeDropped, which the sink may have missed.
	Dropped uint64
}

// Stats returns the figures as they are now. It allocates nothing, calls
// nothing of the application's but the clock of its Slots, and is safe for
// concurrent use. After [Service.Shutdown] it returns the last ones.
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
