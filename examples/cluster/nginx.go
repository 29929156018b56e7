package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/template"
)

//go:embed nginx.conf
var nginxConfig string

func findNginx() (program string, err error) {
	// The second is where Debian has it, which is not in everybody's PATH.
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if program, err = exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("%w: nginx is not installed: "+
		"apt-get install nginx, or brew install nginx", errMissing)
}

// startNginx runs nginx in front of the instances, with its files in a folder
// of its own, and without any rights. The function that it returns stops it.
func startNginx(
	ctx context.Context, folder, listen string, instances []string,
	log io.Writer,
) (stop func() error, err error) {
	program, err := findNginx()
	if err != nil {
		return nil, err
	}

	path := filepath.Join(folder, "nginx.conf")
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	err = template.Must(template.New("").Parse(nginxConfig)).Execute(file,
		map[string]any{
			"Folder": folder, "Listen": listen, "Instances": instances,
		})
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}

	cmd := exec.CommandContext(context.WithoutCancel(ctx), program,
		"-p", folder, "-e", "stderr", "-c", path)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	return func() error {
		// nginx ends with 0 after a signal.
		return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}, nil
}
