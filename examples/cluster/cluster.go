package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// options say what a cluster runs on.
type options struct {
	Listen    string // of nginx, empty for a free port
	Postgres  string // URL of a database on the server
	Redis     string // address
	Instances int
	Users     int
	// PostgresBy and RedisBy are addresses by which the instances reach the two
	// servers, if not those above.
	PostgresBy, RedisBy string
	// Settings are the same for all instances. What is not set is filled in.
	Settings settings
	// Each, if set, changes what differs between them. The first is 0.
	Each func(i int, s *settings)
	// Log receives what all processes have to say.
	Log io.Writer
}

// A cluster is some instances behind nginx, with a database and an inbox.
type cluster struct {
	url       string // of nginx
	log       io.Writer
	folder    string
	database  *database
	inbox     *inbox
	settings  []settings
	processes []*process // nil while one is down
	redis     string
	stopNginx func() error
}

// errMissing says that nginx or a server is not there.
var errMissing = errors.New("something is missing")

// startCluster starts everything. On an error nothing is left running.
func startCluster(ctx context.Context, opts options) (*cluster, error) {
	c := &cluster{
		log: opts.Log, redis: opts.Redis,
		processes: make([]*process, opts.Instances),
	}
	if err := c.start(ctx, opts); err != nil {
		return nil, errors.Join(err, c.stop(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *cluster) start(ctx context.Context, opts options) error {
	var err error
	if c.folder, err = os.MkdirTemp("", "lostkey-cluster-"); err != nil {
		return err
	}
	if _, err := findNginx(); err != nil {
		return err
	}
	if err := pingRedis(ctx, opts.Redis); err != nil {
		return err
	}
	if c.database, err = createDatabase(ctx, opts.Postgres); err != nil {
		return err
	}
	if err := c.database.addUsers(ctx, opts.Users); err != nil {
		return err
	}
	if c.inbox, err = startInbox(ctx); err != nil {
		return err
	}

	if opts.Listen == "" {
		if opts.Listen, err = freeAddress(ctx); err != nil {
			return err
		}
	}
	c.url = "http://" + opts.Listen
	if err := c.fillIn(ctx, opts); err != nil {
		return err
	}
	for i := range c.processes {
		if err := c.startInstance(ctx, i); err != nil {
			return err
		}
	}

	var addresses []string
	for _, s := range c.settings {
		addresses = append(addresses, s.Listen)
	}
	c.stopNginx, err = startNginx(ctx, c.folder, opts.Listen, addresses, c.log)
	if err != nil {
		return err
	}
	return waitForListener(ctx, opts.Listen)
}

// fillIn makes the settings of each instance.
func (c *cluster) fillIn(ctx context.Context, opts options) error {
	common := opts.Settings
	common.Site = c.url
	common.Prefix = c.database.name + ":"
	common.SMTP = "insecure-smtp://" + c.inbox.address
	common.Database, common.Redis = c.database.url, opts.Redis
	if opts.RedisBy != "" {
		common.Redis = opts.RedisBy
	}
	if opts.PostgresBy != "" {
		u, err := url.Parse(common.Database)
		if err != nil {
			return err
		}
		u.Host = opts.PostgresBy
		common.Database = u.String()
	}

	for i := range opts.Instances {
		s := common
		s.Name = "instance-" + strconv.Itoa(i+1)
		var err error
		if s.Listen, err = freeAddress(ctx); err != nil {
			return err
		}
		if opts.Each != nil {
			opts.Each(i, &s)
		}
		c.settings = append(c.settings, s)
	}
	return nil
}

// startInstance starts one that is down, with its present settings.
func (c *cluster) startInstance(ctx context.Context, i int) (err error) {
	c.processes[i], err = startInstance(ctx, c.settings[i], c.log)
	return err
}

// stopInstance ends one in order.
func (c *cluster) stopInstance(i int) error {
	p := c.processes[i]
	c.processes[i] = nil
	return p.stop()
}

// killInstance ends one at once.
func (c *cluster) killInstance(i int) error {
	p := c.processes[i]
	c.processes[i] = nil
	return p.kill()
}

// stop takes everything down, and the database away.
func (c *cluster) stop(ctx context.Context) error {
	var err error
	if c.stopNginx != nil {
		err = errors.Join(err, c.stopNginx())
	}
	for i, p := range c.processes {
		if p != nil {
			err = errors.Join(err, c.stopInstance(i))
		}
	}
	if c.inbox != nil {
		err = errors.Join(err, c.inbox.stop())
	}
	if c.database != nil {
		err = errors.Join(err, c.database.drop(ctx),
			forgetLimits(ctx, c.redis, c.database.name+":"))
	}
	return errors.Join(err, os.RemoveAll(c.folder))
}

// freeAddress finds a port of this machine, below those from which Linux calls
// others, so that an instance gets it again after a restart.
func freeAddress(ctx context.Context) (string, error) {
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(10_000))
		if err != nil {
			return "", err
		}
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+n.Int64())
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("found no free port")
}

// waitForListener waits until somebody listens.
func waitForListener(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nginx did not start: %w", err)
		}
	}
}

// pingRedis says plainly that there is none. The instances would start without
// it, and count for themselves.
func pingRedis(ctx context.Context, address string) error {
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%w: no Redis at %s: %w: is it installed and "+
			"running? see -redis", errMissing, address, err)
	}
	return nil
}
