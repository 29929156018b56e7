package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	randv2 "math/rand/v2"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lostkey-go/lostkey/hash"
	"github.com/lostkey-go/lostkey/reset"
	"github.com/lostkey-go/lostkey/reset/sqlstore"
	"github.com/lostkey-go/lostkey/token"
)

const (
	// growthLimit is how much slower than with the fewest users it may get.
	growthLimit = 1.2
)

// A population is a database with a number of users, and what is timed there.
type population struct {
	users   int
	db      *sql.DB
	drop    func() error
	service *reset.Service
	sent    mailed

	// The times of single steps: those of this library, and of the token table.
	forgot, confirm, tableForgot, tableConfirm []time.Duration
	// What issuing the links of the token table took.
	tableBytes, tableLog int64
}

// growth times forgot and confirm with ever more users, one of each in turn, so
// that other load on the machine hits all sizes.
func growth(ctx context.Context, opts options, out io.Writer) error {
	if opts.check {
		return grow(ctx, opts, []int{1000, 100_000}, 50_000, 500, out)
	}
	sizes := []int{1000, 100_000, 3_000_000}
	return grow(ctx, opts, sizes, 1_000_000, 2000, out)
}

// grow has so many links in the token table of the last size, and as many for
// each user in the others.
func grow(
	ctx context.Context, opts options, sizes []int, links, times int,
	out io.Writer,
) (err error) {
	var all []*population
	defer func() {
		for _, p := range all {
			err = errors.Join(err, p.db.Close(), p.drop())
		}
	}()

	bar := newProgress(len(sizes) + times)
	for _, users := range sizes {
		bar.step(fmt.Sprintf("%d users", users))
		p, err := populate(ctx, opts, users)
		if p != nil {
			all = append(all, p)
		}
		if err != nil {
			return err
		}
		if err := p.issue(ctx, links*users/sizes[len(sizes)-1]); err != nil {
			return err
		}
	}

	for n := range times {
		bar.step("forgot and confirm")
		for _, p := range all {
			if err := p.both(ctx, n >= times/10); err != nil {
				return err
			}
		}
	}
	bar.end()
	return printGrowth(out, all)
}

// populate makes a database, and a service with the least of hashes, because
// what is asked is how the database does.
func populate(
	ctx context.Context, opts options, users int,
) (p *population, err error) {
	m := &maker{postgres: opts.postgres}
	p = &population{users: users}
	where, drop, err := m.location(ctx, true)
	if err != nil {
		return nil, err
	}
	p.drop = drop
	if p.db, _, err = open(where); err != nil {
		return nil, errors.Join(err, drop())
	}
	if err := makeUsers(ctx, p.db, true, users); err != nil {
		return p, err
	}
	if err := makeTokenTable(p.db, sqlstore.PostgreSQL); err != nil {
		return p, err
	}

	store, err := sqlstore.New(p.db, sqlstore.Config{
		Dialect: sqlstore.PostgreSQL,
		Table: sqlstore.Table{
			Name: "users", ID: "id", Email: "email", Hash: "password_hash",
		},
	})
	if err != nil {
		return p, err
	}
	keys, err := token.GenerateKeys("load")
	if err != nil {
		return p, err
	}
	hasher, err := hash.NewInsecure(hash.Config{
		Params: hash.Argon2id{MemoryKiB: 64, Time: 1, Threads: 1},
	})
	if err != nil {
		return p, err
	}
	p.service, err = reset.New(reset.Config{
		Site: site, From: sender, Keys: keys, Store: store, Mailer: &p.sent,
		Hasher: hasher, Sessions: reset.KeepSessions(),
		Pages:  reset.Pages{InsecureHTTP: true},
		Queue:  reset.Queue{Synchronous: true},
		Limits: reset.Limits{Off: true},
		Mail:   reset.Mail{SkipNotice: true},
		Events: silence,
	})
	return p, err
}

