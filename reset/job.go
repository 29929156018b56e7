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
// done. Only the Service makes it, and [Service.Process] takes it back as
// Config.Queue.Dispatch was given it. It marshals to JSON and back without
// loss. It holds what the visitor typed but never a token, since a link is made
// at each attempt. Its other print forms show ID and Kind alone, except in an
// unexported field.
type Job struct {
	// Site is the name of the [Site], or empty.
	Site string `json:"site,omitempty"`
	// ID is random. It is the RequestID of events, and keeps the mail's
	// Message-ID the same over all attempts.
	ID string `json:"id"`
	// Kind is mail.KindReset, mail.KindInvite, mail.KindPasswordChanged or one
	// of Config.Pages.Purposes.
	Kind mail.Kind `json:"kind,omitempty"`
	// Email is what was typed, or given to [Service.SendTo]. For a notice it is
	// the stored address that the link went to, and Also is the other
	// addresses.
	Email string   `json:"email,omitempty"`
	Also  []string `json:"also,omitempty"`
	// Label is the account's, for a notice.
	Label string `json:"label,omitempty"`
	// UserID, if set, narrows the job to one account.
	UserID string `json:"user_id,omitempty"`
	// Locale is a list of languages as [mail.Languages] reads it.
	Locale string `json:"locale,omitempty"`
	// Browser is what mail.CoarseClient calls the visitor's, or empty. Mails
	// show no other text than such a name.
	Browser string `json:"browser,omitempty"`
	// Client is who asked.
	Client netip.Addr `json:"client,omitzero"`
	// RequestedAt is when the mail was asked for.
	RequestedAt time.Time `json:"requested_at"`
	// Lifetime is that of the link. Zero means the default.
	Lifetime time.Duration `json:"lifetime,omitempty"`
	// ReturnTo is a key of Config.Pages.ReturnTo.
	ReturnTo string `json:"return_to,omitempty"`
	// SessionsEnded is for the text of a notice.
	SessionsEnded bool `json:"sessions_ended,omitempty"`
	// Pending marks a notice of a write whose outcome is unknown, which is
	// mailed once the new hash shows. It holds keyed digests of the old and the
	// new hash, the token's id and its purpose.
	Pending string `json:"pending,omitempty"`
	// Dispute lets a notice have a link that disputes it. It is a keyed digest
	// of the new hash.
	Dispute string `json:"dispute,omitempty"`
	// Throttled says that the address is over its limit, and that Process is to
	// drop the job. It is queued so that a slow queue does not tell which
	// addresses were asked for. An engine that drops duplicates must not take
	// it for one of a job that sends mail, nor the other way round.
	Throttled bool `json:"throttled,omitempty"`
	// MAC covers all other fields, with a key from Config.Keys and Config.Site
	// that all sites of a Service share. It is no secret.
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

// languages puts lists together, those of the first before those of the next.
func languages(lists ...string) string {
	var tags []string
	for _, list := range lists {
		tags = append(tags, mail.Languages(list)...)
	}
	return strings.Join(tags, ",")
}

// A try is one attempt at a job, with what earlier attempts have shown.
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

// validate says what is wrong with a job that Dispatch was not given, before
// anything is looked up or mailed.
func (s jobSeal) validate(job Job, now time.Time) (Reason, error) {
	switch {
	case !s.verify(job):
		return reasonBadMAC,
			fmt.Errorf("%w: its MAC is missing or wrong", ErrJobRefused)
	case job.RequestedAt.IsZero():
		return reasonBadDate,
			fmt.Errorf("%w: RequestedAt is zero", ErrJobRefused)
	case job.RequestedAt.Sub(now) > clockLeeway:
		return reasonBadDate, fmt.Errorf(
			"%w: RequestedAt is more than %v in the future",
			ErrJobRefused, clockLeeway,
		)
	}
	return "", nil
}

// recordOf records an event of a job.
func (r *recorder) recordOf(ctx context.Context, job Job, ev Event) {
	ev.Site, ev.RequestID = job.Site, job.ID
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
