package reset

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/lostkey-go/lostkey/token"
)

// A jobSeal makes and checks the MACs of jobs.
type jobSeal struct{ mac token.MAC }

// newJobSeal derives keys that no other site and no other use of the ring has.
func newJobSeal(site string, keys token.Keys) (jobSeal, error) {
	mac, err := keys.Derive(site, "jobs")
	return jobSeal{mac}, err
}

// sign returns the job with the MAC of the signing key.
func (s jobSeal) sign(job Job) (Job, error) {
	canonical, err := canonicalJob(job)
	if err != nil {
		return Job{}, fmt.Errorf("reset: sign a job: %w", err)
	}

	job.MAC = base64.RawURLEncoding.EncodeToString(s.mac.Sum(canonical))
	return job, nil
}

// verify tells whether the job is as one of the keys has signed it.
func (s jobSeal) verify(job Job) bool {
	canonical, err := canonicalJob(job)
	if err != nil {
		return false
	}

	// A MAC has one spelling, but Go's decoder skips line breaks.
	sum, err := base64.RawURLEncoding.Strict().DecodeString(job.MAC)
	if err != nil || base64.RawURLEncoding.EncodeToString(sum) != job.MAC {
		return false
	}
	return s.mac.Verify(canonical, sum)
}

// canonicalJob returns what a MAC covers: the JSON form of everything but the
// MAC, which has one order of fields and one spelling of each value. Queues may
// bring RequestedAt back in another time zone. A new field is covered by
// itself. It must be omitted where it is zero, or jobs of the version before
// are refused.
func canonicalJob(job Job) ([]byte, error) {
	job.MAC, job.RequestedAt = "", job.RequestedAt.UTC()
	return json.Marshal(job)
}

// validateJob refuses what Dispatch was not given, before anything is looked up
// or mailed. Whatever a forged job says about itself stays out of its event,
// since it must not write lines of an audit trail.
func (s *Service) validateJob(ctx context.Context, job Job) error {
	if !s.seal.verify(job) {
		err := fmt.Errorf("%w: its MAC is missing or wrong", ErrJobRefused)
		s.record(ctx, Event{
			Outcome: OutcomeJobRefused, Reason: ReasonBadMAC, Err: err,
		})
		return err
	}

	var problem string
	switch {
	case job.RequestedAt.IsZero():
		problem = "RequestedAt is zero"
	case job.RequestedAt.Sub(s.cfg.Now()) > clockLeeway:
		problem = fmt.Sprintf(
			"RequestedAt is more than %v in the future", clockLeeway,
		)
	default:
		return nil
	}

	err := fmt.Errorf("%w: %s", ErrJobRefused, problem)
	s.recordOf(ctx, job, Event{
		Outcome: OutcomeJobRefused, Reason: ReasonBadDate, Err: err,
	})
	return err
}
