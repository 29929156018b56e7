package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/lostkey-go/lostkey/examples/redislimit"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/ratelimit"
)

// settings are what an instance is told on its standard input, where neither
// ps nor /proc shows the keys to others. All instances have the same, but for
// the first three fields.
type settings struct {
	// Name is the instance's, in logs, in the header Served-By and as its id in
	// River's tables.
	Name string
	// Listen is its address.
	Listen string
	// Clock is by how much the instance's clock is wrong. It is what lostkey
	// is told, in Config.Now. River and the log have the right time.
	Clock time.Duration

	Site     string // the URL of nginx
	Keys     string // the key ring, as LOSTKEY_KEYS has it
	Database string // the URL of the database
	Redis    string // an address
	Prefix   string // of all keys in Redis
	SMTP     string // a URL, as smtpmail has it

	// NoWorker leaves the jobs to other instances.
	NoWorker bool
	// Timeout bounds one attempt at a job. Rescue is after how long River
	// takes a job from an instance that died, and has to be more.
	Timeout, Rescue time.Duration
	// LimitFactor is by how much more the limits allow than by default, for
	// load tests from one machine. Zero means 1.
	LimitFactor int
}

// sharedLimits are the limits of package reset, with its own figures, counted
// in Redis for all instances together. When Redis fails, each instance counts
// for itself until it is back.
func sharedLimits(
	s settings, client *redis.Client, failed func(context.Context, error),
) (reset.Limits, error) {
	var limits reset.Limits
	for _, l := range []struct {
		into  *reset.Limiter
		name  string
		burst int
		every time.Duration
		also  []ratelimit.Rate
	}{
		{&limits.Global, "global", 600, time.Minute / 600, nil},
		{&limits.Client, "client", 20, 3 * time.Minute, nil},
		{&limits.Network, "network", 200, 12 * time.Second, nil},
		{
			&limits.Account, "account", 1, time.Minute,
			[]ratelimit.Rate{{Burst: 5, Every: 12 * time.Minute}},
		},
		{&limits.ConfirmClient, "confirm-client", 30, 20 * time.Second, nil},
		{&limits.ConfirmUser, "confirm-user", 10, time.Minute, nil},
		{&limits.Proof, "proof", 5, 5 * time.Minute, nil},
		{&limits.Check, "check", 30, 10 * time.Second, nil},
	} {
		limiter, err := redislimit.New(redislimit.Config{
			Client: client, Prefix: s.Prefix + l.name + ":",
			Burst: l.burst * max(1, s.LimitFactor), Every: l.every,
			Also:    l.also,
			OnError: failed,
		})
		if err != nil {
			return reset.Limits{}, err
		}
		*l.into = limiter
	}

	return limits, nil
}
