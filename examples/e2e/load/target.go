package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed reset_site.py
var djangoApplication []byte

// A target is a running server and its database.
type target struct {
	name     string
	address  string
	process  *process
	db       *sql.DB // nil for Django's.
	postgres bool
	// count counts mails in the database, or is empty where the server says
	// their number. Django has sent a mail when it answers.
	count  string
	django bool
	rows   string // counts the rows that requests make.
	close  []func() error
}

func (t *target) stop() error {
	var err error
	if t.process != nil {
		err = t.process.stop()
	}
	if t.db != nil {
		err = errors.Join(err, t.db.Close())
	}
	for _, f := range t.close {
		err = errors.Join(err, f())
	}
	return err
}

// cost returns what the server has used so far, with its part of PostgreSQL.
func (t *target) cost(ctx context.Context) (cost, error) {
	pids := t.process.family()
	if !t.postgres {
		return cost{processorTime(pids), diskBytes(pids)}, nil
	}
	serving, err := backends(ctx, t.db)
	if err != nil {
		return cost{}, err
	}
	written, err := writtenAhead(ctx, t.db)
	return cost{processorTime(append(pids, serving...)), written}, err
}

// mails returns how many were sent so far.
func (t *target) mails(ctx context.Context) (n int, err error) {
	if t.count != "" {
		err = t.db.QueryRowContext(ctx, t.count).Scan(&n)
		return n, err
	}

	req, err := http.NewRequestWithContext(
		ctx, http.MethodGet, "http://"+t.address+mailedPath, http.NoBody,
	)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func (t *target) countRows(ctx context.Context) (n int, err error) {
	if t.rows == "" {
		return 0, nil
	}
	err = t.db.QueryRowContext(ctx, t.rows).Scan(&n)
	return n, err
}

// A maker makes targets in a folder and, where it is given, on a server of
// PostgreSQL.
type maker struct {
	folder, postgres string
	users            int
	made             int
}

// location is that of a new database.
func (m *maker) location(
	ctx context.Context, postgres bool,
) (where string, drop func() error, err error) {
	m.made++
	if !postgres {
		return filepath.Join(m.folder, fmt.Sprintf("%d.db", m.made)), nil, nil
	}

	admin, err := sql.Open("pgx", m.postgres)
	if err != nil {
		return "", nil, err
	}
	name := "lostkey_load_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	u, err := url.Parse(m.postgres)
	if err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	u.Path = "/" + name
	return u.String(), func() error {
		_, err := admin.ExecContext(
			context.Background(), "DROP DATABASE "+name+" WITH (FORCE)",
		)
		return errors.Join(err, admin.Close())
	}, nil
}

// database makes a new database for t, which its stop drops.
func (m *maker) database(
	ctx context.Context, t *target,
) (where string, err error) {
	where, drop, err := m.location(ctx, t.postgres)
	if err != nil {
		return "", err
	}
	if drop != nil {
		t.close = append(t.close, drop)
	}
	t.db, _, err = open(where)
	return where, err
}

// own starts this program as a server.
func (m *maker) own(
	ctx context.Context, name, kind string, postgres bool,
) (*target, error) {
	t := &target{name: name, postgres: postgres}
	where, err := m.database(ctx, t)
	if err != nil {
		return t, err
	}
	if err := makeUsers(ctx, t.db, postgres, m.users); err != nil {
		return t, err
	}

	switch kind {
	case serveAudited:
		t.rows = "SELECT COUNT(*) FROM lostkey_audit"
	case serveTable:
		t.rows = "SELECT COALESCE(MAX(id), 0) FROM password_resets"
	}
	self, err := os.Executable()
	if err != nil {
		return t, err
	}
	t.process, err = start(
		self, []string{"-serve", kind}, []string{"LOAD_DATABASE=" + where},
	)
	if err != nil {
		return t, err
	}
	line, err := t.process.out.ReadString('\n')
	t.address = strings.TrimSpace(line)
	return t, err
}

// webapp builds the web application and starts it.
func (m *maker) webapp(
	ctx context.Context, name string, postgres bool,
) (*target, error) {
	program := filepath.Join(m.folder, "webapp")
	if _, err := os.Stat(program); err != nil {
		if err := buildWebapp(ctx, program); err != nil {
			return nil, fmt.Errorf("build the web application: %w", err)
		}
	}

	t := &target{
		name: name, postgres: postgres,
		count: "SELECT COALESCE(SUM(hits), 0) FROM lostkey_audit" +
			" WHERE outcome = 'mailed'",
		rows: "SELECT COUNT(*) FROM lostkey_audit",
	}
	where, err := m.database(ctx, t)
	if err != nil {
		return t, err
	}

	t.address, err = freeAddress()
	if err != nil {
		return t, err
	}
	args := []string{"-addr", t.address, "-db", where, "-limits", "off"}
	if t.process, err = start(program, args, nil); err != nil {
		return t, err
	}
	if err := t.ready(ctx); err != nil {
		return t, err
	}
	return t, addUsers(ctx, t.db, postgres, m.users)
}

// buildWebapp builds it in the module that it is in.
func buildWebapp(ctx context.Context, program string) error {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}",
		"github.com/lostkey-go/lostkey/examples")
	folder, err := list.Output()
	if err != nil {
		return fmt.Errorf("%w (start from examples/e2e)", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./webapp")
	build.Dir = strings.TrimSpace(string(folder))
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	return nil
}

// djangoServer starts Django under gunicorn with two workers, one for each
// processor of a small machine.
func (m *maker) djangoServer(ctx context.Context, name string) (*target, error) {
	t := &target{name: name, django: true}
	file := filepath.Join(m.folder, "reset_site.py")
	if err := os.WriteFile(file, djangoApplication, 0o600); err != nil {
		return nil, err
	}
	where, _, err := m.location(ctx, false)
	if err != nil {
		return nil, err
	}

	fill := exec.CommandContext(
		ctx, "/usr/bin/python3", file, strconv.Itoa(m.users),
	)
	fill.Env = append(os.Environ(), "LOAD_DATABASE="+where)
	if text, err := fill.CombinedOutput(); err != nil {
		return nil, fmt.Errorf(
			"%w: %s (python3-django and gunicorn are Debian's packages)",
			err, text,
		)
	}
	if t.address, err = freeAddress(); err != nil {
		return nil, err
	}
	t.process, err = start("/usr/bin/gunicorn", []string{
		"--chdir", m.folder, "--workers", "2", "--bind", t.address,
		"--log-level", "error", "reset_site:application",
	}, []string{"LOAD_DATABASE=" + where})
	if err != nil {
		return t, err
	}
	return t, t.ready(ctx)
}

// ready waits until the server answers, whatever it says.
func (t *target) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()

	for {
		req, err := http.NewRequestWithContext(
			ctx, http.MethodGet, "http://"+t.address+"/", http.NoBody,
		)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			return res.Body.Close()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen: %w", t.name, err)
		}
	}
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is at once.
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
