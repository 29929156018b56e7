package reset

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/lostkey-go/lostkey/mail"
	"github.com/lostkey-go/lostkey/token"
)

// A Job is one mail, or one look-up that leads to mails, that is still to be
// done. Only the Service makes it, and [Service.Process] takes it back
// unchanged. It marshals to JSON and back without loss, and prints as ID and
// Kind, except in an unexported field.
type Job struct {
	SiteName string `json:"site,omitempty"`
	// ID is random, and the RequestID of events.
	ID   string    `json:"id"`
	Kind mail.Kind `json:"kind,omitempty"`
	// Email is what was typed, or where the mail goes, and Also where else.
	Email string   `json:"email,omitempty"`
	Also  []string `json:"also,omitempty"`
	Label string   `json:"label,omitempty"`
	// UserID narrows the job to one account.
	UserID        string        `json:"user_id,omitempty"`
	Locale        string        `json:"locale,omitempty"`
	Browser       string        `json:"browser,omitempty"`
	Client        netip.Addr    `json:"client,omitzero"`
	RequestedAt   time.Time     `json:"requested_at"`
	Lifetime      time.Duration `json:"lifetime,omitempty"`
	ReturnTo      string        `json:"return_to,omitempty"`
	SessionsEnded bool          `json:"sessions_ended,omitempty"`
	// Unresolved is set while the outcome of a write is unknown.
	Unresolved string `json:"pending,omitempty"`
	Dispute    string `json:"dispute,omitempty"`
	// Throttled marks a job that Process drops, because its address is over the
	// limit. An engine that drops duplicates must not take it for one of a job
	// that sends mail, nor the other way round.
	Throttled bool `json:"throttled,omitempty"`
	// MAC covers all other fields. It is no secret.
	MAC string `json:"mac,omitempty"`
}

// String returns the ID and the Kind.
func (j Job) String() string {
	return fmt.Sprintf("reset.Job{%s %s}", j.ID, j.Kind)
}

// Format prints String.
func (j Job) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, j.String())
}

// LogValue logs String.
func (j Job) LogValue() slog.Value { return slog.StringValue(j.String()) }

// isOwn says that no stranger can cause the job, since nobody typed an address
// for it.
func (j Job) isOwn() bool {
	return j.Kind != mail.KindReset || j.Email == ""
}

// only narrows a job of several mails to one of them.
func (j Job) only(d delivery) Job {
	j.UserID = d.user.ID
	if j.Kind == mail.KindPasswordChanged {
		j.Email, j.Also = d.to, nil
	}
	return j
}

// asksAsMuchAs tells whether j is still all of job, of which it was made.
func (j Job) asksAsMuchAs(job Job) bool {
	return j.UserID == job.UserID && j.Unresolved == job.Unresolved &&
		len(j.Also) == len(job.Also)
}

// languages puts lists together, those of the first before those of the next.
func languages(lists ...string) string {
	var tags []string
	for _, list := range lists {
		tags = append(tags, mail.Languages(list)...)
	}
	return strings.Join(tags, ",")
}

// An attempt is one at a job, with what earlier attempts have shown.
type attempt struct {
	job    Job
	count  int  // of attempts that failed.
	lookUp int  // of look-ups that failed, one after the other.
	unsure bool // the mailer could not tell whether one of them was delivered.
	// hint is the kind of a mail without a link that failed. Why it has no link
	// is recorded already.
	hint mail.Kind
}

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
// itself. It must be omitted where it is zero, or the jobs of older versions
// are refused, as testdata/stored shows.
func canonicalJob(job Job) ([]byte, error) {
	job.MAC, job.RequestedAt = "", job.RequestedAt.UTC()
	return json.Marshal(job)
}

// clockLeeway is how far ahead the clock of the process that made a link or a
// job may be of the one that checks it.
const clockLeeway = 10 * time.Second

// errEarly is the error for a job whose time is still to come.
var errEarly = fmt.Errorf(
	"reset: the job is more than %v in the future", clockLeeway,
)

// validate says what is wrong with a job that Dispatch was not given, or not
// yet, before anything is looked up or mailed. One that the window is too short
// to wait for is refused.
func (s jobSeal) validate(
	job Job, now time.Time, window time.Duration,
) (Reason, error) {
	early := job.RequestedAt.Sub(now)
	switch {
	case !s.verify(job):
		return reasonBadMAC,
			fmt.Errorf("%w: its MAC is missing or wrong", ErrJobRefused)
	case job.RequestedAt.IsZero():
		return reasonBadDate,
			fmt.Errorf("%w: RequestedAt is zero", ErrJobRefused)
	case early > window:
		return reasonBadDate, fmt.Errorf(
			"%w: RequestedAt is more than %v in the future",
			ErrJobRefused, window,
		)
	case early > clockLeeway:
		return reasonBadDate, errEarly
	}
	return "", nil
}

// recordOf records an event of a job.
func (r *recorder) recordOf(ctx context.Context, job Job, ev Event) {
	ev.SiteName, ev.RequestID = job.SiteName, job.ID
	ev.Client = plainClient(job.Client)
	if ev.Purpose == "" {
		ev.Purpose = purposeOf(job.Kind)
	}
	r.record(ctx, ev)
}

func (r *recorder) recordRetry(ctx context.Context, job Job, ev Event) {
	ev.Outcome = OutcomeMailDelayed
	r.recordOf(ctx, job, ev)
}

func (r *recorder) recordFailure(ctx context.Context, job Job, ev Event) {
	ev.Outcome = OutcomeMailFailed
	if job.Kind == mail.KindPasswordChanged {
		ev.Outcome = OutcomeNoticeFailed
	}
	r.recordOf(ctx, job, ev)
}

// purposeOf returns what the link in a mail is for. A mail without a link
// belongs to a reset. What is no kind of package mail is named as a purpose of
// the application's own.
func purposeOf(kind mail.Kind) token.Purpose {
	switch kind {
	case mail.KindReset, mail.KindPasswordChanged, mail.KindNoAccount,
		mail.KindSignsInElsewhere:
		return token.PurposeReset
	default:
		return token.Purpose(kind)
	}
}
