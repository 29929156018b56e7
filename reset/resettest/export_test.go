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

// Run runs one check, and says whether it lacked something in the fixture, and
// what the probable cause of an error is.
func Run(
	ctx context.Context, name string, f Fixture,
) (skipped bool, cause string, err error) {
	for _, c := range checks {
		if c.name == name {
			err := c.run(ctx, f)
			_, skipped := errors.AsType[needs](err)
			return skipped, c.causeOf(err), err
		}
	}
	panic("no check " + name)
}
