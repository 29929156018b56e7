package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A process runs one instance.
type process struct {
	cmd *exec.Cmd
	in  io.Closer // the instance stops when it is closed
}

// instanceArg is the first argument of a process that is to be an instance.
const instanceArg = "instance"

// startTimeout is how long an instance may take to be ready.
const startTimeout = 30 * time.Second

// startInstance runs this program once more, as an instance, and returns when
// it serves.
func startInstance(
	ctx context.Context, s settings, log io.Writer,
) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, instanceArg)
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
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

	p := &process{cmd: cmd, in: in}
	tooLate := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer tooLate.Stop()
	err = json.NewEncoder(in).Encode(s)
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		return nil, errors.Join(
			fmt.Errorf("instance %s did not start: %w", s.Name, err), p.kill())
	}
	return p, nil
}

// stop lets the instance finish what it has begun.
func (p *process) stop() error {
	tooLate := time.AfterFunc(4*shutdownTimeout, func() {
		_ = p.cmd.Process.Kill()
	})
	defer tooLate.Stop()
	return errors.Join(p.in.Close(), p.cmd.Wait())
}

// kill is what a machine does that loses its power.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	_ = p.cmd.Wait() // says that it was killed
	return err
}
