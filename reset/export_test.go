package reset

import (
	"net/netip"
	"time"
)

// Sign gives a job of a test's own the MAC that Dispatch would see.
func (s *Service) Sign(job Job) Job {
	signed, err := s.seal.sign(job)
	if err != nil {
		panic(err)
	}
	return signed
}

// ShareOfRequest returns what the share does for a request within the limits.
func ShareOfRequest(now func() time.Time) func(client netip.Addr) {
	s := newShare(now)
	return func(client netip.Addr) {
		entry, _ := s.ask(client)
		s.add(entry, 1)
	}
}
