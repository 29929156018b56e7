package resettest

import (
	"context"
	"errors"
)

// Names returns the names of all checks.
func Names() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// Run runs one check, and says whether it lacked something in the fixture.
func Run(ctx context.Context, name string, f Fixture) (skipped bool, err error) {
	for _, c := range checks {
		if c.name == name {
			err := c.run(ctx, f)
			_, skipped := errors.AsType[needs](err)
			return skipped, err
		}
	}
	panic("no check " + name)
}
