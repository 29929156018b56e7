package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A process is a server that this program started. It ends with its standard
// input, so that nothing is left behind when this program is killed, or by
// Interrupt where it does not read that.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
}

func start(name string, args, env []string) (*process, error) {
	cmd := exec.Command(name, args...) //nolint:noctx // stop ends it.
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGTERM}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, stdin, bufio.NewReader(out)}, nil
}

// stop asks the server to end, and kills it after ten seconds.
func (p *process) stop() error {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Signal(os.Interrupt)
	timer := time.AfterFunc(10*time.Second, func() {
		_ = p.cmd.Process.Kill()
	})
	defer timer.Stop()

	err := p.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		return nil // by a signal, most likely.
	}
	return err
}

// family returns the process and its children, which Django's server has.
func (p *process) family() []int {
	all := []int{p.cmd.Process.Pid}
	for i := 0; i < len(all); i++ {
		pid := all[i]
		text, err := os.ReadFile(
			fmt.Sprintf("/proc/%d/task/%d/children", pid, pid),
		)
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// processorTime returns what each process has used so far, in all its threads,
// to the nanosecond. One that has ended is omitted.
func processorTime(pids []int) map[int]time.Duration {
	used := map[int]time.Duration{}
	for _, pid := range pids {
		// The clock of another process is its number with the bits turned over,
		// see clock_getcpuclockid(3).
		clock := int32(^pid)<<3 | 2
		var at unix.Timespec
		if unix.ClockGettime(clock, &at) == nil {
			used[pid] = time.Duration(at.Nano())
		}
	}
	return used
}

// diskBytes returns what the processes had the system write to a disk.
func diskBytes(pids []int) (total int64) {
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "write_bytes: "); ok {
				n, _ := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
				total += n
			}
		}
	}
	return total
}

// A cost is what servers had used up at some moment.
type cost struct {
	processor map[int]time.Duration
	bytes     int64
}

// spent returns what was used between two moments. A process that began in
// between counts from its beginning.
func (c cost) spent(since cost) (processor time.Duration, bytes int64) {
	for pid, used := range c.processor {
		processor += used - since.processor[pid]
	}
	return processor, c.bytes - since.bytes
}

// backends returns the processes of PostgreSQL that serve this database.
func backends(ctx context.Context, db *sql.DB) ([]int, error) {
	rows, err := db.QueryContext(ctx,
		"SELECT pid FROM pg_stat_activity WHERE datname = current_database()"+
			" AND pid <> pg_backend_pid()")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	var pids []int
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, rows.Err()
}

// writtenAhead returns how far the write-ahead log of the server has come. It
// is that of all its databases.
func writtenAhead(ctx context.Context, db *sql.DB) (n int64, err error) {
	err = db.QueryRowContext(ctx,
		"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint",
	).Scan(&n)
	return n, err
}
