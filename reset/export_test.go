package reset

// Sign gives a job of a test's own the MAC that Dispatch would see.
func (s *Service) Sign(job Job) Job {
	signed, err := s.seal.sign(job)
	if err != nil {
		panic(err)
	}
	return signed
}