// issue puts links into the token table, and notes what that took.
func (p *population) issue(ctx context.Context, links int) error {
	before, err := writtenAhead(ctx, p.db)
	if err != nil {
		return err
	}
	_, err = p.db.ExecContext(ctx, fmt.Sprintf(
		"INSERT INTO password_resets (user_id, token_hash, expires_at)"+
			" SELECT 'u' || n %% %d, encode(sha256(n::text::bytea), 'hex'), 0"+
			" FROM generate_series(1, %d) AS s(n)", p.users, max(1, links)))
	if err != nil {
		return err
	}

	after, err := writtenAhead(ctx, p.db)
	if err != nil {
		return err
	}
	p.tableLog = after - before
	if _, err := p.db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	return p.db.QueryRowContext(
		ctx, "SELECT pg_total_relation_size('password_resets')",
	).Scan(&p.tableBytes)
}

// both times each step once, for a user at random.
func (p *population) both(ctx context.Context, counted bool) error {
	n := randv2.N(p.users)
	id, address := fmt.Sprint("u", n), fmt.Sprintf("user%d@example.org", n)
	link, err := p.service.Link(ctx, id, reset.LinkOptions{})
	if err != nil {
		return err
	}
	_, signed, _ := strings.Cut(link.Reveal(), "token=")

	raw := rand.Text()
	for _, step := range []struct {
		took *[]time.Duration
		do   func() error
	}{
		{&p.forgot, func() error {
			return p.service.Request(ctx, reset.RequestInput{Email: address})
		}},
		{&p.tableForgot, func() error { return p.ask(ctx, address, raw) }},
		{&p.confirm, func() error {
			return p.service.Confirm(ctx, reset.ConfirmInput{
				Token: signed, Password: "seven wet umbrellas",
			})
		}},
		{&p.tableConfirm, func() error { return p.redeem(ctx, raw) }},
	} {
		begin := time.Now()
		if err := step.do(); err != nil {
			return err
		}
		if counted {
			*step.took = append(*step.took, time.Since(begin))
		}
	}
	return nil
}

// ask is what the token table does for a forgotten password, without the mail.
func (p *population) ask(ctx context.Context, address, raw string) error {
	var id, email, stored string
	err := p.db.QueryRowContext(ctx, findUser+"lower($1)", address).
		Scan(&id, &email, &stored)
	if err != nil {
		return err
	}
	return storeToken(ctx, p.db, id, raw)
}

// redeem is what it does for a new one, without the hashing.
func (p *population) redeem(ctx context.Context, raw string) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()

	sum := sha256.Sum256([]byte(raw))
	var user string
	err = tx.QueryRowContext(ctx, "SELECT user_id FROM password_resets"+
		" WHERE token_hash = $1 AND expires_at > $2 FOR UPDATE",
		hex.EncodeToString(sum[:]), time.Now().Unix()).Scan(&user)
	if err != nil {
		return err
	}
	for _, statement := range []string{
		"UPDATE users SET password_hash = 'the new hash' WHERE id = $1",
		"DELETE FROM password_resets WHERE user_id = $1",
	} {
		if _, err := tx.ExecContext(ctx, statement, user); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func median(took []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[len(sorted)/2]
}

func printGrowth(out io.Writer, all []*population) error {
	micros := func(took []time.Duration) string {
		return fmt.Sprintf("%.0f", float64(median(took))/1000)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "Users\tforgot µs\tconfirm µs\t"+
		"token table: forgot µs\tconfirm µs\tlinks on disk kB\tWAL kB\t")
	for _, p := range all {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t\n", p.users,
			micros(p.forgot), micros(p.confirm), micros(p.tableForgot),
			micros(p.tableConfirm), p.tableBytes/1000, p.tableLog/1000)
	}

	first, last := all[0], all[len(all)-1]
	forgot := float64(median(last.forgot)) / float64(median(first.forgot))
	confirm := float64(median(last.confirm)) / float64(median(first.confirm))
	_, _ = fmt.Fprintf(w, "\nGrowth of this library: forgot %.2f, confirm %.2f,"+
		" want at most %.2f. Its links take no disk and no WAL.\n",
		forgot, confirm, growthLimit)
	if err := w.Flush(); err != nil {
		return err
	}
	if max(forgot, confirm) > growthLimit*slack {
		return errors.New("the growth is more than 30 % over the goal")
	}
	return nil
}
